package resources

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// deafLogind is a host whose logind answers, and keeps its values whatever its files say.
const deafLogind = `mkdir -p /run/systemd/system
cat >/usr/local/bin/busctl <<'SH'
#!/bin/sh
for p; do case $p in KillUserProcesses) echo "b false" ;; Kill*Users) echo "as 0" ;; esac; done
SH
printf '#!/bin/sh\ntrap : HUP\necho $$ >/run/logind.pid\nwhile :; do sleep 1; done\n' >/usr/local/bin/logind
printf '#!/bin/sh\ncase $* in *MainPID*) echo "MainPID=$(cat /run/logind.pid)" ;; esac\n' >/usr/local/bin/systemctl
chmod 755 /usr/local/bin/*
setsid logind </dev/null >/dev/null 2>&1 &
until [ -s /run/logind.pid ]; do sleep 0.1; done`

// TestLogindThatDoesNotTakeOver: what an apply of sshkeepalive_host says of it is about
// logind, and not about the sshd that no change of it concerns.
func TestLogindThatDoesNotTakeOver(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	m.Sh(deafLogind)
	before := m.Snapshot("/etc")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + "resource \"sshkeepalive_host\" \"web1\" {\n  host = \"web1\"\n  kill_user_processes = true\n}\n")
	out := c.Expect(1, []string{"web1: the host did not take over the new values (rolled back)", "systemd-logind does not use the new values after 10 seconds", "The host is back in the state it was in before"}, "apply", "-no-color", "-auto-approve")
	if strings.Contains(out, "sshd") {
		t.Errorf("the error is about sshd:\n%s", out)
	}
	if left := hosttest.Differences(before, m.Snapshot("/etc")); left != "" {
		t.Errorf("left:\n%s", left)
	}
}
