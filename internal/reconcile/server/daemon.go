package server

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// lost takes what the script says about a daemon that it could not identify. Where
// the user named the file, the script goes on.
func (r *report) lost(arg string) {
	reason, detail, _ := strings.Cut(arg, " ")
	r.doubt = &reconcile.NoDaemonError{Reason: reconcile.Reason(reason), Detail: detail}
	switch r.doubt.Reason {
	case reconcile.CutTitle:
		length, shown, _ := strings.Cut(detail, " ")
		r.doubt.Detail = shown
		r.length, _ = strconv.Atoi(length) // 0 fits nothing
	case reconcile.NoListener:
		name, pid, _ := strings.Cut(detail, " ")
		r.doubt.Detail = fmt.Sprintf("but by %s, process %s", name, pid)
	}
}

// identified is nil if the daemon is known, or the user's file is what it may read.
func (r *report) identified(greeting, configFile string, fresh bool) error {
	d := r.doubt
	if d == nil {
		return nil
	}
	if d.Reason == reconcile.NoSession && greeting != "" && !strings.Contains(greeting, "OpenSSH") {
		d.Detail = "the server calls itself " + strings.TrimPrefix(greeting, "SSH-2.0-")
	}
	if configFile == "" {
		return d
	}
	switch d.Reason {
	case reconcile.NoSession, reconcile.TwoReadings, reconcile.NoFile:
		return nil
	case reconcile.NoListener:
		if fresh {
			return nil
		}
	case reconcile.CutTitle:
		if completes(d.Detail, r.length, configFile) {
			return nil
		}
	}
	return d
}

// completes reports whether a command line of length bytes that begins with shown
// can be one that ends in -f and this file. No option is hidden then.
func completes(shown string, length int, file string) bool {
	return slices.ContainsFunc([]string{"f " + file, "f" + file}, func(end string) bool {
		from := length - len(end)
		return from > 0 && len(shown) >= from && strings.HasPrefix(end, shown[from:]) && strings.HasPrefix(lastWord(shown[:from]), "-")
	})
}

func lastWord(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

// birth is when the daemon was started, in nanoseconds, from its ticks since the
// boot and the second of that. A tick is a hundredth of a second on every Linux
// that has an sshd to be managed.
func birth(arg string) (int64, error) {
	ticks, boot, _ := strings.Cut(arg, " ")
	t, err := strconv.ParseUint(ticks, 10, 38)
	b, other := strconv.ParseUint(boot, 10, 32)
	if err := errors.Join(err, other); err != nil {
		return 0, fmt.Errorf("when the daemon was started, in the report of facts: %w", err)
	}
	return int64(b)*int64(time.Second) + int64(t)*int64(10*time.Millisecond), nil
}

// activation says how the running daemon is made to load its files. The unit is the
// one whose main process systemd says the daemon is: ssh.service is not called that
// everywhere, its alias sshd.service does not exist under ssh.socket, and a
// supervisor has a unit of its own.
func (r *report) activation() commit.Activation {
	a := commit.Activation{Kind: commit.None, PID: r.seen.Facts.Daemon.PID, PIDFile: r.pidFile}
	if a.PID == 0 {
		return a
	}
	a.Kind = commit.Signal
	switch r.initSys {
	case "systemd":
		if a.Unit = r.unit; a.Unit == "" {
			break
		}
		a.Kind = commit.Systemd
		for _, socket := range r.sockets {
			accept, wakes, _ := strings.Cut(socket, " ")
			if accept == "no" && slices.Contains(strings.Fields(wakes), a.Unit) {
				a.Kind = commit.Socket
			}
		}
	case "openrc":
		a.Kind, a.Unit = commit.OpenRC, r.service
	case "rcd":
		a.Kind, a.Unit = commit.RCD, r.service
	}
	return a
}
