package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// rootOnly is in every text that no account but root may see.
const rootOnly = "seen-by-root-alone"

// hostileOwner is the account that a directory belongs to, and that exchanges what is
// in it, as fast as it can, while root works there. It runs in a thread of this
// process that has the account's rights on the machine and nothing else.
type hostileOwner struct {
	t       *testing.T
	r       *rig
	uid     int
	dir     string // whose files it exchanges; its parent may be the account's too
	file    string // the name of the file that root manages
	victims []string
	managed string // a file of root that is changed on purpose
	before  map[string]hosttest.File

	stop  atomic.Bool
	done  chan struct{}
	pause time.Duration // at most, between two exchanges
	kinds []int         // of exchanges that it makes now
	moves int

	mu   sync.Mutex
	saws []string
}

// newHostileOwner gives dir to uid and puts files of root in reach of links, which
// must be the same in the end.
func newHostileOwner(t *testing.T, r *rig, uid int, dir, file string) *hostileOwner {
	t.Helper()
	h := &hostileOwner{t: t, r: r, uid: uid, dir: dir, file: file}
	r.Sh(fmt.Sprintf(`mkdir -p /root/victim /srv/victim/%[1]s.d
		for f in /root/victim/secret /root/victim/%[1]s /srv/victim/secret /srv/victim/%[1]s /srv/victim/new /srv/victim/old /srv/victim/now; do echo 'SSH_X=%[2]s' >$f; chmod 600 $f; done
		echo 'SSH_X=1' >/srv/victim/open; chown -R %[3]d:0 %[4]s`, file, rootOnly, uid, dir))
	h.victims = []string{"/root/victim/secret", "/srv/victim/open", "/srv/victim", "/root/victim", "/etc/shadow", "/etc/cron.d", "/srv/victim/secret", "/dev/null", "/srv/victim/nothing"}
	h.before = h.foreign()
	return h
}

// foreign is everything that the account must not get changed.
func (h *hostileOwner) foreign() map[string]hosttest.File {
	files := h.r.Snapshot("/etc", "/root", "/srv/victim", "/usr/local", "/var/spool")
	delete(files, h.managed)
	return files
}

// attack runs f while the account exchanges files: now without a pause, now so seldom
// that root comes far.
func (h *hostileOwner) attack(f func()) {
	h.pause = time.Duration([]int{0, 2, 20, 100, 300}[rand.IntN(5)]) * time.Millisecond
	h.kinds = [][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8}, {0, 7, 8}, {7, 8}, {6}, {3, 4, 5}}[rand.IntN(5)]
	h.during(f)
}

// during runs f while the account is at work.
func (h *hostileOwner) during(f func()) {
	h.stop.Store(false)
	h.done = make(chan struct{})
	ready := make(chan error)
	go h.run(ready)
	if err := <-ready; err != nil {
		h.t.Fatal(err)
	}
	f()
	h.stop.Store(true)
	<-h.done
}

// run never gives its thread back: nothing else may run with these rights.
func (h *hostileOwner) run(ready chan<- error) {
	defer close(h.done)
	runtime.LockOSThread()
	root := fmt.Sprintf("/proc/%d/root", h.r.Init())
	err := errors.Join(syscall.Unshare(syscall.CLONE_FS), syscall.Chdir(root+h.dir+"/.."))
	for _, call := range [][4]uintptr{
		{syscall.SYS_SETGROUPS, 0, 0, 0},
		{syscall.SYS_SETRESGID, uintptr(h.uid), uintptr(h.uid), uintptr(h.uid)},
		{syscall.SYS_SETRESUID, uintptr(h.uid), uintptr(h.uid), uintptr(h.uid)},
	} {
		if _, _, no := syscall.RawSyscall(call[0], call[1], call[2], call[3]); no != 0 {
			err = errors.Join(err, no)
		}
	}
	ready <- err
	for err == nil && !h.stop.Load() {
		h.move(h.kinds[rand.IntN(len(h.kinds))])
		h.moves++
		if h.pause > 0 {
			time.Sleep(rand.N(h.pause))
		}
	}
}

