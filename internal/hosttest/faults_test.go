package hosttest

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const briefly = 300 * time.Millisecond

// banner connects and waits briefly for sshd's first line.
func banner(m *Machine) (string, error) {
	conn, err := net.DialTimeout("tcp", m.Addr+":22", briefly)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(briefly)); err != nil {
		return "", err
	}
	line := make([]byte, 4)
	n, err := conn.Read(line)
	return string(line[:n]), err
}

// answers waits for sshd to answer as before.
func answers(t *testing.T, m *Machine) {
	t.Helper()
	if err := waitFor("sshd to answer", func() bool { got, _ := banner(m); return got == "SSH-" }); err != nil {
		t.Error(err)
	}
}

func TestFreeze(t *testing.T) {
	m := Start(t, Options{})
	answers(t, m)
	m.Freeze()
	if got, err := banner(m); err == nil || !strings.Contains(err.Error(), "read") {
		t.Errorf("frozen: got %q, %v, want a connection without an answer", got, err)
	}
	m.Thaw()
	answers(t, m)
}

func TestUnplug(t *testing.T) {
	m := Start(t, Options{})
	answers(t, m)
	m.Unplug()
	if got, err := banner(m); err == nil || !strings.Contains(err.Error(), "dial") {
		t.Errorf("unplugged: got %q, %v, want no connection", got, err)
	}
	m.Plug()
	answers(t, m)
}

func TestStop(t *testing.T) {
	m := Start(t, Options{})
	m.Stop()
	if _, err := banner(m); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("stopped: got %v, want connection refused", err)
	}
	m.StartSSHD()
	answers(t, m)
}

// TestBehind reaches a machine through another, and in no other way.
func TestBehind(t *testing.T) {
	bastion := Start(t, Options{Users: []User{{Name: "jump"}}})
	inner := Start(t, Options{Behind: bastion})
	if _, err := banner(inner); err == nil {
		t.Error("the inner machine can be reached without a jump")
	}
	proxy := "ssh " + strings.Join(bastion.sshArgs("jump"), " ")
	proxy = strings.TrimSuffix(proxy, " "+bastion.Addr+" --") + " -W %h:%p " + bastion.Addr
	out, err := run(exec.Command("ssh", append([]string{"-o", "ProxyCommand=" + proxy}, inner.sshArgs("root", "cat /etc/machine-id")...)...))
	if err != nil || out != string(inner.Read("/etc/machine-id")) {
		t.Errorf("through the bastion: got %q, %v", out, err)
	}
}
