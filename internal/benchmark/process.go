package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// command is what a person would type, and how it must end.
type command struct {
	args  []string
	dir   string
	env   []string // besides our own
	stdin string
	exit  int
	never string // what it must not say
}

// patience bounds one command.
const patience = 15 * time.Minute

// took is what a command took of the machine that it ran on.
type took struct {
	wall, cpu time.Duration
	memory    int64 // bytes, at the highest moment that was looked at
}

// measure runs a command to its end, in a process namespace of its own below
// rusage. So processes count that went into the background, as the connections do
// that Ansible leaves behind, and nothing of one run is there in the next.
func (c command) measure(ctx context.Context, rusage string) (took, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", append([]string{"--pid", "--fork", "--mount-proc", "--kill-child", "--", rusage}, c.args...)...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.dir, append(os.Environ(), c.env...), strings.NewReader(c.stdin)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	said, reportEnd, err := os.Pipe()
	if err != nil {
		return took{}, err
	}
	defer said.Close()
	cmd.ExtraFiles = []*os.File{reportEnd}
	err = cmd.Start()
	reportEnd.Close()
	if err != nil {
		return took{}, err
	}
	watched := watch(cmd.Process.Pid)
	err = cmd.Wait()
	t := took{memory: watched.end()}
	if err == nil {
		err = c.judge(&t, said, out.String())
	}
	if err != nil {
		return took{}, fmt.Errorf("%s: %w\n%s", strings.Join(c.args, " "), err, lastBytes(out.String()))
	}
	return t, nil
}

// judge reads what rusage said, and insists on the end that was expected.
func (c command) judge(t *took, said io.Reader, out string) error {
	var report struct {
		Wall, CPU time.Duration
		Status    int
	}
	if err := json.NewDecoder(said).Decode(&report); err != nil {
		return fmt.Errorf("read what it took: %w", err)
	}
	t.wall, t.cpu = report.Wall, report.CPU
	switch {
	case report.Status != c.exit:
		return fmt.Errorf("it ended with status %d, not %d", report.Status, c.exit)
	case c.never != "" && strings.Contains(out, c.never):
		return fmt.Errorf("it said %q", c.never)
	}
	return nil
}

func lastBytes(s string) string { return s[max(0, len(s)-4000):] }

// watcher looks at the memory of a process namespace from time to time.
type watcher struct {
	stop    chan struct{}
	highest chan int64
}

func watch(unshare int) watcher {
	w := watcher{make(chan struct{}), make(chan int64)}
	go w.look(unshare)
	return w
}

func (w watcher) end() (highest int64) {
	close(w.stop)
	return <-w.highest
}

// look takes no more than a twentieth of a core from what it looks at.
func (w watcher) look(unshare int) {
	var highest int64
	pause := 20 * time.Millisecond
	for {
		select {
		case <-w.stop:
			w.highest <- highest
			return
		case <-time.After(pause):
		}
		began := time.Now()
		highest = max(highest, memoryBelow(unshare))
		pause = max(20*time.Millisecond, 20*time.Since(began))
	}
}

// memoryBelow adds up what is in memory of the processes in the namespace that
// unshare(1) made, pages that several share once, but for rusage. A process that
// has just gone counts nothing.
func memoryBelow(unshare int) (sum int64) {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", unshare))
	first := strings.TrimSpace(string(children))
	// Before it becomes the command, its /proc is that of the whole machine.
	if name, err := os.ReadFile("/proc/" + first + "/comm"); err != nil || first == "" || string(name) == "unshare\n" {
		return 0
	}
	found, _ := filepath.Glob("/proc/" + first + "/root/proc/[0-9]*/smaps_rollup")
	for _, name := range found {
		if filepath.Base(filepath.Dir(name)) != "1" {
			sum += proportional(name)
		}
	}
	return sum
}

// proportional is the line Pss of a file smaps_rollup.
func proportional(name string) int64 {
	data, _ := os.ReadFile(name)
	_, rest, _ := strings.Cut(string(data), "\nPss:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	n, _ := strconv.ParseInt(kilobytes, 10, 64)
	return n << 10
}
