package exec

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
)

// command is a program on a machine, over SSH or local.
type command interface {
	// start begins with the given outputs; the returned writer is its standard
	// input, which is closed at once when feed is false.
	start(argv []string, stdout, stderr io.Writer, feed bool) (io.WriteCloser, error)
	// wait returns how the process ended. On a dead link it may never return.
	wait() (process.Exit, error)
	// kill gives the process up without waiting.
	kill()
}

// execution is one program running as one process.
type execution struct {
	program program
	out     process.Output
	errs    process.Output
	sent    atomic.Bool // the whole script has left us
	second  atomic.Bool // sudo asked for the password twice
}

func newExecution(p program) *execution {
	return &execution{program: p, out: process.Output{Limit: stdoutLimit, Full: make(chan struct{})}, errs: process.Output{Limit: stderrLimit, Tail: true}}
}

// run starts the program and waits for the end of the script, of the process, or
// of ctx, whichever is first. It returns as soon as both end marks are in: a
// child that the script left behind may hold the outputs open for longer.
func (d *execution) run(ctx context.Context, p command) (process.Exit, error) {
	outEnd, _ := d.out.Await(d.program.marks.end)
	errEnd, _ := d.errs.Await(d.program.marks.end)
	type result struct {
		ending process.Exit
		err    error
	}
	done := make(chan result, 1)
	go func() {
		end, err := d.start(ctx, p)
		done <- result{end, err}
	}()
	for outEnd != nil || errEnd != nil {
		select {
		case r := <-done:
			return r.ending, r.err
		case <-ctx.Done():
			go p.kill() // on a dead link even saying goodbye blocks
			return process.Exit{}, ctx.Err()
		case <-d.out.Full:
			go p.kill()
			return process.Exit{}, nil
		case <-outEnd:
			outEnd = nil
		case <-errEnd:
			errEnd = nil
		}
	}
	select {
	case r := <-done:
		return r.ending, r.err
	case <-time.After(time.Second):
		go p.kill()
	case <-ctx.Done():
		go p.kill()
	}
	return process.Exit{}, nil
}

// start is the dialogue: start, the password if sudo asks, the script, the end.
func (d *execution) start(ctx context.Context, p command) (process.Exit, error) {
	prompt, again := d.errs.Await(d.program.marks.prompt)
	ready, _ := d.out.Await(d.program.marks.ready)
	feed := d.program.stdin != ""
	if !feed {
		d.sent.Store(true)
	}
	stdin, err := p.start(d.program.argv, &d.out, &d.errs, feed)
	if err != nil {
		return process.Exit{}, err
	}
	ended := make(chan struct{})
	defer close(ended)
	switch {
	case !feed:
	case d.program.password == "":
		go d.send(stdin)
	default:
		go d.answerSudo(ctx, p, stdin, prompt, again, ready, ended)
	}
	return p.wait()
}

// send writes the script. Nothing of it runs before its last line is there, so
// that one which was cut off before may safely be sent again.
func (d *execution) send(stdin io.WriteCloser) {
	body, call := d.program.stdin[:len(d.program.stdin)-len(mainCall)], mainCall
	// A failure to write shows as the end of the process, with its reason.
	if _, err := io.WriteString(stdin, body); err == nil {
		d.sent.Store(true)
		_, _ = io.WriteString(stdin, call)
	}
	_ = stdin.Close()
}

// answerSudo gives sudo the password when it asks, and the script to the shell that
// sudo starts, never the other way round: a sudo that needs no password would
// leave the password to the shell, and one that refuses it would take lines of
// the script for further tries.
func (d *execution) answerSudo(ctx context.Context, p command, stdin io.WriteCloser, prompt, again, ready, ended <-chan struct{}) {
	for {
		select {
		case <-prompt:
			prompt = nil
			_, _ = io.WriteString(stdin, d.program.password.Reveal()+"\n")
		case <-again:
			d.second.Store(true)
			p.kill()
			return
		case <-ready:
			d.send(stdin)
			return
		case <-ended:
			return
		case <-ctx.Done():
			return
		}
	}
}