// move is one exchange; it leaves the file and the directory as they were.
func (h *hostileOwner) move(kind int) {
	base := path.Base(h.dir)
	in := func(name string) string { return base + "/" + name }
	victim := h.victims[rand.IntN(len(h.victims))]
	switch kind {
	case 0, 1, 2:
		h.instead(in(h.file), func(name string) { _ = os.Symlink(victim, name) })
	case 3:
		h.instead(in(h.file), func(name string) { _ = os.Mkdir(name, 0o777) })
	case 4:
		h.instead(in(h.file), func(name string) { _ = syscall.Mkfifo(name, 0o666) })
	case 5:
		h.instead(in(h.file), func(name string) { _ = os.Link(in("other"), name) })
	case 6:
		h.instead(base, func(name string) { _ = os.Symlink("/srv/victim", name) })
	case 7:
		for _, ours := range h.ours(base) {
			h.instead(in(ours), func(name string) {
				if rand.IntN(2) == 0 {
					_ = os.Symlink(victim, name)
					return
				}
				_ = os.Mkdir(name, 0o777)
				for _, file := range []string{"new", "old", "now", "kept"} {
					_ = os.Symlink(victim, name+"/"+file)
				}
			})
		}
	case 8:
		h.read(base)
	}
}

// ours are the names that root works with in the directory.
func (h *hostileOwner) ours(base string) []string {
	var found []string
	list, _ := os.ReadDir(base)
	for _, e := range list {
		if strings.HasPrefix(e.Name(), ".sshkeepalive") {
			found = append(found, e.Name())
		}
	}
	return found
}

// instead has another thing under a name for a while.
func (h *hostileOwner) instead(name string, put func(string)) {
	aside := name + ".aside"
	if os.Rename(name, aside) != nil {
		return
	}
	put(name)
	for range rand.IntN(3) * 200 {
		runtime.Gosched()
	}
	_ = os.RemoveAll(name)
	_ = os.Rename(aside, name)
}

// read looks for what it may not see.
func (h *hostileOwner) read(base string) {
	_ = fs.WalkDir(os.DirFS("."), base, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // what it cannot look at it goes on without
		}
		f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil // as above
		}
		defer f.Close()
		if text, _ := io.ReadAll(io.LimitReader(f, 1<<16)); strings.Contains(string(text), rootOnly) {
			h.mu.Lock()
			h.saws = append(h.saws, name)
			h.mu.Unlock()
		}
		return nil
	})
}

// harmless says that no file of root was changed, and none seen.
func (h *hostileOwner) harmless() {
	h.t.Helper()
	if d := hosttest.Differences(h.before, h.foreign()); d != "" {
		h.t.Errorf("files of root were changed:\n%s", d)
	}
	if len(h.saws) > 0 {
		h.t.Errorf("the account read what only root may see: %v", slices.Compact(h.saws))
	}
	h.t.Logf("%d exchanges", h.moves)
}

// keptForRoot says that the file is still root's. The account can bring it about that root
// puts back what it had put there itself, three times at the right moments: then what
// stood there meanwhile is kept, for root alone.
func (h *hostileOwner) keptForRoot(n int) {
	h.t.Helper()
	file := h.dir + "/" + h.file
	seen := ""
	for _, name := range append([]string{file}, strings.Fields(h.r.Sh("ls -d /var/lib/sshkeepalive/kept-* 2>/dev/null || true"))...) {
		got := h.r.Sh("stat -c '%u %a %F' " + name + "; cat " + name)
		if strings.HasPrefix(got, "0 600 regular file\n") && strings.Contains(got, rootOnly) {
			h.r.Sh("[ " + name + " = " + file + " ] || mv -T " + name + " " + file)
			return
		}
		seen += name + ": " + got
	}
	h.t.Fatalf("after %d: %s", n, seen)
}

