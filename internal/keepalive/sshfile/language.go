// Package sshfile holds what the decisions about sshd_config and about ssh_config have
// in common: the checks of wanted settings, the text of our lines and the marks around
// them, where our lines stand in a file of others, and what says what a program uses.
//
// It must not know which settings are wise, what placement is best, or that Terraform
// exists.
package sshfile

import (
	"fmt"
	"slices"
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

// Spelled is settings as files have them, with the values spelled as attributes take them.
func (g Language) Spelled(settings []keepalive.Setting) []keepalive.Setting {
	spelled := slices.Clone(settings)
	for i, s := range spelled {
		values := make([]string, len(s.Values))
		for j, v := range s.Values {
			values[j] = g.spelled(s.Keyword, v)
		}
		spelled[i].Values = values
	}
	return spelled
}

func (g Language) spelled(keyword, text string) string {
	a, typed := g.typed(keyword)
	if !typed || !slices.Contains([]keepalive.Kind{keepalive.Time, keepalive.Count, keepalive.Flag}, a.Kind) {
		return text
	}
	l := sshconf.Parse(g.Dialect, sshconf.Newest(), []byte(keyword+" "+text)).Lines[0]
	if l.Err != nil || len(l.Args) != 1 {
		return text
	}
	if word, boolean := yesOrNo[l.Args[0]]; boolean && a.Kind == keepalive.Flag {
		return word
	}
	return l.Args[0] // without quotes
}

// yesOrNo are the words of other languages for yes and no.
var yesOrNo = map[string]string{"true": "yes", "false": "no"}

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
