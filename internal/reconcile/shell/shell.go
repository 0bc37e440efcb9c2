// Package shell has what the scripts of every kind share: functions of shell for them to
// call, what quotes and packs a script, and the parser of what they report.
//
// It knows how a host is asked. It must not know what is asked.
package shell

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// The functions that scripts begin with.
var (
	// Files reports: say, identify, bound, send, mounts.
	//go:embed files.sh
	Files string
	// Includes tells which files a file includes. It needs Files.
	//go:embed includes.sh
	Includes string
	// Old tells whether an OpenSSH is one before 8.7.
	//go:embed old.sh
	Old string
	// Exposed reports a path that is not safe. It needs Files and commit.OwnedSource.
	//go:embed exposed.sh
	Exposed string
	// Listening tells which processes listen at sockets.
	//go:embed listening.sh
	Listening string
	// Sum digests.
	//go:embed sum.sh
	Sum string
)

// Quote makes s one word of a POSIX shell.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Flag assigns a variable of a script that is empty or not.
func Flag(name string, set bool) string {
	if set {
		return name + "=1; "
	}
	return name + "=; "
}

// Pack makes one line of scripts that were written for it: each line ends where a blank
// may follow, no word has a semicolon or an operator between blanks, and a program for
// awk stands between a line that calls awk and ends in a quote, and one that begins with
// }'. A script of one line travels on the
// exec line, which costs two round trips instead of three, and a short one fits into the
// window with which TCP begins. Comments go, and blanks that separate nothing.
func Pack(scripts ...string) string {
	var words []string
	awk := false
	for line := range strings.Lines(strings.Join(scripts, "")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		switch {
		case strings.HasPrefix(line, "}'"):
			awk = false
		case awk:
			line = tightAwk.Replace(line)
		default:
			awk = strings.Contains(line, "awk ") && strings.HasSuffix(line, "'")
		}
		words = append(words, line)
	}
	return tight.Replace(strings.Join(words, " "))
}

// tight leaves out blanks that separate nothing in a shell, tightAwk those in awk.
var (
	tight    = strings.NewReplacer("; ", ";", " ;; ", ";;", " || ", "||", " && ", "&&")
	tightAwk = strings.NewReplacer(" == ", "==", " != ", "!=", " <= ", "<=", " && ", "&&", " || ", "||", ", ", ",", " + ", "+", " - ", "-", "; i++) ", ";i++)", " = i; ", "=i; ")
)

// Run runs a script that never fails by itself.
func Run(ctx context.Context, h host.Host, s host.Script) (host.Result, error) {
	res, err := h.Run(ctx, s)
	if err == nil && res.Exit != 0 {
		err = fmt.Errorf("the script %q ended with status %d: %s", s.Name, res.Exit, lastLines(res.Stderr))
	}
	return res, err
}

// ChangedError is a file that another process wrote while a script read it.
type ChangedError struct{ Text string }

func (e *ChangedError) Error() string { return e.Text }

// Ask runs s as Run does and has parse take what it printed. Where that ends in a
// ChangedError it asks again, twice at most: a change by another run of Terraform, a
// package or an editor writes a file once and is over.
func Ask(ctx context.Context, h host.Host, s host.Script, parse func(stdout string) error) error {
	for trial := 1; ; trial++ {
		res, err := Run(ctx, h, s)
		if err != nil {
			return err
		}
		if err = parse(res.Stdout); err == nil {
			return nil
		}
		if trial == 3 || !errors.As(err, new(*ChangedError)) {
			return WithStderr(err, res)
		}
		select {
		case <-ctx.Done():
			return WithStderr(err, res)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// WithStderr adds to err what the host's programs said beside their report.
func WithStderr(err error, res host.Result) error {
	if text := lastLines(res.Stderr); text != "" {
		return fmt.Errorf("%w; the host said: %s", err, text)
	}
	return err
}

// lastLines is what of a program's stderr fits into a message.
func lastLines(s string) string {
	s = strings.TrimSpace(s)
	const limit = 2000
	if len(s) > limit {
		s = "…" + s[len(s)-limit:]
	}
	return s
}
