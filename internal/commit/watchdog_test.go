package commit

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// begins leaves a change live and unconfirmed, as a client that died does.
func (b *box) begins(r Request) report {
	b.t.Helper()
	got, err := (&scripted{machine: b, req: r, protocol: standardProtocol}).perform(b.t.Context(), begin)
	if err != nil || got.answer != "live" {
		b.t.Fatalf("%+v, %v", got, err)
	}
	return got
}

func (b *box) rolledBack(tree string) {
	b.t.Helper()
	b.await("the watchdog has acted", func() bool { return len(b.traces()) == 0 })
	if b.tree() != tree {
		b.t.Errorf("the files are\n%s\nand were\n%s", b.tree(), tree)
	}
	if !strings.Contains(b.read("run/loaded"), "clientaliveinterval 120\n") {
		b.t.Errorf("the daemon runs %q", b.read("run/loaded"))
	}
}

func TestWatchdog(t *testing.T) {
	b := newBox(t)
	b.start()
	tree := b.tree()
	r := b.several("a1")
	r.ConfirmTimeout = 8 * time.Second // of which a busy machine may use some up
	if live := b.begins(r); live.pending.Watchdog != "sleeper" || live.left <= 0 {
		t.Errorf("%+v", live)
	}
	b.rolledBack(tree)
	// Who comes too late is told so.
	late, err := (&scripted{machine: b, req: r, protocol: standardProtocol}).perform(t.Context(), finish)
	if err != nil || late.answer != "rolledback" {
		t.Errorf("disarm answers %+v, %v", late, err)
	}
	late, err = (&scripted{machine: b, req: r, protocol: standardProtocol}).perform(t.Context(), rollback)
	if err != nil || late.answer != "rolledback" {
		t.Errorf("rollback answers %+v, %v", late, err)
	}
}

// TestWatchdogBreaksHangingScript: a reload that hangs holds the lock.
func TestWatchdogBreaksHangingScript(t *testing.T) {
	b := newBox(t)
	b.start()
	tree := b.tree()
	r := b.several("a1")
	r.ConfirmTimeout = time.Second
	b.startOf("wait_loaded", "sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	if _, err := (&scripted{machine: b, req: r, protocol: standardProtocol}).perform(ctx, begin); err == nil {
		t.Error("the hanging script answered")
	}
	b.rolledBack(tree)
}

// TestHandEdit: what somebody wrote over our file while it was not confirmed is
// not in force after the rollback, and not lost.
func TestHandEdit(t *testing.T) {
	b := newBox(t)
	b.start()
	r := b.inPlace("a1")
	b.begins(r)
	b.write("etc/ssh/sshd_config", "edited\n")
	got, err := (&scripted{machine: b, req: r, protocol: standardProtocol}).perform(t.Context(), rollback)
	if err != nil || got.answer != "rolledback" {
		t.Fatalf("%+v, %v", got, err)
	}
	if b.read("etc/ssh/sshd_config") != b.mainText() || b.read("var/lib/sshkeepalive/kept-a1-1") != "edited\n" {
		t.Errorf("%q, kept %q", b.read("etc/ssh/sshd_config"), b.read("var/lib/sshkeepalive/kept-a1-1"))
	}
}

// TestNextRun resolves what an earlier one left, whose watchdog died with it.
func TestNextRun(t *testing.T) {
	for name, age := range map[string]func(due, boot, span string) string{
		"after the deadline": func(_, boot, span string) string { return "1000 " + boot + " " + span },
		"after a reboot":     func(due, _, span string) string { return due + " another " + span },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.start()
			r := b.several("a1")
			b.begins(r)
			deadline := "var/lib/sshkeepalive/a1/deadline"
			word := strings.Fields(b.read(deadline))
			// The file is replaced, or the sleeper would see it too.
			b.write(deadline, age(word[0], word[1], word[2])+"\n")
			b.applies(b.request("a2", "ClientAliveInterval 60\n# next\n"))
		})
	}
	t.Run("pending", func(t *testing.T) {
		b := newBox(t)
		b.start()
		first := b.several("a1")
		first.ConfirmTimeout = 10 * time.Minute
		b.begins(first)
		next := b.request("a2", "ClientAliveInterval 60\n# next\n")
		next.lockWait = time.Second
		got, err := Run(t.Context(), b, next, b.loaded(want60))
		busy := new(BusyError)
		if got != Unchanged || !errors.Is(err, ErrBusy) || !errors.As(err, &busy) || busy.ID != "a1" || busy.Left < 5*time.Minute ||
			!strings.Contains(err.Error(), "a1, which the machine rolls back at ") {
			t.Errorf("%s, %v", got, err)
		}
	})
	t.Run("without a watchdog", func(t *testing.T) {
		b := newBox(t)
		b.start()
		r := b.inPlace("a1")
		r.ConfirmTimeout = 0
		if live := b.begins(r); live.pending.Watchdog != "none" {
			t.Errorf("watched by %s", live.pending.Watchdog)
		}
		impatient := b.request("a3", "ClientAliveInterval 60\n")
		impatient.lockWait = time.Second
		if got, err := Run(t.Context(), b, impatient, b.loaded(want60)); got != Unchanged || !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "a1, which has until ") {
			t.Errorf("no watchdog rolls it back, and the next run says %s, %v", got, err)
		}
		boot := strings.Fields(b.read("var/lib/sshkeepalive/a1/deadline"))[1]
		b.write("var/lib/sshkeepalive/a1/deadline", "1000 "+boot+" 60\n")
		next := b.request("a2", "ClientAliveInterval 60\n")
		next.Base[b.path("etc/ssh/sshd_config")] = []byte(b.read("etc/ssh/sshd_config"))
		next.Staged = b.staged(next)
		b.applies(next)
	})
}