// judge turns what was captured into a result, or says why there is none.
func (d *execution) judge(end process.Exit, err error) (host.Result, *host.Error) {
	out, overflow := d.out.Text()
	errs, _ := d.errs.Text()
	m := d.program.marks
	head, body, begun := strings.Cut(out, m.begin+"\n")
	_, stderr, marked := strings.Cut(errs, m.begin+"\n")
	if !marked {
		stderr = errs
	}
	stderr, _, _ = strings.Cut(stderr, m.end)
	if overflow && !begun {
		return host.Result{}, d.fail(host.Output, host.PhaseExec, "", fmt.Errorf("the login shell printed more than %d MiB and did not begin the script", stdoutLimit>>20))
	}
	if !begun {
		return host.Result{}, d.neverBegan(head, stderr, end, err)
	}
	body, exit, ended := cutEnd(body, m.end)
	switch {
	case overflow:
		return host.Result{}, d.fail(host.Output, host.PhaseRemote, stderr, fmt.Errorf("the script printed more than %d MiB", stdoutLimit>>20))
	case ended:
		return host.Result{Stdout: body, Stderr: stderr, Exit: exit}, nil
	case err != nil:
		return host.Result{}, d.fail(host.NoExitStatus, host.PhaseRemote, stderr, err)
	case end.Signal != "":
		e := d.fail(host.Killed, host.PhaseRemote, stderr, fmt.Errorf("the script was ended by signal %s", end.Signal))
		e.Signal = end.Signal
		return host.Result{}, e
	}
	e := d.fail(host.Killed, host.PhaseRemote, stderr, fmt.Errorf("the shell ended with status %d before the end of the script", end.Code))
	e.ExitCode = &end.Code
	return host.Result{}, e
}

// cutEnd removes the last line, which is the exit status and the end mark, and
// the line end that we put before it.
func cutEnd(body, mark string) (text string, exit int, found bool) {
	at := strings.LastIndex(body, " "+mark)
	if at < 0 {
		return body, 0, false
	}
	line := strings.LastIndexByte(body[:at], '\n')
	if line < 0 {
		return body, 0, false
	}
	exit, err := strconv.Atoi(body[line+1 : at])
	return body[:line], exit, err == nil
}

// neverBegan explains a script that did not start: no root, sudo, or a login
// shell that does something else.
func (d *execution) neverBegan(out, errs string, end process.Exit, err error) *host.Error {
	m := d.program.marks
	_, afterLogin, obeyed := strings.Cut(out, m.login+"\n")
	said := strings.TrimSpace(out + "\n" + errs)
	if obeyed {
		said = strings.TrimSpace(afterLogin + "\n" + errs)
	}
	said = strings.ReplaceAll(strings.ReplaceAll(said, m.prompt, ""), m.ready+"\n", "")
	var e *host.Error
	switch {
	case strings.Contains(out, m.noRoot):
		e = d.fail(host.Escalation, host.PhaseEscalate, errs, host.NewRootError(host.SudoNotEnabled, "the script needs root and this account is not root"))
	case d.program.escalates && obeyed && d.second.Load():
		e = d.fail(host.Escalation, host.PhaseEscalate, "", host.NewRootError(host.SudoWrongPassword, "sudo did not accept the password"))
	case d.program.escalates && obeyed && err == nil:
		e = d.fail(host.Escalation, host.PhaseEscalate, said, d.explainSudo(said, end))
	case err != nil:
		e = d.fail(host.NoExitStatus, host.PhaseExec, said, err)
	default:
		e = d.fail(host.LoginShell, host.PhaseExec, said, fmt.Errorf("the login shell did not start the script (status %d)", end.Code))
	}
	if err == nil {
		// The process is over, and the script would have said that it began.
		e.MayHaveRun = false
		e.ExitCode = &end.Code
	}
	return e
}

// progress is how far a script came that we no longer wait for, and what it, or
// what is in its way, said on standard error.
func (d *execution) progress() (host.Phase, string) {
	errs, _ := d.errs.Text()
	if _, said, begun := strings.Cut(errs, d.program.marks.begin+"\n"); begun {
		return host.PhaseRemote, said
	}
	out, _ := d.out.Text()
	said := strings.ReplaceAll(errs, d.program.marks.prompt, "")
	if d.program.escalates && strings.Contains(out, d.program.marks.login+"\n") {
		return host.PhaseEscalate, said
	}
	return host.PhaseExec, said
}

func (d *execution) fail(kind host.Kind, phase host.Phase, stderr string, err error) *host.Error {
	return &host.Error{Kind: kind, Phase: phase, Stderr: stderr, MayHaveRun: d.sent.Load(), Err: err}
}

// Limits of what one script may print. Standard output beyond its limit is a
// failure, because half a file is not a fact, and ends the script: 8 MiB are a
// hundred times what the largest configuration that we have met comes to, and
// little enough to be held for many hosts at once. Of standard error the end is kept,
// for as long as the script may run.
const (
	stdoutLimit = 8 << 20
	stderrLimit = 64 << 10
)
