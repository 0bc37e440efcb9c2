//go:build hosts

package reconcile_test

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
)

// The tests in the files lab_*_test.go need hosts with systemd, and a while; make
// test-hosts runs them.

// labRig is a booted Debian host and an engine that reaches it.
type labRig struct {
	*rig
	host *lab.Host
}

func newLabRig(t *testing.T, o lab.Options, user string) *labRig {
	t.Helper()
	o.Users = append(o.Users, hosttest.User{Name: "admin", Sudo: "nopasswd"}, hosttest.User{Name: "guest"})
	h := lab.Start(t, o)
	return &labRig{rigOn(t, h.Machine, user), h}
}

func release(name string) lab.Options {
	return lab.Options{Options: hosttest.Options{Release: name}}
}

// everyWay runs a test on every release with everything that can listen there.
func everyWay(t *testing.T, test func(t *testing.T, o lab.Options)) { ways(t, lab.Sockets, test) }

// everySocket is everyWay without sshd listening by itself.
func everySocket(t *testing.T, test func(t *testing.T, o lab.Options)) {
	ways(t, func(name string) []lab.Socket { return lab.Sockets(name)[1:] }, test)
}

func ways(t *testing.T, sockets func(string) []lab.Socket, test func(t *testing.T, o lab.Options)) {
	for _, name := range lab.Releases() {
		for _, socket := range sockets(name) {
			label := name + "/ssh.service"
			if socket != lab.NoSocket {
				label = name + "/ssh.socket,Accept=" + string(socket)
			}
			t.Run(label, func(t *testing.T) {
				t.Parallel()
				o := release(name)
				o.Socket = socket
				test(t, o)
			})
		}
	}
}

func everyRelease(t *testing.T, test func(t *testing.T, o lab.Options)) {
	for _, name := range lab.Releases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, release(name))
		})
	}
}

// login says nil when a new connection of the user logs in.
func (r *labRig) login(user string) error {
	out, err := r.SSH(user, "echo in")
	if err == nil && out != "in\n" {
		err = fmt.Errorf("the login printed %q", out)
	}
	return err
}

// session is a login that stays.
type session struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// linger logs in with the real client and stays.
func (r *labRig) linger(t *testing.T, user string) session {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-i", r.KeyPath, "-l", user, r.Addr, "cat")
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // the test may have ended it
	})
	s := session{in, bufio.NewReader(out)}
	s.alive(t)
	return s
}

func (s session) alive(t *testing.T) {
	t.Helper()
	fmt.Fprintln(s.in, "there?")
	if line, err := s.out.ReadString('\n'); line != "there?\n" {
		t.Fatalf("the session that was there before is gone: %q, %v", line, err)
	}
}
