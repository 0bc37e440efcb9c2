package commit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const want60 = "clientaliveinterval 60"

// tree is every file's text and everything about it that must survive.
func (b *box) tree() string {
	out, err := exec.Command("sh", "-c", `cd "$1" && find . -exec stat -c '%n %F %a %u:%g %i %N' {} + | sort && find . -type f -exec sha256sum {} + | sort`,
		"-", b.path("etc")).CombinedOutput()
	if err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// times are those of the directories, of which an unread change is told.
func (b *box) times() string {
	out, err := exec.Command("find", b.path("etc"), "-type", "d", "-printf", "%p %T@\n").CombinedOutput()
	if err != nil {
		b.t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// refuses runs a change that must fail before anything is different, and keeps
// the conflict if that is why.
func (b *box) refuses(r Request, step, said string) {
	b.t.Helper()
	before, loaded, times := b.tree(), b.read("run/loaded"), b.times()
	got, err := Run(b.t.Context(), b, r, b.loaded(want60))
	var e *Error
	if got != Unchanged || !errors.As(err, &e) || e.Step != step || !strings.Contains(err.Error(), said) {
		b.t.Errorf("%s, %v; want step %s and %q", got, err, step, said)
	}
	if after := b.tree(); after != before {
		b.t.Errorf("changed:\n%s\nwas:\n%s", after, before)
	}
	if b.times() != times {
		b.t.Errorf("the directories have another time:\n%s\nand had:\n%s", b.times(), times)
	}
	if b.read("run/loaded") != loaded {
		b.t.Error("the daemon was reloaded")
	}
	if step == "validate" && strings.Contains(err.Error(), r.StageDir) {
		b.t.Errorf("the message names the stage: %v", e)
	}
	b.noTraces()
	errors.As(err, &b.clash)
}

func TestRefused(t *testing.T) {
	t.Run("by sshd", func(t *testing.T) {
		b := newBox(t)
		b.start()
		b.refuses(b.request("a1", "# ours\nBogus 60\n"), "validate", b.path(dropIn)+": line 2: Bad configuration option: Bogus (unchanged)")
	})
	t.Run("not effective", func(t *testing.T) {
		b := newBox(t)
		b.start()
		b.refuses(b.request("a1", "ClientAliveInterval 61\n"), "validate", "ClientAliveInterval would be '61' and not '60'")
	})
	t.Run("not effective in a context", func(t *testing.T) {
		b := newBox(t)
		b.start()
		r := b.request("a1", "ClientAliveInterval 60\n")
		r.Checks = append(r.Checks, Check{Spec: "user=bob", Keyword: "maxsessions", Values: []string{"3"}})
		b.refuses(r, "validate", "maxsessions would be '' and not '3' for user=bob")
	})
	t.Run("absent keyword", func(t *testing.T) {
		b := newBox(t)
		b.start()
		r := b.request("a1", "ClientAliveInterval 60\n")
		r.Checks = []Check{{Keyword: "usepam"}}
		b.refuses(r, "validate", "usepam would be 'yes' and not ''")
	})
	t.Run("bad request", func(t *testing.T) {
		b := newBox(t)
		r := b.request("a1", "ClientAliveInterval 60\n")
		r.StageDir = "/etc"
		b.refuses(r, "request", "stage directory /etc")
		if len(b.runs) > 0 {
			t.Error("a script ran")
		}
	})
}

func TestConflict(t *testing.T) {
	for _, c := range []struct {
		name, file, how string
		edit            func(b *box, path string)
	}{
		{"changed", "etc/ssh/sshd_config.d/50-cloud.conf", "changed", func(b *box, p string) { b.write(p, "ClientAliveInterval 5\n") }},
		{"missing", "etc/ssh/sshd_config.d/50-cloud.conf", "missing", func(b *box, p string) { must(b.t, os.Remove(b.path(p))) }},
		{"appeared", dropIn, "appeared", func(b *box, p string) { b.write(p, "UsePAM no\n") }},
		{"a new drop-in", "etc/ssh/sshd_config.d/10 new's.conf", "appeared", func(b *box, p string) { b.write(p, "ClientAliveInterval 60\n") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBox(t)
			b.start()
			r := b.request("a1", "ClientAliveInterval 60\n")
			c.edit(b, c.file)
			b.refuses(r, "compare", "by another process since it was last read")
			if clash := b.clash; clash == nil || clash.Path != b.path(c.file) || clash.How != c.how {
				t.Errorf("%+v is not a conflict of %s", clash, c.file)
			}
		})
	}
}

// TestNewDropInDuringValidation: a file that an Include reads and that came while
// sshd judged the candidate was not judged.
func TestNewDropInDuringValidation(t *testing.T) {
	b := newBox(t)
	b.start()
	r := b.request("a1", "ClientAliveInterval 60\n")
	late := "etc/ssh/sshd_config.d/99-late.conf"
	b.startOf("validate", "echo '#' >"+quote(b.path(late)))
	got, err := Run(t.Context(), b, r, b.loaded(want60))
	clash := new(ConflictError)
	if got != Unchanged || !errors.As(err, &clash) || clash.Path != b.path(late) || b.read(dropIn) == "ClientAliveInterval 60\n" {
		t.Errorf("%s, %v", got, err)
	}
	b.noTraces()
}

// TestNoRegularFile: a rename over a link to /dev/null would remove the device for
// every process.
func TestNoRegularFile(t *testing.T) {
	for name, prepare := range map[string]func(b *box){
		"device":    func(b *box) { must(b.t, os.Symlink("/dev/null", b.path(dropIn))) },
		"directory": func(b *box) { must(b.t, os.Mkdir(b.path(dropIn), 0o755)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.start()
			prepare(b)
			b.refuses(b.request("a1", "ClientAliveInterval 60\n"), "compare", b.path(dropIn)+" is not a regular file")
		})
	}
}

// TestStaleLock: the lock of a script that died is taken over, the lock of a
// running one is not.
//
// Fault 48.
func TestStaleLock(t *testing.T) {
	bootID, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		needed(t, err.Error())
	}
	record := func(pid int) string {
		out, err := exec.Command("sh", "-c", machineText+fmt.Sprintf("\nstart_time %d", pid)).Output()
		must(t, err)
		return fmt.Sprintf("%d %s %s other", pid, strings.TrimSpace(string(out)), strings.TrimSpace(string(bootID)))
	}
	t.Run("by a live process", func(t *testing.T) {
		b := newBox(t)
		b.start()
		b.locked(record(os.Getpid()))
		before := b.tree()
		r := b.request("a1", "ClientAliveInterval 60\n")
		r.lockWait = time.Second
		got, err := Run(t.Context(), b, r, b.loaded(want60))
		if got != Unchanged || !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "other") || b.tree() != before {
			t.Errorf("%s, %v", got, err)
		}
	})
	for name, stale := range map[string]string{
		"by a dead process":       "4194304 1 " + strings.TrimSpace(string(bootID)) + " other",
		"by another start":        fmt.Sprintf("%d 12 %s other", os.Getpid(), strings.TrimSpace(string(bootID))),
		"by another boot":         strings.Replace(record(os.Getpid()), strings.TrimSpace(string(bootID)), "another", 1),
		"with leftovers and junk": "junk",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.start()
			must(t, os.MkdirAll(b.path("run/sshkeepalive/leftover/etc"), 0o700))
			must(t, os.MkdirAll(b.path("run/sshkeepalive/lock.4194304"), 0o700))
			b.locked(stale)
			b.applies(b.request("a1", "ClientAliveInterval 60\n"))
		})
	}
}

