package sshfile

import (
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// Lines renders the settings that stand outside Match.
func Lines(settings []keepalive.Setting) []string {
	var lines []string
	for _, s := range settings {
		for _, v := range s.Values {
			lines = append(lines, s.Keyword+" "+Spell(s.Keyword, v))
		}
	}
	return lines
}

// Indented renders the settings of a block.
func Indented(settings []keepalive.Setting) []string {
	lines := Lines(settings)
	for i := range lines {
		lines[i] = "\t" + lines[i]
	}
	return lines
}

// WantedText returns the lines of settings for the host's own program to judge.
func WantedText(settings []keepalive.Setting) keepalive.Wanted {
	var w keepalive.Wanted
	for _, s := range settings {
		for _, line := range Lines([]keepalive.Setting{s}) {
			w.Lines = append(w.Lines, line)
			w.Attributes = append(w.Attributes, s.Attribute)
		}
	}
	return w
}

// Join ends each line with a newline.
func Join(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
