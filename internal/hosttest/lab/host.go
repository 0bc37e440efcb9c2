package lab

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

//go:embed boot.sh
var bootScript string

// patience bounds how long a boot or a shutdown may take. It is wide, since other
// tests may share the processors.
const patience = 90 * time.Second

// wantsBoot is systemd-nspawn's exit status after a reboot.
const wantsBoot = 133

// Host is a Debian host. Of the methods that it has from hosttest.Machine, those
// that run something run it in the booted system, and in its file system alone
// while it is off.
type Host struct {
	*hosttest.Machine
	fail   func(error)
	system Init

	mu     sync.Mutex
	leader int // process 1 of the booted system, as seen from outside; 0 while off
	boots  int
	off    chan struct{} // closed when the last boot has ended
}

// enter returns the words before a command that make it run on the host.
func (h *Host) enter(init int) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.leader != 0 {
		return []string{"nsenter", "--target", strconv.Itoa(h.leader), "--all", "--root", "--wdns=/", "--"}
	}
	return []string{"nsenter", "--target", strconv.Itoa(init), "--all", "--", "chroot", "/mnt/root"}
}

// enable makes the listener that o asks for start with the host.
func (h *Host) enable(o Options) error {
	script := o.Init.enabling(o.Socket)
	if o.SSHDOpts != "" {
		script += "echo 'SSHD_OPTS=\"" + o.SSHDOpts + "\"' >/etc/default/ssh; "
	}
	_, err := h.Exec("sh", "-ec", script)
	return err
}

// acceptScript turns the ssh.socket of the release, which is Accept=yes in
// bullseye and Accept=no afterwards, into the one that is wanted; bullseye's has
// Conflicts=ssh.service, and so can never be Accept=no. Bookworm has no
// unit for a single connection, and trixie's is called sshd@.service; a socket
// wants one of its own name.
func acceptScript(s Socket) string {
	return `mkdir -p /etc/systemd/system/ssh.socket.d
printf '[Socket]\nAccept=` + string(s) + `\n' >/etc/systemd/system/ssh.socket.d/accept.conf
printf '%s\n' [Service] EnvironmentFile=-/etc/default/ssh 'ExecStart=-/usr/sbin/sshd -i $SSHD_OPTS' StandardInput=socket \
	RuntimeDirectory=sshd RuntimeDirectoryPreserve=yes RuntimeDirectoryMode=0755 >/etc/systemd/system/ssh@.service
`
}

// PowerOn boots the host and waits until everything has started.
func (h *Host) PowerOn() { h.must(h.powerOn()) }

func (h *Host) powerOn() error {
	h.mu.Lock()
	h.off = make(chan struct{})
	before, off := h.boots, h.off
	h.mu.Unlock()
	ended := make(chan error, 1)
	go func() {
		defer close(off)
		ended <- h.live()
	}()
	return h.booted(before, ended)
}

// live runs boot after boot until the host is switched off.
func (h *Host) live() error {
	for {
		var console bytes.Buffer
		cmd := exec.Command("nsenter", "--target", strconv.Itoa(h.Init()), "--all", "--", "sh", "-c", bootScript)
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &console, &console, time.Second
		if err := cmd.Start(); err != nil {
			return err
		}
		stop := make(chan struct{})
		go h.follow(cmd.Process.Pid, stop)
		err := cmd.Wait()
		close(stop)
		h.setLeader(0)
		if cmd.ProcessState.ExitCode() != wantsBoot {
			return fmt.Errorf("the host went off: %w: %s", err, strings.TrimSpace(console.String()))
		}
	}
}

// follow notes process 1 of the system that is booting below a process.
func (h *Host) follow(below int, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(10 * time.Millisecond):
		}
		if leader := systemBelow(below); leader != 0 {
			h.setLeader(leader)
			return
		}
	}
}

func (h *Host) setLeader(pid int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leader = pid
	if pid != 0 {
		h.boots++
	}
}

// booted waits for a boot after the given number of boots, and for its end.
func (h *Host) booted(before int, ended <-chan error) error {
	state := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-ended:
			return err
		default:
		}
		if h.countBoots() <= before {
			continue
		}
		var up bool
		if up, state = h.up(); up {
			return nil
		}
	}
	return fmt.Errorf("boot the host: after %s it is %q", patience, state)
}

func (h *Host) countBoots() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.boots
}

// Reboot has the host shut itself down and start again.
func (h *Host) Reboot() {
	before := h.countBoots()
	// The shutdown may end this command too.
	_, _ = h.Exec("reboot")
	h.must(h.booted(before, nil))
}

// PowerOff takes the power away: every process is gone at once. What was written
// is kept, synced or not.
func (h *Host) PowerOff() {
	h.mu.Lock()
	leader, off := h.leader, h.off
	h.mu.Unlock()
	if leader == 0 {
		return
	}
	init, err := os.FindProcess(leader)
	h.must(err)
	h.must(init.Kill())
	select {
	case <-off:
	case <-time.After(patience):
		h.must(errors.New("the host did not go off"))
	}
}

// Close ends the host and everything on it.
func (h *Host) Close() {
	h.Machine.Close()
	if h.off != nil {
		<-h.off
	}
}

// Journal is what the system's log has of the units, or of everything, since the
// last boot.
func (h *Host) Journal(unit ...string) string {
	args := []string{"journalctl", "--no-pager", "--boot"}
	for _, u := range unit {
		args = append(args, "--unit="+u)
	}
	out, err := h.Exec(args...)
	h.must(err)
	return out
}

func (h *Host) must(err error) {
	if err != nil {
		h.fail(err)
	}
}
