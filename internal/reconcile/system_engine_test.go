package reconcile_test

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	decide "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/system"
)

func systemWish(pairs ...string) (want decide.Want) {
	for i := 0; i < len(pairs); i += 2 {
		for _, a := range decide.Attributes() {
			if a.Name == pairs[i] {
				want.Settings = append(want.Settings, keepalive.Setting{Attribute: a.Name, Keyword: a.Keyword, Values: []string{pairs[i+1]}})
			}
		}
	}
	return want
}

func (r *rig) system() *reconcile.Reconciler[decide.Want, decide.Facts, struct{}] {
	return reconcile.For(reconcile.New(r.pool), system.Kind)
}

const tcpValues = "cd /proc/sys/net/ipv4; cat tcp_retries2 tcp_keepalive_time tcp_keepalive_intvl tcp_keepalive_probes | tr '\\n' ' '"

// TestSystemEngine: the kernel uses what is applied, drift of it is repaired without a
// change of files, what is no longer wanted goes back, and a removal leaves nothing, by a
// user with sudo.
func TestSystemEngine(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}}, "admin")
	r.target.Spec.Sudo = true
	before := r.Snapshot("/etc", "/var/lib/sshkeepalive", "/run/sshkeepalive")
	apply := func(want decide.Want, outcome reconcile.Outcome, values string) {
		t.Helper()
		_, plan, got, err := r.system().Apply(t.Context(), r.target, want, reconcile.Record{})
		if err != nil || got != outcome {
			t.Fatalf("%s, %v: %s", got, err, plan.Trail)
		}
		if now := r.Sh(tcpValues); now != values {
			t.Fatalf("the kernel uses %s, not %s", now, values)
		}
	}
	all := systemWish("tcp_retries2", "5", "tcp_keepalive_time", "2m", "tcp_keepalive_probes", "3")
	apply(all, reconcile.Applied, "5 120 75 3 ")
	apply(all, reconcile.Unchanged, "5 120 75 3 ")
	r.Sh("echo 7 >/proc/sys/net/ipv4/tcp_retries2; echo 8 >/proc/sys/net/ipv4/tcp_keepalive_intvl")
	apply(all, reconcile.Applied, "5 120 8 3 ")
	apply(systemWish("tcp_retries2", "6"), reconcile.Applied, "6 7200 8 9 ")
	if text := string(r.Read(decide.SysctlFile)); !strings.HasSuffix(text, "# sshkeepalive found net.ipv4.tcp_retries2 = 15\nnet.ipv4.tcp_retries2 = 6\n") {
		t.Errorf("written: %s", text)
	}
	if same, changed, err := r.system().Remove(t.Context(), r.target, all, reconcile.Record{}); !same || !changed || err != nil {
		t.Errorf("removed: %v %v %v", same, changed, err)
	}
	if now := r.Sh(tcpValues); now != "15 7200 8 9 " {
		t.Errorf("a removal leaves %s", now)
	}
	if d := hosttest.Differences(before, r.Snapshot("/etc", "/var/lib/sshkeepalive", "/run/sshkeepalive")); d != "" {
		t.Errorf("a removal leaves:\n%s", d)
	}
}

// TestSystemRollsBack: without a confirming connection the kernel uses the old values again.
func TestSystemRollsBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	// The second login finds another value than was loaded.
	r.Write("/root/.ssh/rc", "[ ! -e /etc/sysctl.d/99-zz-sshkeepalive.conf ] || echo 4 >/proc/sys/net/ipv4/tcp_retries2\n")
	_, _, outcome, err := r.system().Apply(t.Context(), r.target, systemWish("tcp_retries2", "5"), reconcile.Record{})
	if outcome != reconcile.RolledBack || err == nil || !strings.Contains(err.Error(), `net.ipv4.tcp_retries2 is "4", not "5"`) {
		t.Errorf("%s, %v", outcome, err)
	}
	if now := r.Sh(tcpValues + "; ls " + decide.SysctlFile + " 2>/dev/null || :"); now != "15 7200 75 9 " {
		t.Errorf("left: %s", now)
	}
}

// TestSystemInAContainer: values that belong to the machine around a container, or to
// another network namespace, are refused at plan with the reason; so is logind where systemd does not run.
func TestSystemInAContainer(t *testing.T) {
	t.Parallel()
	for says, spoil := range map[string]string{
		"tcp_retries2 cannot be written: in a container": "mount --bind -o ro /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys",
		"has no /proc/sys/net/ipv4/tcp_retries2":         "mount -t tmpfs tmpfs /proc/sys/net",
		"systemd does not run on this host":              ":",
	} {
		r := newRig(t, hosttest.Options{}, "root")
		r.Sh(spoil)
		before := r.Snapshot("/etc")
		s, err := r.system().Look(t.Context(), r.target, decide.Want{})
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, p := range reconcile.Errors(decide.Plan(systemWish("tcp_retries2", "5", "kill_user_processes", "yes"), s.Facts).Problems) {
			found += p.Text + "\n"
		}
		_, _, outcome, err := r.system().Apply(t.Context(), r.target, systemWish("tcp_retries2", "5", "kill_user_processes", "yes"), reconcile.Record{})
		if !strings.Contains(found, says) || outcome != reconcile.Unchanged || err == nil || hosttest.Differences(before, r.Snapshot("/etc")) != "" {
			t.Errorf("%s: %s, %v, %s", says, outcome, err, found)
		}
	}
}