// settle gives back what the account had put aside, so that what it held up can end, and
// waits for that. A change that has no watchdog is over for the next run when its time is.
func (h *hostileOwner) settle() {
	h.t.Helper()
	h.r.Sh("cd " + h.dir + "; for d in .sshkeepalive*.aside; do [ ! -d $d ] || mv -nT $d ${d%.aside}; done")
	h.r.eventually(h.t, "scripts and rollbacks to end", func() bool {
		return h.r.Sh(`for p in /proc/[0-9]*; do case $(tr '\0' ' ' <$p/cmdline) in *"/bin/sh -"[s]" "*) echo $p ;; esac; done 2>/dev/null
			for d in /var/lib/sshkeepalive/*/; do [ ! -e $d/armed ] && [ ! -e $d/rolling ] || [ "$(cat $d/watchdog)" = none ] || echo $d; done`) == ""
	})
	h.r.Sh("for f in /var/lib/sshkeepalive/*/deadline; do [ ! -e $f ] || sed -i 's/^[0-9]*/1000/' $f; done")
}

// forget removes what was kept of what the account wrote.
func (h *hostileOwner) forget() {
	h.t.Helper()
	h.r.Sh("rm -f /var/lib/sshkeepalive/kept-*; rmdir /var/lib/sshkeepalive 2>/dev/null || true")
}

// applies is how many applies of each resource are attacked: APPLIES, which make races
// sets to 50, else as many as an ordinary run has time for.
func applies(t *testing.T) int {
	t.Helper()
	text := os.Getenv("APPLIES")
	if text == "" {
		return 12
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("APPLIES is %q, not a number", text)
	}
	return n
}

// refusedOrRight says whether an outcome under attack is one that may be: a change that
// came about, or one that was right already, has no error, and no other is without.
func refusedOrRight(outcome reconcile.Outcome, err error) bool {
	return err == nil && (outcome == reconcile.Applied || outcome == reconcile.Unchanged) || err != nil && outcome != reconcile.Applied
}

// TestHostileOwnerOfCoolify: the directory of the environment file, and the one above
// it, belong to an account that exchanges files and directories during APPLIES applies. The
// file belongs to root, as Coolify's installer leaves it until its next upgrade.
func TestHostileOwnerOfCoolify(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{Files: map[string]string{coolifyEnv: "SSH_MAX_RETRIES=9\nAPP_KEY=" + rootOnly + "\n", "/data/coolify/source/other": "SSH_X=2\n"}}, "root")
	r.target.Spec.CommandTimeout = 20 * time.Second
	h := newHostileOwner(t, r, 9999, "/data/coolify/source", ".env")
	r.Sh("chown 9999:root /data/coolify; chmod 700 /data/coolify; chown root:root " + coolifyEnv + "; chmod 600 " + coolifyEnv)
	target := reconcile.Target{Spec: r.target.Spec, File: coolifyEnv}
	outcomes := map[string]int{}
	for n := range applies(t) {
		h.attack(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, _, outcome, err := r.walk().ApplyCoolify(ctx, target, coolifyWish(n%5+1), reconcile.Record{})
			outcomes[string(outcome)]++
			if !refusedOrRight(outcome, err) {
				t.Errorf("%s: %v", outcome, err)
			}
		})
		h.keptForRoot(n)
	}
	t.Log(outcomes)
	h.harmless()
	h.settle()
	if _, _, outcome, err := r.walk().ApplyCoolify(t.Context(), target, coolifyWish(7), reconcile.Record{}); outcome != reconcile.Applied || err != nil {
		t.Errorf("in peace: %s, %v", outcome, err)
	}
	h.forget()
	r.Sh("rm -rf /data/coolify/source/.env.aside /data/coolify/source/.sshkeepalive*")
	r.noTraces(t)
}

