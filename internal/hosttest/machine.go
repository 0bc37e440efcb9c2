package hosttest

import (
	"bufio"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

//go:embed init.sh
var initScript string

// commandPatience bounds how long a command may run. It is wide, since many
// machines may share one core, and packages are unpacked the first time.
const commandPatience = 5 * time.Minute

// Machine is a running test machine. Its methods are safe for use by several
// goroutines; those without an error result end the test when they fail.
type Machine struct {
	// Addr and Port are where its sshd listens.
	Addr string
	Port int
	// HostKeys are its public host keys as authorized_keys lines: ed25519,
	// ecdsa, rsa.
	HostKeys []string
	// KeyPath and Key are the client key (PEM) that root and all users accept.
	KeyPath string
	Key     []byte

	opts  Options
	fail  func(error)
	base  Base
	init  *exec.Cmd
	alive io.Closer // the pipe that process 1 of the machine waits on
	link  link
	dir   string // holds the client key
}

// Boot starts a machine. The error of a method that has no error result goes to
// fail. Close ends the machine.
func Boot(o Options, fail func(error)) (*Machine, error) {
	if o.Release == "" {
		o.Release = "bookworm"
	}
	root, err := rootFor(o.Release, o.Packages...)
	if err != nil {
		return nil, err
	}
	m, err := BootOn(Base{Root: root, Init: initScript, Enter: enterInit}, o, fail)
	if err == nil && !o.NoDaemon {
		if err = m.startSSHD(); err != nil {
			m.Close()
		}
	}
	return m, err
}

// Base is the root file system of a machine and the way in.
type Base struct {
	// Root is the file system below the machine's own.
	Root string
	// Init is a shell script that runs as process 1 of new namespaces, as init.sh
	// does, with the same arguments and duties.
	Init string
	// Enter returns the words before a command that make it run on the machine;
	// init is the process of Init.
	Enter func(init int) []string
}

// enterInit makes a command run in all namespaces of a process.
func enterInit(init int) []string {
	return []string{"nsenter", "--target", strconv.Itoa(init), "--all", "--root", "--wdns=/", "--"}
}

// BootOn is Boot for a machine of another kind, whose sshd the caller starts.
func BootOn(c Base, o Options, fail func(error)) (*Machine, error) {
	m := &Machine{Port: 22, opts: o, fail: fail, base: c}
	for _, step := range []func() error{m.makeKeyDir, m.startInit, m.connect, m.install} {
		if err := step(); err != nil {
			m.Close()
			return nil, fmt.Errorf("boot a test machine: %w", err)
		}
	}
	return m, nil
}

func (m *Machine) makeKeyDir() (err error) {
	m.dir, err = os.MkdirTemp("", "hosttest-")
	return err
}

func (m *Machine) startInit() error {
	stdin, alive, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	m.alive = alive
	stdout, ready, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdout.Close()
	var stderr bytes.Buffer
	m.init = exec.Command("sh", "-c", m.base.Init, "init", m.base.Root, "host")
	m.init.Stdin, m.init.Stdout, m.init.Stderr = stdin, ready, &stderr
	m.init.WaitDelay = time.Second
	m.init.SysProcAttr = ownNamespaces()
	err = m.init.Start()
	ready.Close()
	if err != nil {
		m.init = nil
		return fmt.Errorf("make namespaces: %w", err)
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		m.end()
		return fmt.Errorf("mount its file systems: %s", strings.TrimSpace(stderr.String()))
	}
	return nil
}

// Close ends the machine and everything on it.
func (m *Machine) Close() {
	m.end()
	if m.dir != "" {
		os.RemoveAll(m.dir)
	}
}

func (m *Machine) end() {
	if m.alive != nil {
		m.alive.Close()
	}
	if m.init != nil {
		// Process 1 ends by itself when the pipe is closed.
		init := m.init.Process
		late := time.AfterFunc(5*time.Second, func() { _ = init.Kill() })
		_ = m.init.Wait() // how it ended makes no difference
		late.Stop()
		m.init = nil
	}
}

// Init is the process id, outside, of process 1 of the machine's namespaces.
func (m *Machine) Init() int { return m.init.Process.Pid }

// inside returns a command that runs in all namespaces of the machine.
func (m *Machine) inside(args ...string) *exec.Cmd {
	line := append(m.base.Enter(m.init.Process.Pid), args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"}
	return cmd
}

// Exec runs a command on the machine as root and returns its standard output. An
// error has its standard error.
func (m *Machine) Exec(args ...string) (string, error) {
	return run(m.inside(args...))
}

// run returns what a command prints. A child that a command left behind may hold
// its output open; run does not wait for that child.
func run(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, time.Second
	err := cmd.Start()
	if err == nil {
		late := time.AfterFunc(commandPatience, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		err = cmd.Wait()
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return stdout.String(), fmt.Errorf("%s: %w: %s", cmd.Args[len(cmd.Args)-1], err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// Sh runs a shell script on the machine as root and returns its standard output.
func (m *Machine) Sh(script string) string {
	out, err := m.Exec("sh", "-ec", script)
	m.must(err)
	return out
}

// SSH logs in with the real ssh client and the machine's client key, and runs a
// command. It returns standard output.
func (m *Machine) SSH(user string, command ...string) (string, error) {
	if m.opts.Behind != nil {
		return "", errors.New("this machine can be reached through a jump only")
	}
	return run(exec.Command("ssh", m.sshArgs(user, command...)...))
}

func (m *Machine) sshArgs(user string, command ...string) []string {
	args := []string{"-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes",
		"-o", "UserKnownHostsFile=" + m.dir + "/known_hosts", "-o", "ConnectTimeout=20", "-i", m.KeyPath, "-l", user, m.Addr, "--"}
	return append(args, command...)
}

func (m *Machine) must(err error) {
	if err != nil {
		m.fail(err)
	}
}
