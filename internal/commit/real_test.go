package commit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// realHost runs scripts as root on a machine with a real sshd.
type realHost struct{ *hosttest.Machine }

func (h realHost) Run(_ context.Context, _, script string) (string, string, int, error) {
	stdout, err := h.Exec("sh", "-c", "exec 2>/run/stderr\n"+script)
	return stdout, string(h.Read("/run/stderr")), 0, err
}

const (
	realMain   = "/etc/ssh/sshd_config"
	realCloud  = "/etc/ssh/sshd_config.d/50-cloud-init.conf"
	realDropIn = "/etc/ssh/sshd_config.d/00-sshkeepalive.conf"
)

func (h realHost) request(id, text string) Request {
	stage := StageDir(id)
	moved := strings.ReplaceAll(hosttest.CloudConfig, "Include ", "Include "+stage)
	return Request{
		ID:       id,
		Base:     map[string][]byte{realMain: []byte(hosttest.CloudConfig), realCloud: []byte(hosttest.CloudDropIn), realDropIn: nil},
		Changes:  []Change{{Path: realDropIn, New: []byte(text)}},
		StageDir: stage,
		Main:     stage + realMain,
		Staged: []StagedFile{
			{Path: stage + realMain, Data: []byte(moved)},
			{Path: stage + realCloud, Data: []byte(hosttest.CloudDropIn)},
			{Path: stage + realDropIn, Data: []byte(text)},
		},
		SSHD: "/usr/sbin/sshd",
		Checks: []Check{
			{Keyword: "clientaliveinterval", Values: []string{"60"}},
			{Keyword: "clientaliveinterval", Values: []string{"60"}, Spec: "user=git,host=h,addr=192.0.2.1"},
		},
		Activate:       Activation{Kind: Signal, PID: h.PID(), PIDFile: "/run/sshd.pid"},
		ConfirmTimeout: 30 * time.Second,
	}
}

// login is a confirmation by a connection of its own.
func (h realHost) login(context.Context, Pending) error {
	out, err := h.SSH("root", "echo in")
	if err != nil && strings.Contains(err.Error(), "Connection refused") {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err == nil && out != "in\n" {
		err = fmt.Errorf("the login printed %q", out)
	}
	return err
}

// unwatched waits for a watchdog that finds its work done, and looks at it under the
// lock: tar does not read what changes meanwhile.
func (h realHost) unwatched() {
	h.Sh("for i in $(seq 300); do ps -eww -o args | grep -q '[/]rollback' || break; sleep 0.1; done")
}

func (h realHost) unchanged(t *testing.T, before map[string]hosttest.File) {
	t.Helper()
	h.unwatched()
	d := "unknown"
	for end := time.Now().Add(10 * time.Second); d != "" && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		d = hosttest.Differences(before, h.Snapshot("/etc/ssh", "/var/lib/sshkeepalive", "/run/sshkeepalive"))
	}
	if d != "" {
		t.Errorf("different:\n%s", d)
	}
	if err := h.login(t.Context(), Pending{}); err != nil {
		t.Errorf("nobody can log in: %v", err)
	}
}

func bootReal(t *testing.T) (realHost, map[string]hosttest.File) {
	t.Helper()
	t.Parallel()
	h := realHost{hosttest.Start(t, hosttest.Options{})}
	return h, h.Snapshot("/etc/ssh", "/var/lib/sshkeepalive", "/run/sshkeepalive")
}

func TestRealApply(t *testing.T) {
	for _, release := range []string{"bullseye", "bookworm", "trixie"} {
		t.Run(release, func(t *testing.T) {
			realApply(t, realHost{hosttest.Start(t, hosttest.Options{Release: release})})
		})
	}
}

func realApply(t *testing.T, h realHost) {
	var live Pending
	start := time.Now()
	r := h.request("real1", "ClientAliveInterval 60\n")
	got, err := Run(t.Context(), h, r, func(ctx context.Context, p Pending) error {
		live = p
		return h.login(ctx, p)
	})
	if got != Applied || err != nil {
		t.Fatalf("%s, %v", got, err)
	}
	t.Logf("applied in %s", time.Since(start).Round(time.Millisecond))
	if live.Proof != "inode" || live.Watchdog != "sleeper" {
		t.Errorf("%+v", live)
	}
	if out := h.Sh("find / -xdev -name '*sshkeepalive*' -not -path '/proc/*'; ls -A /run/sshkeepalive 2>&1 || :"); !strings.HasPrefix(out, realDropIn+"\nls:") {
		t.Errorf("left behind: %s", out)
	}
}

// TestRealLockouts are changes that sshd -t accepts and that shut us out.
func TestRealLockouts(t *testing.T) {
	for _, c := range []struct{ name, text, step string }{
		{"nobody may log in", "AllowUsers nobody\n", "confirm"},
		{"root may not", "PermitRootLogin no\n", "confirm"},
		{"no keys", "PubkeyAuthentication no\n", "confirm"},
		{"another port", "Port 2299\n", "confirm"},
		{"an address that is not ours", "ListenAddress 203.0.113.9\n", "reload"},
		{"no such command", "ForceCommand /no/such/command\n", "confirm"},
		{"no sessions", "MaxSessions 0\n", "confirm"},
		{"an impossible method", "AuthenticationMethods publickey,publickey\n", "confirm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, before := bootReal(t)
			r := h.request("real2", "ClientAliveInterval 60\n"+c.text)
			got, err := Run(t.Context(), h, r, h.login)
			var e *Error
			if got != RolledBack || !errors.As(err, &e) || e.Step != c.step {
				t.Errorf("%s, %v", got, err)
			}
			t.Log(err)
			h.unchanged(t, before)
		})
	}
}

// TestRealWatchdog: the client dies after the reload.
func TestRealWatchdog(t *testing.T) {
	h, before := bootReal(t)
	r := h.request("real3", "ClientAliveInterval 60\nAllowUsers nobody\n")
	r.ConfirmTimeout = 3 * time.Second
	began, err := (&scripted{machine: h, req: r, protocol: standardProtocol}).perform(t.Context(), begin)
	if err != nil || began.answer != "live" {
		t.Fatalf("%+v, %v", began, err)
	}
	if h.login(t.Context(), Pending{}) == nil {
		t.Error("the lock-out locks nobody out")
	}
	h.Sh("for i in $(seq 300); do [ -d /var/lib/sshkeepalive ] || exit 0; sleep 0.1; done; exit 1")
	h.unchanged(t, before)
}

func TestRealRefusal(t *testing.T) {
	h, before := bootReal(t)
	for text, said := range map[string]string{
		"ClientAliveIntervall 60\n": "validate: " + realDropIn + ": line 1: Bad configuration option: ClientAliveIntervall",
		"ClientAliveInterval 61\n":  "validate: clientaliveinterval would be '61' and not '60'",
		"ClientAliveInterval 6x\n":  "validate: " + realDropIn + " line 1: invalid time value",
		"Match User git\n ClientAliveInterval 5\nMatch all\n ClientAliveInterval 60\n": "would be '5' and not '60' for user=git,host=h,addr=192.0.2.1",
	} {
		got, err := Run(t.Context(), h, h.request("real4", text), h.login)
		if got != Unchanged || err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: %s, %v; want %q", text, got, err, said)
		}
		h.unchanged(t, before)
	}
}