// locked makes a lock that record holds.
func (b *box) locked(record string) {
	b.t.Helper()
	must(b.t, os.MkdirAll(b.path("run/sshkeepalive/lock"), 0o700))
	b.write("run/sshkeepalive/lock/"+record, "")
}

// applies runs a change that must succeed and leave nothing but itself.
func (b *box) applies(r Request) {
	b.t.Helper()
	if got, err := Run(b.t.Context(), b, r, b.loaded(want60)); got != Applied || err != nil {
		b.t.Fatalf("%s, %v", got, err)
	}
	for _, c := range r.Changes {
		have, err := os.ReadFile(c.Path)
		if c.New == nil && !errors.Is(err, os.ErrNotExist) || c.New != nil && string(have) != string(c.New) {
			b.t.Errorf("%s holds %q (%v), want %q", c.Path, have, err, c.New)
		}
	}
	b.noTraces()
}

// inPlace changes the main file instead of adding a drop-in.
func (b *box) inPlace(id string) Request {
	r := b.request(id, "")
	r.Changes = []Change{{
		Path: b.path("etc/ssh/sshd_config"), Old: []byte(b.mainText()),
		New: []byte("ClientAliveInterval 60\n" + b.mainText()),
	}}
	r.Staged = b.staged(r)
	return r
}

// TestDeadly: sshd -t accepts a file at which the daemon exits, such as an address
// that it cannot bind. The first script sees it, rolls back and restarts the daemon.
func TestDeadly(t *testing.T) {
	b := newBox(t)
	b.start()
	r := b.request("a1", "ClientAliveInterval 60\nUnbindable yes\n")
	before := b.tree()
	got, err := Run(t.Context(), b, r, b.loaded(want60))
	var e *Error
	if got != RolledBack || !errors.As(err, &e) || e.Step != "reload" || !strings.Contains(err.Error(), "the daemon exited while loading its files") {
		t.Errorf("%s, %v", got, err)
	}
	if b.tree() != before {
		t.Errorf("the files are not the old ones: %s", b.tree())
	}
	b.await("a daemon lives", func() bool { return b.pid() > 0 && syscall.Kill(b.pid(), 0) == nil })
	if !strings.Contains(b.read("run/loaded"), "clientaliveinterval 120\n") {
		t.Errorf("it runs %q", b.read("run/loaded"))
	}
	// On a machine that is too busy for an answer in time, the script is asked again.
	if slices.ContainsFunc(b.runs, func(name string) bool { return name != "begin" }) {
		t.Errorf("scripts: %s", b.runs)
	}
	b.noTraces()
}

// TestConcurrent: of two changes of one file at the same time one is applied, and the
// other one is a conflict.
//
// Fault 47.
func TestConcurrent(t *testing.T) {
	b := newBox(t)
	b.start()
	type end struct {
		got Outcome
		err error
	}
	ends := make(chan end)
	for _, text := range []string{"ClientAliveInterval 60\n", "ClientAliveInterval 60\n# the other\n"} {
		r := b.request(fmt.Sprintf("c%d", len(text)), text)
		r.lockWait = 30 * time.Second
		own := *b
		go func() {
			got, err := Run(context.Background(), &own, r, b.loaded(want60))
			ends <- end{got, err}
		}()
	}
	first, second := <-ends, <-ends
	if first.got != Applied {
		first, second = second, first
	}
	var clash *ConflictError
	if first.got != Applied || second.got != Unchanged || !errors.As(second.err, &clash) {
		t.Errorf("%s: %v, and %s: %v", first.got, first.err, second.got, second.err)
	}
	b.noTraces()
}
