package sshserver

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/plantest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestIncludesThatRepeatWithoutEnd: 16 nested files with 8 Includes each are refused
// instead of being read by one evaluation after the other; a file that many others
// include is not.
func TestIncludesThatRepeatWithoutEnd(t *testing.T) {
	for _, c := range plantest.EndlessCases {
		server := Want{Settings: []keepalive.Setting{{Attribute: "client_alive_interval", Keyword: "ClientAliveInterval", Values: []string{"60"}}}}
		have := Facts{Version: sshconf.Version{Major: 9, Minor: 2}, Contexts: ContextsOf(server)}
		have.Tree = sshconf.Tree{Version: have.Version, Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh", Files: plantest.Nested("/etc/ssh", "/etc/ssh/sshd_config", c.Levels, c.Times, "ClientAliveCountMax 3\n")}
		for range have.Contexts {
			have.Effective = append(have.Effective, sshconf.Dump{"clientaliveinterval": {"0"}})
		}
		plan := Plan(server, have)
		if refused := keepalive.HasErrors(plan.Problems) && plan.Problems[0].Code == keepalive.EndlessIncludes; refused != c.Endless {
			t.Errorf("%d files with %d Includes: %+v", c.Levels, c.Times, plan.Problems)
		}
	}
}
