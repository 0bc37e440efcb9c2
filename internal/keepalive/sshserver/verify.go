package sshserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// NotPrinted is a value that sshd -T does not tell.
const NotPrinted keepalive.Code = "value not told"

// Verify returns each reason why the sshd does not do what want says, all of them errors:
// a configuration that it would not load, a value that it does not take, an effective
// value that is another one, and a value that it does not tell. Where the lines stand,
// and who wrote them, does not matter.
func Verify(want Want, have Facts) []keepalive.Problem {
	if have.Invalid != "" {
		return []keepalive.Problem{language().InvalidHost(have.Invalid)}
	}
	onHost, problems := want.onHost(have)
	problems = slices.Concat(problems, checkVersion(onHost, have.Version))
	problems = slices.Concat(problems, refusals(onHost, have, problems), notPrinted(onHost, have))
	problems = slices.DeleteFunc(problems, func(p keepalive.Problem) bool { return p.Warning })
	for _, p := range Observe(want, have).Drift {
		if !slices.ContainsFunc(problems, func(q keepalive.Problem) bool { return q.Attribute == p.Attribute }) {
			p.Warning = false
			problems = append(problems, p)
		}
	}
	return problems
}

// notPrinted returns the settings that sshd -T of this release does not print.
func notPrinted(want Want, have Facts) []keepalive.Problem {
	var problems []keepalive.Problem
	for _, s := range want.Settings {
		_, known := canonical(have, sshfile.Global, s.Keyword)
		if _, printed := effective(have, sshconf.Context{}, s.Keyword); known || printed {
			continue
		}
		problems = append(problems, keepalive.Problem{Code: NotPrinted, Attribute: s.Attribute,
			Text: fmt.Sprintf("sshd -T of OpenSSH %s does not print %s, so nothing tells whether it is %s", have.Version, s.Keyword, strings.Join(s.Values, ", "))})
	}
	return problems
}
