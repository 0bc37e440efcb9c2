package sessions

import (
	"io"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
)

// lookInside looks from the machine itself, which nothing can cut off.
func lookInside(t *testing.T, m *hosttest.Machine) sshsession.Facts {
	t.Helper()
	target := reconcile.Target{Spec: host.Spec{Transport: "local"}}
	out, err := m.Exec("sh", "-c", gatherScript(target))
	if err != nil {
		t.Fatal(err)
	}
	s, err := parse(target, struct{}{}, out)
	if err != nil {
		t.Fatal(err)
	}
	return s.Facts
}

// leave starts the real ssh, which stays until the test ends.
func leave(t *testing.T, m *hosttest.Machine, args ...string) {
	t.Helper()
	args = append([]string{"-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-i", m.KeyPath, "-p", strconv.Itoa(m.Port)}, args...)
	cmd := exec.CommandContext(t.Context(), "ssh", args...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// TestVanishedClient: sshd drops those of its clients that are gone and quiet, and what
// they left is named, children of those not; one that writes is dead, and sshd does not
// notice.
func TestVanishedClient(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Release: "trixie", Packages: []string{"bsdutils"}, Users: []hosttest.User{{Name: "bob"}},
		Config: "UsePAM yes\nClientAliveInterval 1\nClientAliveCountMax 2\n"})
	at := "bob@" + m.Addr
	for _, command := range []string{"nohup sleep 3001 >/dev/null 2>&1 & exec sleep 3002", "setsid sleep 3003 >/dev/null 2>&1 & exec sleep 3004", "exec script -qc 'exec sleep 3005' /dev/null", "while :; do echo x; sleep 0.1; done"} {
		leave(t, m, at, command)
	}
	leave(t, m, "-tt", at)
	m.Sh("for i in $(seq 100); do [ $(ps axo args | grep -c '^sleep 300') = 5 ] && [ $(ss -Htn state established '( sport = :22 )' | wc -l) = 5 ] && exit 0; sleep 0.1; done; exit 1")
	if orphans, why := lookInside(t, m).Orphans(); why != "" || len(orphans) != 0 {
		t.Errorf("before: %+v, %s", orphans, why)
	}
	m.Unplug()
	var list []sshsession.Session
	var f sshsession.Facts
	for range 100 {
		f = lookInside(t, m)
		if list, _ = f.Sessions(); len(list) == 1 && list[0].IsDead() {
			break
		}
		time.Sleep(300 * time.Millisecond)
	}
	if len(list) != 1 || !list[0].IsDead() || list[0].User != "bob" || list[0].Unacked == 0 || list[0].Retransmits < 3 || list[0].Timer != "on" || list[0].Why == "" {
		t.Errorf("%+v", list)
	}
	orphans, why := f.Orphans()
	var got []string
	for _, o := range orphans {
		got = append(got, o.User+" "+o.Program)
	}
	slices.Sort(got)
	if want := []string{"bob script", "bob sleep", "bob sleep"}; why != "" || !slices.Equal(got, want) {
		t.Errorf("have %q, want %q, %s\n%s", got, want, why, m.Processes())
	}
}

// TestGatherScriptInShells: every shell that hosts have reports what can be read.
func TestGatherScriptInShells(t *testing.T) {
	t.Parallel()
	target := reconcile.Target{Spec: host.Spec{Transport: "local"}}
	for _, shell := range shelltest.Shells(t) {
		out, err := exec.CommandContext(t.Context(), shell[0], append(shell[1:], "-c", gatherScript(target))...).Output()
		if err != nil {
			t.Fatal(shell, err)
		}
		s, err := parse(target, struct{}{}, string(out))
		if err != nil || len(s.Facts.Processes) == 0 || s.Facts.Clock == 0 || s.Facts.Source == "" {
			t.Errorf("%v: %v: %+v", shell, err, s.Facts)
		}
	}
}
