package sshclient

import (
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/plantest"
)

// TestRenderedBlocksAreWhatSSHReads: ssh -G gives the values of the block that
// applies.
func TestRenderedBlocksAreWhatSSHReads(t *testing.T) {
	o, _ := plantest.NewOracle(t, "bookworm")
	first, problems := Render(Want{Patterns: []string{"web*", "!web9"}, Settings: []keepalive.Setting{
		{Keyword: "ServerAliveInterval", Attribute: "a", Values: []string{"1m"}},
		{Keyword: "SendEnv", Attribute: "b", Values: []string{"FOO", "BAR_*"}},
		{Keyword: "proxycommand", Attribute: "c", Values: []string{`nc "%h" %p # all of it`}},
	}})
	last, more := Render(Want{Match: "host *", Settings: []keepalive.Setting{{Keyword: "ServerAliveInterval", Attribute: "a", Values: []string{"7"}}}})
	if problems = append(problems, more...); len(problems) > 0 {
		t.Fatal(problems)
	}
	files := map[string][]byte{"/etc/c": []byte(Rendered([]string{first, last}))}
	for host, want := range map[string][]string{
		"web1": {"serveraliveinterval 60", "sendenv FOO", "sendenv BAR_*", `proxycommand nc "%h" %p # all of it`},
		"web9": {"serveraliveinterval 7"},
	} {
		out, stderr, exit := o.Run(files, "ssh", "-F", "/etc/c", "-G", host)
		for _, line := range want {
			if exit != 0 || !slices.Contains(strings.Split(out, "\n"), line) {
				t.Errorf("ssh -G %s has no %q, exit %d: %s", host, line, exit, stderr)
			}
		}
	}
}
