package hosttest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Oracle runs the programs of one Debian release on files that a test makes up.
// A run costs little more than the program itself.
type Oracle struct {
	machine *Machine
	root    string // of the machine, as this process sees it
	fail    func(error)
	mu      sync.Mutex // one set of files at a time
}

// Binary makes an oracle that lives as long as the test. Below its /etc/ssh are
// host keys and nothing else.
func Binary(t testing.TB, release string) *Oracle {
	t.Helper()
	m := Start(t, Options{Release: release, NoDaemon: true})
	m.Sh("cd /etc/ssh && rm -rf sshd_config ssh_config sshd_config.d/* ssh_config.d/*")
	return &Oracle{machine: m, root: "/proc/" + strconv.Itoa(m.init.Process.Pid) + "/root", fail: m.fail}
}

// Run lays out files at their absolute paths, runs a program (args[0]: "sshd",
// "ssh", "ssh-keygen", "sh", or an absolute path) as root, and puts everything
// back. The exit status is -1 when the program was killed.
func (o *Oracle) Run(files map[string][]byte, args ...string) (stdout, stderr string, exit int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.layOut(files)
	defer before.restore(o.must)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.resolve(args[0]), args[1:]...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"}
	cmd.Dir = "/"
	// Going through chroot instead of nsenter saves two processes a run; sshd -T
	// does not look at the process tree.
	cmd.SysProcAttr = chrootTo(o.root)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exitErr := new(exec.ExitError); err != nil && !errors.As(err, &exitErr) {
		o.must(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func (o *Oracle) resolve(program string) string {
	switch {
	case strings.HasPrefix(program, "/"):
		return program
	case program == "sshd": // insists on an absolute path
		return "/usr/sbin/sshd"
	}
	return "/usr/bin/" + program
}

func (o *Oracle) must(err error) {
	if err != nil {
		o.fail(err)
	}
}

// leftovers is what restore needs to undo layOut.
type leftovers struct {
	old  map[string][]byte // files that were there
	made []string          // files and directories that did not exist before, oldest first
}

func (o *Oracle) layOut(files map[string][]byte) leftovers {
	t := leftovers{old: map[string][]byte{}}
	for name, data := range files {
		path := filepath.Join(o.root, name)
		o.must(t.makeDir(o.root, filepath.Dir(path)))
		switch old, err := os.ReadFile(path); {
		case err == nil:
			t.old[path] = old
		case errors.Is(err, fs.ErrNotExist):
			t.made = append(t.made, path)
		default:
			o.must(err)
		}
		o.must(os.WriteFile(path, data, 0o600))
	}
	return t
}

func (t *leftovers) makeDir(root, dir string) error {
	if _, err := os.Stat(dir); err == nil || len(dir) <= len(root) {
		return err
	}
	if err := t.makeDir(root, filepath.Dir(dir)); err != nil {
		return err
	}
	t.made = append(t.made, dir)
	return os.Mkdir(dir, 0o755)
}

func (t *leftovers) restore(must func(error)) {
	for path, data := range t.old {
		must(os.WriteFile(path, data, 0o600))
	}
	for _, path := range slices.Backward(t.made) {
		must(os.Remove(path))
	}
}
