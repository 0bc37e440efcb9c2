package server

import (
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// spec is the argument of sshd -T -C that asks tree about context c. sshd
// refuses to answer when a Match asks for an item that -C does not give: 7.7 to
// 8.0 for any item, and releases up to 10.0 at least for lport (measured on 8.4,
// 9.2 and 10.0). Such items get values that nothing matches, as gather.sh gives
// them.
func spec(tree sshconf.Tree, c sshconf.Context) string {
	criteria := matchCriteria(tree)
	if criteria == "" {
		return keepalive.ContextSpec(c)
	}
	if !tree.Version.AtLeast(8, 1) {
		c = neutral(c)
	}
	if strings.Contains(criteria, "localport") && c.LocalPort == 0 {
		c.LocalPort = 1
	}
	return keepalive.ContextSpec(c)
}

func neutral(c sshconf.Context) sshconf.Context {
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fill(&c.User, "no-such-user")
	fill(&c.Host, "no.such.host.invalid")
	fill(&c.Address, "192.0.2.1")
	fill(&c.LocalAddress, "192.0.2.2")
	if c.LocalPort == 0 {
		c.LocalPort = 1
	}
	return c
}

// matchCriteria is the criteria of all Match lines of the tree, in lower case.
func matchCriteria(tree sshconf.Tree) string {
	var all strings.Builder
	for _, data := range tree.Files {
		for _, l := range sshconf.Parse(tree.Dialect, tree.Version, data).Lines {
			if l.Is("Match") {
				all.WriteString(strings.ToLower(l.Rest) + "\n")
			}
		}
	}
	return all.String()
}