// TestHostileOwnerOfConfigFile: root is sent to a configuration file in a directory of
// bob, who exchanges files and directories during APPLIES applies of each resource.
func TestHostileOwnerOfConfigFile(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"server": "sshd_config", "client": "config"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, client := sshRig(t, "root", map[string]string{"/home/bob/conf/" + file: "# nothing\n", "/home/bob/conf/other": "# other\n"})
			r.target.Spec.CommandTimeout = 20 * time.Second
			bob, _ := strconv.Atoi(strings.TrimSpace(r.Sh("id -u bob")))
			h := newHostileOwner(t, r, bob, "/home/bob/conf", file)
			client.Spec, client.File = r.target.Spec, "/home/bob/conf/"+file
			server := r.target
			server.File, server.NoReload = client.File, true
			for n := range applies(t) {
				h.attack(func() {
					var outcome reconcile.Outcome
					var err error
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					if name == "server" {
						_, _, outcome, err = r.walk().Apply(ctx, server, wish("ClientAliveInterval", strconv.Itoa(60+n)), reconcile.Record{})
					} else {
						_, _, outcome, err = r.walk().ApplyClient(ctx, client, sshWish("Host *", "ServerAliveInterval", strconv.Itoa(60+n)), reconcile.Record{})
					}
					if err == nil || outcome == reconcile.Applied {
						t.Errorf("%s, %v", outcome, err)
					}
				})
			}
			h.harmless()
			var exposed *reconcile.ExposedError
			_, _, _, err := r.walk().Apply(t.Context(), server, wish("ClientAliveInterval", "60"), reconcile.Record{})
			if name == "server" && (!errors.As(err, &exposed) || exposed.Dir != "/home/bob" || exposed.Owner != "bob") {
				t.Errorf("in peace: %v", err)
			}
			r.noTraces(t)
		})
	}
}

// TestHostileOwnerOfHisOwnConfigFile: what is managed is bob's own configuration, or a file
// of the system for his ssh, and bob exchanges files and directories below his home
// during APPLIES applies of each. What he does to himself is his affair, so each is right or
// refused; no file of root is changed or seen, and nobody else can enter where his files
// are laid out.
func TestHostileOwnerOfHisOwnConfigFile(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"own": "~/.ssh/config", "system": "/etc/ssh/ssh_config.d/10-keepalive.conf"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, client := sshRig(t, "admin", map[string]string{bobConfig: "Include inc\n# nothing\n", "/home/bob/.ssh/other": "# other\n", "/home/bob/.ssh/inc": "Host x\n  ProxyCommand " + rootOnly + "\n"})
			patience := client.Spec.CommandTimeout
			client.Spec.CommandTimeout = 2 * time.Second // he can have his own scripts wait
			client.File, client.User = file, "bob"
			bob, _ := strconv.Atoi(strings.TrimSpace(r.Sh("id -u bob")))
			eve, _ := strconv.Atoi(strings.TrimSpace(r.Sh("id -u eve")))
			h := newHostileOwner(t, r, bob, "/home/bob/.ssh", "config")
			r.Sh("chown -R bob:bob /home/bob; chmod 700 /home/bob/.ssh")
			h.managed = client.File
			h.before = h.foreign()
			spy := &hostileOwner{t: t, r: r, uid: eve, victims: []string{"/dev/null"}}
			outcomes := map[string]int{}
			for n := range applies(t) {
				h.attack(func() {
					spy.watch("/tmp", func() {
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						defer cancel()
						_, _, outcome, err := r.walk().ApplyClient(ctx, client, sshWish("Host *", "ServerAliveInterval", strconv.Itoa(60+n)), reconcile.Record{})
						outcomes[string(outcome)]++
						if !refusedOrRight(outcome, err) {
							t.Errorf("%s: %v", outcome, err)
						}
					})
				})
			}
			t.Log(outcomes)
			h.settle()
			h.saws = slices.DeleteFunc(h.saws, func(name string) bool { return path.Base(name) == "inc" }) // his own
			if len(spy.saws) > 0 {
				t.Errorf("eve read what bob's ssh was given: %v", slices.Compact(spy.saws))
			}
			r.Sh("cd /home/bob/.ssh; rm -rf *.aside .sshkeep* config; echo '# nothing' >config; chown bob:bob config; chmod 600 config")
			client.Spec.CommandTimeout = patience
			if _, _, outcome, err := r.walk().ApplyClient(t.Context(), client, sshWish("Host *", "ServerAliveInterval", "7"), reconcile.Record{}); outcome != reconcile.Applied || err != nil {
				t.Errorf("in peace: %s, %v", outcome, err)
			}
			h.harmless()
			if who := r.Sh("stat -c %U " + bobConfig); who != "bob\n" {
				t.Errorf("the file belongs to %s", who)
			}
		})
	}
}

// watch runs f while the account reads all that it can below dir, again and again.
func (h *hostileOwner) watch(dir string, f func()) {
	h.dir, h.pause, h.kinds = dir, 4*time.Millisecond, []int{8}
	h.during(f)
}
