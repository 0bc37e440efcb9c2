package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind says what sort of failure an Error is; it decides whether trying again
// can help.
type Kind string

// The kinds of failure.
const (
	Config         Kind = "config"           // a setting that cannot work
	Unreachable    Kind = "unreachable"      // name, route or port did not answer
	ProxyDenied    Kind = "proxy denied"     // a proxy or jump host refuses to forward to the machine
	Throttled      Kind = "throttled"        // sshd refuses connections for now
	NotSSH         Kind = "not ssh"          // something else answers on the port
	Negotiation    Kind = "negotiation"      // no algorithm in common
	HostKeyUnknown Kind = "host key unknown" // nothing recorded for this host
	HostKeyChanged Kind = "host key changed" // recorded keys, none of them offered
	HostKeyRevoked Kind = "host key revoked"
	Auth           Kind = "authentication refused"
	HandshakeLost  Kind = "handshake lost" // cut between identification and login
	SessionLimit   Kind = "session limit"  // no session although we waited
	SingleSession  Kind = "single session" // one session per connection, ever
	LoginShell     Kind = "login shell"    // the account ran something else
	Escalation     Kind = "escalation"     // could not become root
	Killed         Kind = "killed"         // the script was ended by a signal
	Output         Kind = "output"         // more output than we keep
	Lost           Kind = "connection lost"
	NoExitStatus   Kind = "no exit status" // session ended, connection alive
	Timeout        Kind = "timeout"
	Canceled       Kind = "canceled"
)

// Phase says how far a connection or a script had come.
type Phase string

// The phases, in order.
const (
	PhaseResolve  Phase = "resolve"
	PhaseTCP      Phase = "connect"
	PhaseIdent    Phase = "identification"
	PhaseKex      Phase = "key exchange"
	PhaseHostKey  Phase = "host key"
	PhaseAuth     Phase = "authentication"
	PhaseOpen     Phase = "open session"
	PhaseEscalate Phase = "become root"
	PhaseExec     Phase = "start script"
	PhaseRemote   Phase = "run script"
	PhaseIdle     Phase = "sit idle"
)

// Error is a machine that could not be reached or a script that did not end by
// itself.
type Error struct {
	Kind  Kind
	Phase Phase
	Host  string // the machine as the user named it, and its address
	// Address is the host:port of the machine that the error is about, which may be
	// a jump host; "" where none was to be dialled.
	Address string
	User    string
	Names   Names // how the user wrote the settings of that machine
	// Script is the name of the script that was to run, "" while connecting.
	Script string
	// MayHaveRun says that the script may have run, in part or to its end.
	MayHaveRun bool
	ExitCode   *int
	Signal     string
	Stderr     string // what the machine said, the end of it
	PreIdent   string // what came instead of or before its "SSH-2.0-…"
	Attempts   int
	Elapsed    time.Duration
	Handshake  HandshakeInfo // how far the attempt to log in came, while connecting

	// Host keys as fingerprints; RecordedAt is file:line or "host_keys[0]".
	OfferedKey, RecordedKey, RecordedAt string
	HostKey                             *HostKeyFacts // what else there is to know about a refused one, else nil

	Login *LoginFacts // what a login that was refused was tried with, else nil

	Err error

	Masker *Masker // of the secrets that the machine, or what is on the way to it, was given
}

// Error says what we were doing, to which machine, and what happened. What comes
// from the machine is made harmless for terminals, and secrets that it repeats are
// masked.
func (e *Error) Error() string { return Printable(e.text()) }

func (e *Error) text() string {
	var b strings.Builder
	b.WriteString(e.Host + ": ")
	if e.Script != "" {
		b.WriteString(e.Script + ": ")
	}
	b.WriteString(string(e.Phase) + ": " + e.Summary())
	if e.PreIdent != "" {
		fmt.Fprintf(&b, ": the peer said %q", e.PreIdent)
	}
	if text := strings.TrimSpace(e.Masker.Mask(e.Stderr)); text != "" {
		b.WriteString(": " + clipped(text))
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts in %s)", e.Attempts, e.Elapsed.Round(100*time.Millisecond))
	}
	if e.MayHaveRun {
		b.WriteString(" (the script may have run)")
	}
	return b.String()
}

