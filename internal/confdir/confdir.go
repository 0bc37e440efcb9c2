// Package confdir reads the directories of small files from which the kernel and logind
// get their settings, as sysctl.d(5) and logind.conf.d(5) describe them: which files
// count, in which order they are read, and which line wins.
//
// It must not know how files are read, which keywords there are, or what values mean.
package confdir

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// SysctlConf is read after all of sysctl.d. systemd does not read it.
const SysctlConf = "/etc/sysctl.conf"

// Order returns those of a program's files that it reads, in the order in which it does.
// Of several with one name, that of the first directory counts. logind.conf comes before
// its drop-ins.
func Order(files []string, systemd bool) []string {
	place := func(file string) int {
		switch {
		case file == SysctlConf:
			return 2
		case strings.HasSuffix(path.Dir(file), ".d"):
			return 1
		}
		return 0
	}
	var list []string
	names := map[string]bool{}
	for _, file := range files {
		if name := path.Base(file); !names[name] && (file != SysctlConf || !systemd) {
			names[name] = true
			list = append(list, file)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(path.Base(a), path.Base(b)))
	})
	return list
}

// Line is the one that gives a keyword its value.
type Line struct {
	Value string
	Pos   sshconf.Pos
}

// Lines are those that win, by keyword.
type Lines map[string]Line

// Read adds what a file gives each keyword. sysctl.d(5): a hyphen in front ignores errors,
// and slashes may stand for the dots. logind.conf(5): each of lists grows with each line,
// and ends at an empty one; only the section Login counts.
func (found Lines) Read(file string, text []byte, lists ...string) {
	section, n := "", 0
	for l := range strings.Lines(string(text)) {
		n++
		l = strings.TrimSpace(l)
		key, value, ok := strings.Cut(l, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case strings.HasPrefix(l, "["):
			section = l
			continue
		case !ok || l[0] == '#' || l[0] == ';' || section != "" && section != "[Login]":
			continue
		case section == "":
			key = strings.ReplaceAll(strings.TrimPrefix(key, "-"), "/", ".")
		case slices.Contains(lists, key) && value != "":
			value = found[key].Value + " " + value
		}
		found[key] = Line{value, sshconf.Pos{Path: file, Line: n}}
	}
}
