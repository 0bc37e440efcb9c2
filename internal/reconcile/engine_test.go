package reconcile_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/server"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

const (
	mainFile = "/etc/ssh/sshd_config"
	dropIn   = "/etc/ssh/sshd_config.d/00-sshkeepalive.conf"
	cloud    = "/etc/ssh/sshd_config.d/50-cloud-init.conf"
)

// rig is a real host and an engine that reaches it.
type rig struct {
	*hosttest.Machine
	pool   *pool.Pool
	target reconcile.Target
}

func newRig(t *testing.T, o hosttest.Options, user string) *rig {
	t.Helper()
	return rigOn(t, hosttest.Start(t, o), user)
}

// rigOn reaches a host that is there already.
func rigOn(t *testing.T, m *hosttest.Machine, user string) *rig {
	t.Helper()
	key, port, sudo := host.Secret(m.Key), m.Port, user != "root"
	spec, err := host.Resolve("web1", host.Settings{
		Host: &m.Addr, Port: &port, User: &user, PrivateKey: &key, HostKeys: m.HostKeys, Sudo: &sudo,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Machine: m, pool: pool.New(pool.Options{}),
		target: reconcile.Target{Spec: spec, ConfirmTimeout: 60 * time.Second}}
	t.Cleanup(func() { r.pool.Close(context.Background()) })
	return r
}

// walk is a new engine over the same pool, as each walk of Terraform's graph has.
func (r *rig) walk() *walk { return newWalk(r.pool) }

func wish(pairs ...string) sshserver.Want {
	want := sshserver.Want{Takeover: true}
	for i := 0; i < len(pairs); i += 2 {
		want.Settings = append(want.Settings, keepalive.Setting{Attribute: pairs[i], Keyword: pairs[i], Values: []string{pairs[i+1]}})
	}
	return want
}

func apply(t *testing.T, r *rig, want sshserver.Want) (reconcile.Snapshot[sshserver.Facts], keepalive.Plan) {
	t.Helper()
	sight, plan, outcome, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{})
	if err != nil {
		t.Fatalf("apply: %v (trail: %s)", err, plan.Trail)
	}
	if outcome != reconcile.Applied {
		t.Fatalf("outcome %q", outcome)
	}
	return sight, plan
}

func TestApplyObserveRemove(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	before := r.Snapshot("/etc/ssh")
	want := wish("ClientAliveInterval", "1m", "ClientAliveCountMax", "4", "TCPKeepAlive", "no")
	sight, plan := apply(t, r, want)
	if plan.ManagedFile != dropIn {
		t.Errorf("managed file %q", plan.ManagedFile)
	}
	if got := r.Effective("clientaliveinterval"); got != "60" {
		t.Errorf("sshd says %q", got)
	}
	if o := sshserver.Observe(want, sight.Facts); len(o.Drift) > 0 || o.Values["ClientAliveInterval"][0] != "1m" {
		t.Errorf("observed %+v", o)
	}
	if sight.Facts.Daemon.Stale {
		t.Error("the daemon is stale after the apply")
	}
	if _, _, outcome, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{}); err != nil || outcome != reconcile.Unchanged {
		t.Errorf("second apply: %q, %v", outcome, err)
	}
	if same, err := r.walk().Remove(t.Context(), r.target, want, reconcile.Record{MachineID: sight.MachineID}); err != nil || !same {
		t.Fatalf("remove: %v %v", same, err)
	}
	if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("after remove /etc/ssh differs:\n%s", d)
	}
	if got := r.Effective("clientaliveinterval"); got != "120" {
		t.Errorf("after remove sshd says %q", got)
	}
	if left := r.Sh("find /run/sshkeepalive /var/lib/sshkeepalive /tmp -mindepth 1 2>/dev/null || :"); strings.TrimSpace(left) != "" {
		t.Errorf("left behind: %s", left)
	}
}

func TestDriftIsNamedWithFileAndLine(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	want := wish("ClientAliveInterval", "60")
	apply(t, r, want)
	r.Write("/etc/ssh/sshd_config.d/00-aaa.conf", "# by hand\nClientAliveInterval 600\n")
	sight, err := r.walk().Look(t.Context(), r.target, want)
	if err != nil {
		t.Fatal(err)
	}
	o := sshserver.Observe(want, sight.Facts)
	if o.Values["ClientAliveInterval"][0] != "600" || len(o.Drift) != 1 {
		t.Fatalf("observed %+v", o)
	}
	if text := o.Drift[0].Text; text != "ClientAliveInterval is 600, not 60, because /etc/ssh/sshd_config.d/00-aaa.conf:2 is read first" {
		t.Errorf("drift: %s", text)
	}
	if !sight.Facts.Daemon.Stale {
		t.Error("a file is newer than what the daemon loaded, yet it is not stale")
	}
	apply(t, r, want)
	if got := r.Effective("clientaliveinterval"); got != "60" {
		t.Errorf("after the repair sshd says %q", got)
	}
}