// Summary is what happened. A machine may send messages of any length.
func (e *Error) Summary() string {
	const limit = 4000
	return Truncate(e.Masker.Mask(e.Err.Error()), limit)
}

// Truncate is the first bytes of text, and where there are more, says so. Text is
// masked before it is cut.
func Truncate(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return fmt.Sprintf("%s … (%d bytes more)", text[:limit], len(text)-limit)
}

// clipped leaves out the middle of a long text: a ForceCommand that cannot run our
// script quotes it as a whole.
func clipped(text string) string {
	const head, tail = 300, 500
	runes := []rune(text)
	if len(runes) <= head+tail {
		return text
	}
	return fmt.Sprintf("%s … (%d characters) … %s", string(runes[:head]), len(runes)-head-tail, string(runes[len(runes)-tail:]))
}

func (e *Error) Unwrap() error { return e.Err }

// Named is e with the machine, and its settings, called as asked calls them, if e is
// about it. Several settings may lead to one machine, which met is one of, and share
// what is known of it: a host that one resource manages and others jump through.
func (e *Error) Named(asked, met Spec) *Error {
	if e.Host != met.Label() {
		return e
	}
	mine := *e
	mine.Host, mine.Names = asked.Label(), asked.Names
	called := renaming(met.Names, asked.Names)
	mine.RecordedAt = called.Replace(e.RecordedAt)
	if text := e.Err.Error(); called.Replace(text) != text {
		mine.Err = &renamedError{e.Err, called}
	}
	if e.HostKey != nil {
		facts := *e.HostKey
		facts.JumpHost, facts.Place, facts.Given = asked.JumpHost, asked.Place, called.Replace(facts.Given)
		mine.HostKey = &facts
	}
	return &mine
}

// renamedError is an error that calls settings by other names.
type renamedError struct {
	err    error
	called *strings.Replacer
}

func (e *renamedError) Error() string { return e.called.Replace(e.err.Error()) }
func (e *renamedError) Unwrap() error { return e.err }

// renaming replaces the names of settings. Those that could be words of a text are
// replaced in backquotes only.
func renaming(from, to Names) *strings.Replacer {
	var pairs []string
	for _, setting := range slices.Sorted(maps.Keys(from)) {
		old, as := from[setting], to.Written(setting)
		pairs = append(pairs, "`"+old+"`", "`"+as+"`")
		if strings.ContainsAny(old, "._") {
			pairs = append(pairs, old, as)
		}
	}
	return strings.NewReplacer(pairs...)
}

// WithoutSecrets returns e with its secrets masked for good, so that it can be kept
// when they are not.
func (e *Error) WithoutSecrets() *Error {
	mine := *e
	if text := e.Masker.Mask(e.Err.Error()); text != e.Err.Error() {
		mine.Err = &maskedError{text, e.Err}
	}
	mine.Stderr, mine.Masker = e.Masker.Mask(e.Stderr), nil
	return &mine
}

// maskedError is an error with its secrets masked; what it wraps keeps its type.
type maskedError struct {
	text string
	err  error
}

func (e *maskedError) Error() string { return e.text }
func (e *maskedError) Unwrap() error { return e.err }

// Connecting reports whether no login had happened yet.
func (e *Error) Connecting() bool {
	switch e.Phase {
	case PhaseResolve, PhaseTCP, PhaseIdent, PhaseKex, PhaseHostKey, PhaseAuth:
		return true
	}
	return false
}

// Transient reports whether dialling again may help.
func (e *Error) Transient() bool {
	switch e.Kind {
	case Unreachable, Throttled, HandshakeLost:
		return true
	case Timeout:
		return e.Connecting()
	}
	return false
}

// ContextKind is the kind of a context that has ended.
func ContextKind(ctx context.Context) Kind {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return Timeout
	}
	return Canceled
}

// About is e without what was found out about another machine: a jump host.
func (e *Error) About(spec Spec) *Error {
	if e.Host != spec.Label() {
		e.Handshake = HandshakeInfo{}
	}
	return e
}
