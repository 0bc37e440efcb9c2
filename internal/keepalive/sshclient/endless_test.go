package sshclient

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/plantest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestClientIncludesThatRepeatWithoutEnd is the same for ssh.
func TestClientIncludesThatRepeatWithoutEnd(t *testing.T) {
	for _, c := range plantest.EndlessCases {
		h := clientHost{file: "/home/bob/.ssh/config", dirs: []string{"/home/bob/.ssh"}}
		h.tree = sshconf.Tree{Dialect: sshconf.Client, Version: sshconf.Version{Major: 9, Minor: 2}, Main: h.file, System: "/etc/ssh/ssh_config", Dir: "/etc/ssh",
			Files: plantest.Nested("/home/bob/.ssh", h.file, c.Levels, c.Times, "ServerAliveCountMax 3\n")}
		want := Want{Patterns: []string{"db*"}, Settings: []keepalive.Setting{{Attribute: "server_alive_interval", Keyword: "ServerAliveInterval", Values: []string{"60"}}}}
		plan := Plan(want, h.factsFor(want))
		if refused := keepalive.HasErrors(plan.Problems) && plan.Problems[0].Code == keepalive.EndlessIncludes; refused != c.Endless {
			t.Errorf("%d files with %d Includes: %+v", c.Levels, c.Times, plan.Problems)
		}
	}
}
