// Package sshfile holds what the decisions about sshd_config and about ssh_config have
// in common: the checks of wanted settings, the text of our lines and the marks around
// them, where our lines stand in a file of others, and what says what a program uses.
//
// It must not know which settings are wise, what placement is best, or that Terraform
// exists.
package sshfile

import (
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// AddLine adds what a line of a file sets to the settings, as the user would have
// declared it: of a keyword whose lines do not add up in release v, the line that wins.
func (g Language) AddLine(settings []keepalive.Setting, prefix string, l sshconf.Line, v sshconf.Version) []keepalive.Setting {
	for i := range settings {
		if !strings.EqualFold(settings[i].Keyword, l.Keyword) {
			continue
		}
		switch kw, _ := sshconf.Lookup(g.Dialect, l.Keyword); kw.Merge(v) {
		case sshconf.Append, sshconf.ByName:
			settings[i].Values = append(settings[i].Values, l.Rest)
		case sshconf.Last:
			settings[i].Values = []string{l.Rest}
		case sshconf.First, sshconf.Parts:
		}
		return settings
	}
	attribute := fmt.Sprintf("settings[%q]", l.Keyword)
	a, typed := g.typed(l.Keyword)
	if typed {
		attribute = a.Name
	}
	return append(settings, keepalive.Setting{Attribute: prefix + attribute, ByKeyword: !typed, Keyword: l.Keyword, Values: []string{l.Rest}})
}

// Language is one of the two configuration languages as its users see it.
type Language struct {
	sshconf.Dialect
	Program    string
	Attributes []keepalive.Attribute
}

// typed returns the typed attribute that keyword belongs to.
func (g Language) typed(keyword string) (keepalive.Attribute, bool) {
	for _, a := range g.Attributes {
		if strings.EqualFold(a.Keyword, keyword) {
			return a, true
		}
	}
	return keepalive.Attribute{}, false
}