func TestStaleDaemonIsReloaded(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	want := wish("ClientAliveInterval", "60")
	apply(t, r, want)
	r.Sh("touch " + mainFile)
	sight, err := r.walk().Look(t.Context(), r.target, want)
	if err != nil {
		t.Fatal(err)
	}
	if !sight.Facts.Daemon.Stale {
		t.Fatal("not stale")
	}
	after, plan := apply(t, r, want)
	if after.Facts.Daemon.Stale || len(plan.Changes) != 0 {
		t.Errorf("stale %v, changes %v", after.Facts.Daemon.Stale, plan.Changes)
	}
}

// Tidying up after a change of a drop-in must not make the daemon look stale.
func TestUpdateLeavesNothingStale(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	apply(t, r, wish("ClientAliveInterval", "60"))
	want := wish("ClientAliveInterval", "90")
	apply(t, r, want)
	sight, err := r.walk().Look(t.Context(), r.target, want)
	if err != nil {
		t.Fatal(err)
	}
	if sight.Facts.Daemon.Stale {
		t.Error("stale after an update")
	}
}

func TestSudoUser(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}}, "admin")
	apply(t, r, wish("ClientAliveInterval", "45"))
	if got := r.Effective("clientaliveinterval"); got != "45" {
		t.Errorf("sshd says %q", got)
	}
}

func TestMatchAndContexts(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	want := wish("ClientAliveInterval", "60")
	want.Match = []sshserver.Match{{Criteria: "User git", Settings: []keepalive.Setting{{Attribute: "m", Keyword: "ClientAliveInterval", Values: []string{"30"}}}}}
	sight, _ := apply(t, r, want)
	if got := r.Effective("clientaliveinterval", "user=git"); got != "30" {
		t.Errorf("for git sshd says %q", got)
	}
	if o := sshserver.Observe(want, sight.Facts); len(o.Drift) > 0 {
		t.Errorf("drift: %+v", o.Drift)
	}
}

// sshd -T refuses to answer without an lport when some Match asks for one.
func TestMatchLocalPort(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	r.Write(cloud, "ClientAliveInterval 120\nMatch LocalPort 2222\n\tX11Forwarding no\n")
	want := wish("ClientAliveInterval", "60")
	want.Contexts = []sshconf.Context{{User: "bob"}}
	sight, _ := apply(t, r, want)
	if o := sshserver.Observe(want, sight.Facts); len(o.Drift) > 0 {
		t.Errorf("drift: %+v", o.Drift)
	}
}

// A host whose configuration is already invalid is reported and not touched.
func TestInvalidHostIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	r.Write(cloud, "PasswordAuthentication no\nClientAliveIntervall 7\n")
	before := r.Snapshot("/etc/ssh")
	_, _, _, err := r.walk().Apply(t.Context(), r.target, wish("ClientAliveInterval", "60"), reconcile.Record{})
	if err == nil || !strings.Contains(err.Error(), cloud) || !strings.Contains(err.Error(), "ClientAliveIntervall") {
		t.Errorf("error %v", err)
	}
	if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("touched:\n%s", d)
	}
}

func TestConflictWithHandEdit(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	want := wish("ClientAliveInterval", "60")
	sight, _ := apply(t, r, want)
	r.Write(dropIn, "ClientAliveInterval 7\n")
	_, _, _, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{MachineID: sight.MachineID, Digests: server.Kind.Digests(want, sight.Facts)})
	var conflict *reconcile.ConflictError
	if !errors.As(err, &conflict) || conflict.Path != dropIn {
		t.Fatalf("error %v", err)
	}
	if got := string(r.Read(dropIn)); got != "ClientAliveInterval 7\n" {
		t.Errorf("overwritten: %q", got)
	}
}

func TestOtherMachineIsNotTouched(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	want := wish("ClientAliveInterval", "60")
	apply(t, r, want)
	same, err := r.walk().Remove(t.Context(), r.target, want, reconcile.Record{MachineID: "00000000000000000000000000000000"})
	if err != nil || same {
		t.Errorf("same %v, %v", same, err)
	}
	if len(r.Read(dropIn)) == 0 {
		t.Error("the drop-in is gone")
	}
}

func TestOptionOnTheCommandLine(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{SSHDArgs: []string{"-o", "ClientAliveInterval=33"}}, "root")
	_, _, _, err := r.walk().Apply(t.Context(), r.target, wish("ClientAliveInterval", "60"), reconcile.Record{})
	if err == nil || !strings.Contains(err.Error(), "sshd was started with -o ClientAliveInterval=33") {
		t.Errorf("error %v", err)
	}
}

func TestSSHDRefusesAValue(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	_, _, _, err := r.walk().Apply(t.Context(), r.target, wish("PermitRootLogin", "perhaps"), reconcile.Record{})
	var failed *reconcile.Error
	if !errors.As(err, &failed) || len(failed.Problems) != 1 || failed.Problems[0].Attribute != "PermitRootLogin" {
		t.Errorf("error %v", err)
	}
}
