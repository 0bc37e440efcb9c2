package keepalive

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// nested are files of which each includes the next one several times.
func nested(dir, main string, levels, times int, last string) map[string][]byte {
	files := map[string][]byte{}
	for i := range levels {
		name, text := fmt.Sprintf("%s/f%d", dir, i), strings.Repeat(fmt.Sprintf("Include f%d\n", i+1), times)
		if i == 0 {
			name = main
		}
		if i == levels-1 {
			text = last
		}
		files[name] = []byte(text)
	}
	return files
}

// endlessCases are trees by how often each of nested files includes the next one.
var endlessCases = []struct {
	levels, times int
	endless       bool
}{{16, 8, true}, {16, 2, true}, {4, 8, false}, {2, 1000, false}}

// TestIncludesThatRepeatWithoutEnd: 16 nested files with 8 Includes each are refused
// instead of being read by one evaluation after the other; a file that many others
// include is not.
func TestIncludesThatRepeatWithoutEnd(t *testing.T) {
	for _, c := range endlessCases {
		server := Server{Settings: []Setting{{Attribute: "client_alive_interval", Keyword: "ClientAliveInterval", Values: []string{"60"}}}}
		have := Facts{Version: sshconf.Version{Major: 9, Minor: 2}, Contexts: ContextsOf(server)}
		have.Tree = sshconf.Tree{Version: have.Version, Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh", Files: nested("/etc/ssh", "/etc/ssh/sshd_config", c.levels, c.times, "ClientAliveCountMax 3\n")}
		for range have.Contexts {
			have.Effective = append(have.Effective, sshconf.Dump{"clientaliveinterval": {"0"}})
		}
		plan := PlanServer(server, have)
		if refused := failed(plan.Problems) && plan.Problems[0].Code == EndlessIncludes; refused != c.endless {
			t.Errorf("%d files with %d Includes: %+v", c.levels, c.times, plan.Problems)
		}
	}
}

// TestClientIncludesThatRepeatWithoutEnd is the same for ssh.
func TestClientIncludesThatRepeatWithoutEnd(t *testing.T) {
	for _, c := range endlessCases {
		h := clientHost{file: "/home/bob/.ssh/config", dirs: []string{"/home/bob/.ssh"}}
		h.tree = sshconf.Tree{Dialect: sshconf.Client, Version: sshconf.Version{Major: 9, Minor: 2}, Main: h.file, System: "/etc/ssh/ssh_config", Dir: "/etc/ssh",
			Files: nested("/home/bob/.ssh", h.file, c.levels, c.times, "ServerAliveCountMax 3\n")}
		want := Client{Patterns: []string{"db*"}, Settings: []Setting{{Attribute: "server_alive_interval", Keyword: "ServerAliveInterval", Values: []string{"60"}}}}
		plan := PlanClient(want, h.factsFor(want))
		if refused := failed(plan.Problems) && plan.Problems[0].Code == EndlessIncludes; refused != c.endless {
			t.Errorf("%d files with %d Includes: %+v", c.levels, c.times, plan.Problems)
		}
	}
}
