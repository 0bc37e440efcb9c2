//go:build linux

// Command rusage runs a command as process 1 of a process namespace and reports its
// resource usage on file descriptor 3: of all its processes, including those in the
// background, which end with it. It knows nothing about the command.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func main() {
	report := os.NewFile(3, "report")
	syscall.CloseOnExec(3)
	wall, status, err := run(os.Args[1:])
	if err == nil {
		err = endTheRest()
	}
	var children syscall.Rusage
	err = errors.Join(err, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children))
	if err == nil {
		err = json.NewEncoder(report).Encode(map[string]int64{
			"Wall": int64(wall), "CPU": children.Utime.Nano() + children.Stime.Nano(), "Status": int64(status),
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rusage:", err)
		os.Exit(1)
	}
}

// run waits for the command, and for every orphan that ends before it does.
func run(args []string) (wall time.Duration, status int, err error) {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	p, err := os.StartProcess(path, args, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err != nil {
		return 0, 0, err
	}
	for {
		var end syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &end, 0, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, 0, err
		case pid == p.Pid:
			return time.Since(began), end.ExitStatus(), nil
		}
	}
}

// endTheRest ends what is left. It must be waited for here: what the kernel itself
// removes when process 1 of a namespace ends is not counted for any process.
func endTheRest() error {
	if err := syscall.Kill(-1, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
		return err
	}
	for {
		_, err := syscall.Wait4(-1, nil, 0, nil)
		if err == syscall.ECHILD {
			return nil
		}
		if err != nil && err != syscall.EINTR {
			return err
		}
	}
}