// spy makes the n-th file operation of a script its last, before or after it
// took effect, and counts them.
const spy = `
N=0
tick() { N=$((N + 1)); echo "$N" >COUNT; [ "$N" -ne CUT ] || kill -9 0; }
spied() { tick; command "$@"; SPIED=$?; tick; return "$SPIED"; }
mv() { spied mv "$@"; }
ln() { spied ln "$@"; }
rm() { spied rm "$@"; }
cp() { spied cp "$@"; }
mkdir() { spied mkdir "$@"; }
rmdir() { spied rmdir "$@"; }
sync() { spied sync "$@"; }
kill() { tick; command kill "$@"; }
`

// cutAt has the first script of that name killed at its n-th operation.
func (b *box) cutAt(name string, n int) (count func() int) {
	counter := b.path("bin/count")
	done := false
	b.spoil = func(ran, script string) string {
		if ran != name || done {
			return script
		}
		done = true
		return strings.NewReplacer("COUNT", counter, "CUT", strconv.Itoa(n)).Replace(spy) + script
	}
	return func() int {
		n, _ := strconv.Atoi(strings.TrimSpace(b.read("bin/count")))
		return n
	}
}

// TestKilled cuts the real scripts at each of their file operations. Whether the
// next thing to come is the same script again, the watchdog, or another change:
// all ends well.
func TestKilled(t *testing.T) {
	t.Run("begin", func(t *testing.T) { killedAt(t, begin) })
	t.Run("disarm", func(t *testing.T) { killedAt(t, finish) })
	t.Run("rollback", func(t *testing.T) { killedAt(t, rollback) })
}

// everyCut calls f for the operations of a script, some of them, or in CI most.
func everyCut(t *testing.T, ph phase, f func(t *testing.T, b *box, cut int)) {
	b := newBox(t)
	b.start()
	count := b.cutAt(string(ph), -1)
	confirm := b.loaded(want60)
	if ph == rollback {
		confirm = refuse
	}
	_, _ = Run(t.Context(), b, b.several("a1"), confirm)
	stride := 12
	if os.Getenv("REQUIRE_SSHD") == "1" {
		stride = 2
	}
	if count() < 10 {
		t.Fatalf("%s has %d operations only", ph, count())
	}
	t.Logf("%s has %d operations, of which every %dth is cut", ph, count(), stride)
	for n := 1; n <= count(); n += stride {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			b := newBox(t)
			b.start()
			b.cutAt(string(ph), n)
			f(t, b, n)
		})
	}
}

func killedAt(t *testing.T, ph phase) {
	everyCut(t, ph, func(t *testing.T, b *box, cut int) {
		tree := b.tree()
		confirm, want := b.loaded(want60), Applied
		if ph == rollback {
			confirm, want = refuse, RolledBack
		}
		got, err := Run(t.Context(), b, b.several("a1"), confirm)
		if got != want || got == RolledBack && b.tree() != tree {
			t.Errorf("%s, %v\n%s", got, err, b.tree())
		}
		b.noTraces()
	})
}

// TestKilledForGood is the same for a client that never comes back: the watchdog
// restores the files, and the next change finds nothing in its way.
func TestKilledForGood(t *testing.T) {
	everyCut(t, begin, func(t *testing.T, b *box, cut int) {
		main := b.read("etc/ssh/sshd_config")
		r := b.several("a1")
		r.ConfirmTimeout = time.Second
		_, _ = (&scripted{machine: b, req: r, protocol: standardProtocol}).perform(t.Context(), begin)
		b.await("nothing is pending", func() bool {
			// One whose watchdog was not started yet has swapped nothing.
			watched, _ := filepath.Glob(b.path("var/lib/sshkeepalive/*/watchdog"))
			return len(watched) == 0
		})
		if b.read("etc/ssh/sshd_config") != main {
			t.Errorf("the main file holds %q", b.read("etc/ssh/sshd_config"))
		}
		b.applies(b.several("a2"))
	})
}

// TestBoot: what something at boot runs restores the files and, where sshd is up
// already, makes it load them.
func TestBoot(t *testing.T) {
	b := newBox(t)
	b.start()
	tree := b.tree()
	b.begins(b.several("a1"))
	out, err := exec.Command("sh", b.path("var/lib/sshkeepalive/a1/rollback"), "boot").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "@answer rolledback") {
		t.Fatalf("%v: %s", err, out)
	}
	b.rolledBack(tree)
}
