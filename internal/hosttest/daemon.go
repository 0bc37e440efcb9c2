package hosttest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// daemonPatience bounds how long a daemon may take to appear or to go. It is
// wide, since many machines may share one core.
const daemonPatience = 20 * time.Second

func (m *Machine) startSSHD() error {
	if _, err := m.Exec(append([]string{"/usr/sbin/sshd"}, m.opts.SSHDArgs...)...); err != nil {
		return fmt.Errorf("start sshd: %w", err)
	}
	return waitFor("sshd to write its pid file", func() bool {
		_, err := m.pid()
		return err == nil
	})
}

// StartSSHD starts the listener, as after a boot.
func (m *Machine) StartSSHD() { m.must(m.startSSHD()) }

// Stop ends the listener; sessions go on.
func (m *Machine) Stop() {
	pid, err := m.pid()
	m.must(err)
	m.Sh("kill -CONT " + pid + "; kill " + pid)
	m.must(waitFor("sshd to stop", func() bool {
		_, err := m.Exec("test", "!", "-e", "/proc/"+pid)
		return err == nil
	}))
}

// RestartSSHD is Stop and StartSSHD.
func (m *Machine) RestartSSHD() {
	m.Stop()
	m.StartSSHD()
}

// Freeze suspends the listener: the kernel still accepts connections, but they are
// not answered. Sessions go on.
func (m *Machine) Freeze() { m.Sh("kill -STOP " + strconv.Itoa(m.PID())) }

// Thaw undoes Freeze.
func (m *Machine) Thaw() { m.Sh("kill -CONT " + strconv.Itoa(m.PID())) }

// PID is the process id of the listener, in the machine's own numbers.
func (m *Machine) PID() int {
	pid, err := m.pid()
	m.must(err)
	n, err := strconv.Atoi(pid)
	m.must(err)
	return n
}

func (m *Machine) pid() (string, error) {
	out, err := m.Exec("cat", "/run/sshd.pid")
	if err == nil && strings.TrimSpace(out) == "" {
		err = errors.New("/run/sshd.pid is empty")
	}
	return strings.TrimSpace(out), err
}

// Processes lists the machine's processes with their whole command lines.
func (m *Machine) Processes() string { return m.Sh("ps -eww -o pid,ppid,user,args") }

// Effective is what sshd -T on the machine says of a keyword, in lower case as
// sshd prints it; lines of a repeatable keyword are joined by newlines. The specs
// are sshd -T's -C arguments.
func (m *Machine) Effective(keyword string, spec ...string) string {
	args := append([]string{"/usr/sbin/sshd", "-T"}, m.opts.SSHDArgs...)
	for _, s := range spec {
		args = append(args, "-C", s)
	}
	out, err := m.Exec(args...)
	m.must(err)
	var values []string
	for line := range strings.Lines(out) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == strings.ToLower(keyword) {
			values = append(values, value)
		}
	}
	return strings.Join(values, "\n")
}

func waitFor(what string, done func() bool) error {
	for end := time.Now().Add(daemonPatience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if done() {
			return nil
		}
	}
	return fmt.Errorf("waited %s for %s", daemonPatience, what)
}
