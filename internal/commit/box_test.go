package commit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// box is a machine in a directory, on which the scripts really run.
type box struct {
	t     *testing.T
	dir   string
	shell []string
	clash *ConflictError
	runs  []string // names of the scripts that ran
	// spoil may change a script before it runs, or lose its answer after.
	spoil func(name, script string) string
	lose  func(name string) error
}

func newBox(t *testing.T) *box {
	t.Helper()
	t.Parallel()
	if os.Geteuid() != 0 {
		needed(t, "not root")
	}
	b := &box{t: t, dir: t.TempDir(), shell: []string{"sh"}}
	t.Cleanup(b.reap)
	for _, d := range []string{"etc/ssh/sshd_config.d", "run", "var/lib", "bin"} {
		must(t, os.MkdirAll(b.path(d), 0o755))
	}
	self, err := os.Executable()
	must(t, err)
	must(t, os.Symlink(self, b.path("bin/sshd")))
	b.write("etc/ssh/sshd_config", b.mainText())
	b.write("etc/ssh/sshd_config.d/50-cloud.conf", "ClientAliveInterval 120\n")
	return b
}

// reap ends the watchdogs and daemons that the box still has: they would write
// into a directory that is being removed.
func (b *box) reap() {
	for range 50 {
		left := b.processes()
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// processes are those with a path of the box on their command lines.
func (b *box) processes() []int {
	var found []int
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	must(b.t, err)
	for _, file := range lines {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), b.dir+"/") {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			found = append(found, pid)
		}
	}
	return found
}

// needed skips, or fails where the tests must be complete.
func needed(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("REQUIRE_SSHD") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *box) path(p string) string { return filepath.Join(b.dir, p) }

func (b *box) write(p, text string) {
	b.t.Helper()
	must(b.t, os.WriteFile(b.path(p), []byte(text), 0o644))
}

func (b *box) read(p string) string {
	data, err := os.ReadFile(b.path(p))
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return string(data)
}

func (b *box) mainText() string {
	return fmt.Sprintf("PidFile %s\nLoadedFile %s\nInclude %s/*.conf\nUsePAM yes\n",
		b.path("run/sshd.pid"), b.path("run/loaded"), b.path("etc/ssh/sshd_config.d"))
}

// start runs the daemon until the test ends, and returns when it listens.
func (b *box) start() *exec.Cmd {
	b.t.Helper()
	cmd := exec.Command(b.path("bin/sshd"), "-D", "-f", b.path("etc/ssh/sshd_config"))
	must(b.t, cmd.Start())
	b.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		// The way back may have started another one.
		if pid, err := strconv.Atoi(b.read("run/sshd.pid")); err == nil && pid != cmd.Process.Pid {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	b.await("the daemon listens", func() bool { return b.pid() == cmd.Process.Pid })
	return cmd
}

func (b *box) pid() int {
	pid, _ := strconv.Atoi(b.read("run/sshd.pid"))
	return pid
}

func (b *box) await(what string, done func() bool) {
	b.t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// Run executes a script as a transport does: whole, on standard input.
func (b *box) Run(ctx context.Context, name, script string) (string, string, int, error) {
	b.runs = append(b.runs, name)
	if b.spoil != nil {
		script = b.spoil(name, script)
	}
	cmd := exec.CommandContext(ctx, b.shell[0], append(b.shell[1:], "-s")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second // a child of a killed script may hold its output
	cmd.Stdin = strings.NewReader(script)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if lost := b.lost(name); lost != nil {
		return "", "", 0, lost
	}
	if cmd.ProcessState == nil {
		return "", "", 0, fmt.Errorf("%w: %w", ErrNotRun, err)
	}
	if cmd.ProcessState.ExitCode() < 0 {
		return "", "", 0, fmt.Errorf("the script was killed: %w", err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), nil
}

// startOf puts code at the beginning of a shell function. It fails if no script has
// that function.
func (b *box) startOf(function, code string) {
	head, found := "\n"+function+"() {\n", false
	b.spoil = func(_, script string) string {
		found = found || strings.Contains(script, head)
		return strings.Replace(script, head, head+code+"\n", 1)
	}
	b.t.Cleanup(func() {
		if !found {
			b.t.Errorf("no script has the function %s", function)
		}
	})
}

func (b *box) lost(name string) error {
	if b.lose == nil {
		return nil
	}
	return b.lose(name)
}

const dropIn = "etc/ssh/sshd_config.d/00-sshkeepalive.conf"

// request sets ClientAliveInterval by a drop-in of ours.
func (b *box) request(id, text string) Request {
	run := b.path("run/sshkeepalive")
	r := Request{
		ID: id,
		Base: map[string][]byte{
			b.path("etc/ssh/sshd_config"):                 []byte(b.mainText()),
			b.path("etc/ssh/sshd_config.d/50-cloud.conf"): []byte("ClientAliveInterval 120\n"),
			b.path(dropIn): nil,
		},
		Includes: []string{b.path("etc/ssh/sshd_config.d") + "/*.conf"},
		Changes:  []Change{{Path: b.path(dropIn), New: []byte(text)}},
		StageDir: run + "/" + id,
		SSHD:     b.path("bin/sshd"),
		Checks: []Check{
			{Keyword: "ClientAliveInterval", Values: []string{"60"}},
			{Keyword: "clientaliveinterval", Values: []string{"60"}, Spec: "user=root"},
		},
		Activate:       Activation{Kind: Signal, PIDFile: b.path("run/sshd.pid")},
		ConfirmTimeout: 30 * time.Second,
		lockWait:       20 * time.Second, // patience for a busy machine; no test waits for it
		Layout: Layout{
			Path: b.path("bin") + ":/usr/sbin:/usr/bin:/sbin:/bin",
			Run:  run, State: b.path("var/lib/sshkeepalive"), Etc: b.path("etc"),
		},
	}
	r.Main = r.StageDir + b.path("etc/ssh/sshd_config")
	r.Staged = b.staged(r)
	return r
}

// staged lays the candidate out as reconcile does: the tree with the changes in
// it, and Include lines that lead below the stage directory.
func (b *box) staged(r Request) []StagedFile {
	texts := make(map[string][]byte)
	maps.Copy(texts, r.Base)
	for _, c := range r.Changes {
		texts[c.Path] = c.New
	}
	var out []StagedFile
	for p, text := range texts {
		if text != nil {
			moved := strings.ReplaceAll(string(text), "Include ", "Include "+r.StageDir)
			out = append(out, StagedFile{Path: r.StageDir + p, Data: []byte(moved)})
		}
	}
	return out
}

// loaded is a confirmation that looks at what the daemon has in force.
func (b *box) loaded(want string) Confirm {
	return func(context.Context, Pending) error {
		if got := b.read("run/loaded"); !strings.Contains(got, want+"\n") {
			return fmt.Errorf("the daemon runs %q", got)
		}
		return nil
	}
}

// traces lists whatever a finished change must not leave.
func (b *box) traces() []string {
	var found []string
	err := filepath.WalkDir(b.dir, func(p string, _ fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(b.dir, p)
		if strings.Contains(rel, "sshkeepalive") && rel != dropIn {
			found = append(found, rel)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	must(b.t, err)
	return found
}

func (b *box) noTraces() {
	b.t.Helper()
	// A sleeper that wakes up just now looks whether there is something to do.
	var left []string
	for range 100 {
		if left = b.traces(); len(left) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Errorf("left behind: %v", left)
}
