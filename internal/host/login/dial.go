// Package login makes SSH connections: it dials, goes through proxies and jump hosts,
// and authenticates, once per call.
//
// It must not know when to try again, nor what the connection is for.
package login

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// Route opens the byte stream to a machine: TCP, or a channel of a jump host.
type Route func(ctx context.Context, address string) (net.Conn, error)

// Direct dials TCP with keepalive probes of its own: they notice a dead path even
// where the peer does not answer requests of SSH.
func Direct(s host.Spec) Route {
	return func(ctx context.Context, address string) (net.Conn, error) {
		dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: 3}}
		if s.KeepaliveInterval < 0 {
			dialer = net.Dialer{KeepAlive: -1}
		}
		c, err := dialer.DialContext(ctx, network(s), address)
		if err != nil {
			return nil, err
		}
		if s.KeepaliveInterval > 0 {
			conn.SetUserTimeout(c, s.SilenceLimit())
		}
		return c, nil
	}
}

func network(s host.Spec) string {
	switch s.AddressFamily {
	case "inet":
		return "tcp4"
	case "inet6":
		return "tcp6"
	}
	return "tcp"
}

// handshake is one attempt to log in to one machine.
type handshake struct {
	spec    host.Spec
	address string
	checker hostkey.Checker
	creds   *credentials
	version string // our identification
	stream  *conn.Stream
	// requests are those that concern no channel, once we are in.
	requests <-chan *ssh.Request
	masker   func() *host.Masker
	phase    atomic.Pointer[host.Phase]
	timings  timings

	hops    []host.HostKey // on the way
	hostKey ssh.PublicKey
	verdict error
	allowed []string // methods that the server would accept, as it last said
	offers  []string // the same, as it first said
	passed  []string // methods that were not enough by themselves
	banner  string   // what it told us after we offered something
	// passwordFirst has the password tried before keys.
	passwordFirst bool
}

// Request is what a login needs to know.
type Request struct {
	Spec         host.Spec
	Address      string // of the machine, host:port
	Checker      hostkey.Checker
	Route        Route
	Version      string        // our identification
	SigningLimit time.Duration // how long an agent may take to sign
	// Release gives the way to the machine back when the connection ends. It is not
	// called if there is none.
	Release func()
}

// Dial dials the machine and logs in. The error is an *Error.
func Dial(ctx context.Context, r Request) (*conn.Conn, error) {
	h := &handshake{spec: r.Spec, address: r.Address, checker: r.Checker, version: r.Version, masker: sync.OnceValue(r.Spec.Masker)}
	h.enter(host.PhaseTCP)
	var err error
	agentCtx, release := context.WithCancel(ctx)
	defer release()
	if h.creds, err = loadCredentials(agentCtx, r.Spec, r.SigningLimit); err != nil {
		return nil, h.fail(ctx, host.Config, host.PhaseAuth, err)
	}
	defer h.creds.close()
	client, err := h.try(ctx, r.Route)
	for refused := err; err != nil && h.askAgain(ctx); {
		if client, err = h.try(ctx, r.Route); err != nil {
			err = refused // what the machine prefers to show says more than what else it has
		}
	}
	if err != nil && h.passwordWaits(err) {
		h.passwordFirst = true
		client, err = h.try(ctx, r.Route)
	}
	if err != nil {
		return nil, err
	}
	return conn.New(ctx, conn.Login{
		Spec: h.spec, Client: client, Stream: h.stream, Requests: h.requests, Masker: h.masker, Release: r.Release, Handshake: h.info(),
		Identity: host.Identity{
			HostKeySHA256: knownhosts.Fingerprint(h.hostKey), KeyType: knownhosts.Plain(h.hostKey).Type(), ServerVersion: string(client.ServerVersion()), Address: h.address, Hops: h.hops,
		},
	}), nil
}

// passwordWaits reports whether the server ended the login after so many keys that
// the password had no turn. ssh ends there; one that is given is worth a connection.
func (h *handshake) passwordWaits(err error) bool {
	var e *host.Error
	return errors.As(err, &e) && e.Login != nil && e.Login.Exhausted && h.creds.maySendPassword() &&
		(slices.Contains(h.allowed, host.MethodPassword) || slices.Contains(h.allowed, host.MethodInteractive))
}

// askAgain reports whether the machine is to be asked for another one of its keys.
func (h *handshake) askAgain(ctx context.Context) bool {
	var e *host.Error
	if ctx.Err() != nil || h.verdict == nil || errors.As(h.verdict, &e) && e.Kind == host.HostKeyRevoked {
		return false
	}
	next, worth := h.checker.Next(h.hostKey)
	h.checker, h.verdict = next, nil
	return worth
}

func (h *handshake) try(ctx context.Context, r Route) (*ssh.Client, error) {
	link, err := h.connect(ctx, r)
	if err != nil {
		return nil, err
	}
	if through, ok := link.(*channel); ok {
		h.hops = through.hops
	}
	h.stream = conn.NewStream(link)
	client, err := h.negotiate(ctx)
	if err != nil {
		_ = link.Close() // the attempt has failed, and why is in err
		return nil, err
	}
	return client, nil
}

func (h *handshake) connect(ctx context.Context, r Route) (net.Conn, error) {
	dialCtx, cancel := context.WithTimeout(ctx, h.spec.ConnectTimeout)
	defer cancel()
	h.timings.began, h.timings.linked = time.Now(), time.Time{}
	h.timings.key.Store(nil)
	link, err := r(dialCtx, h.address)
	if err == nil {
		h.timings.linked = time.Now()
		return link, nil
	}
	if known, ok := errors.AsType[*host.Error](err); ok {
		return nil, known
	}
	if _, ok := errors.AsType[*permanentError](err); ok {
		return nil, h.fail(ctx, host.ProxyDenied, host.PhaseTCP, err)
	}
	// The dialer may notice the deadline before the context does.
	if ctx.Err() == nil && (dialCtx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded)) {
		err = fmt.Errorf("%sno answer within %s = %s", host.ProxyPrefix(err), h.spec.Quoted("connect_timeout"), h.spec.ConnectTimeout)
	}
	phase := host.PhaseTCP
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		phase = host.PhaseResolve
	}
	return nil, h.fail(ctx, host.Unreachable, phase, err)
}

// negotiate runs the handshake under its own deadline. A deadline on the socket
// would race with the error that it causes, and a channel of a jump host has
// none, so the link is closed instead and the cause judged by the context.
func (h *handshake) negotiate(ctx context.Context) (*ssh.Client, error) {
	hctx, limit := newLimit(ctx, h.spec.HandshakeTimeout)
	defer limit.release()
	h.creds.begin(limit, h.passwordFirst)
	h.allowed, h.offers, h.passed, h.banner = nil, nil, nil, ""
	stop := context.AfterFunc(hctx, func() { _ = h.stream.Close() })
	h.enter(host.PhaseIdent)
	c, channels, requests, err := ssh.NewClientConn(h.stream, h.address, h.config())
	// stop reports false when the link was closed under a handshake that had
	// just succeeded.
	if !stop() || err != nil {
		return nil, h.judge(ctx, hctx, err)
	}
	h.timings.done = time.Now()
	h.requests = requests
	return ssh.NewClient(c, channels, noRequests()), nil
}

// noRequests is what a client is given whose requests its conn answers.
func noRequests() <-chan *ssh.Request {
	none := make(chan *ssh.Request)
	close(none)
	return none
}

func (h *handshake) config() *ssh.ClientConfig {
	return &ssh.ClientConfig{
		Config:            Algorithms(),
		User:              h.spec.User,
		AuthCallback:      h.nextMethod,
		BannerCallback:    h.keepBanner,
		ClientVersion:     h.version,
		HostKeyAlgorithms: h.checker.Algorithms(),
		HostKeyCallback:   h.shown,
	}
}

// shown judges the key that the host has proved to have.
func (h *handshake) shown(name string, remote net.Addr, key ssh.PublicKey) error {
	note := func(key ssh.PublicKey, verdict error) {
		h.hostKey, h.verdict = key, verdict
		h.creds.state.withheld = h.checker.PasswordWithheld(key)
		now := time.Now()
		h.timings.key.Store(&now)
		h.enter(host.PhaseAuth)
	}
	if err := hostkey.CheckLength(key); err != nil {
		note(key, err)
		return err
	}
	return h.checker.Callback(h.spec.Direct(), note)(name, remote, key)
}

// Algorithms are those that x/crypto holds for secure, without SHA-1, which it still
// counts among them for the MAC of old servers. OpenSSH has better ones since 5.9
// (2011).
func Algorithms() ssh.Config {
	secure := ssh.SupportedAlgorithms()
	macs := slices.DeleteFunc(secure.MACs, func(name string) bool { return name == ssh.HMACSHA1 })
	return ssh.Config{KeyExchanges: secure.KeyExchanges, Ciphers: secure.Ciphers, MACs: macs}
}

// nextMethod is asked before each attempt to log in but that of the method none.
func (h *handshake) nextMethod(a *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	if h.offers == nil {
		h.offers = a.AllowedMethods
		h.creds.state.server, _ = h.stream.Ident()
	}
	h.allowed, h.passed = a.AllowedMethods, a.PartialSuccessMethods
	// x/crypto goes on after every error, and what it returns at the end is only the
	// latest one.
	method := h.creds.next(a)
	if method != nil && h.stream.Ended.Load() {
		return nil, io.ErrUnexpectedEOF
	}
	return method, nil
}

// keepBanner keeps what PAM says about this login, such as that the account has expired
// or that the machine is still booting: sshd then hangs up without another word.
// What comes before is the text of /etc/issue.net, which says nothing.
func (h *handshake) keepBanner(text string) error {
	if h.creds.offering() {
		h.banner = host.Truncate(strings.TrimSpace(h.masker().Mask(text)), bannerLimit)
	}
	return nil
}

// How much of a text is told that came instead of an answer.
const (
	bannerLimit = 500
	beforeLimit = 300
)

func (h *handshake) enter(p host.Phase) { h.phase.Store(&p) }

// judge says what a failed handshake was: first by whether we were told to stop,
// then by our own verdict, the phase, the type, and by text last.
func (h *handshake) judge(ctx, hctx context.Context, err error) *host.Error {
	ident, before := h.stream.Ident()
	phase := *h.phase.Load()
	if phase == host.PhaseIdent && ident != "" {
		phase = host.PhaseKex
	}
	var negotiation *ssh.AlgorithmNegotiationError
	switch {
	case ctx.Err() != nil:
		return h.fail(ctx, host.Canceled, phase, ctx.Err())
	case hctx.Err() != nil:
		return h.fail(ctx, host.Timeout, phase, fmt.Errorf("no end within %s = %s", h.spec.Quoted("handshake_timeout"), h.spec.HandshakeTimeout))
	case h.verdict != nil:
		return h.refused()
	case phase == host.PhaseIdent:
		return h.judgeIdentification(ctx, before, err)
	case hostkey.IsShortKeyError(err):
		return h.fail(ctx, host.Negotiation, host.PhaseHostKey, fmt.Errorf("the host key is too short: %w", err))
	case errors.As(err, &negotiation):
		return h.fail(ctx, host.Negotiation, host.PhaseKex, negotiation)
	case phase == host.PhaseKex && !strings.HasPrefix(ident, "SSH-2.0-") && !strings.HasPrefix(ident, "SSH-1.99-"):
		return h.fail(ctx, host.Negotiation, phase, fmt.Errorf("the server speaks another version of the protocol: %q", ident))
	case conn.IsClosed(err):
		return h.judgeClosed(ctx, phase, err)
	case phase == host.PhaseAuth && !leaving(err):
		return h.denied(ctx, err)
	case phase == host.PhaseAuth:
		return h.fail(ctx, host.HandshakeLost, phase, err)
	}
	return h.fail(ctx, host.NotSSH, phase, fmt.Errorf("what answers on this port calls itself %q, but does not speak SSH: %w", ident, err))
}

// judgeIdentification says what it was when no identification came; before is what came
// instead.
func (h *handshake) judgeIdentification(ctx context.Context, before string, err error) *host.Error {
	var ended *host.ProxyCommandError
	switch {
	case before == "" && errors.As(err, &ended) && ended.NotFound():
		return h.fail(ctx, host.Config, host.PhaseTCP, ended)
	case before == "" && ended != nil:
		return h.fail(ctx, host.Unreachable, host.PhaseTCP, ended)
	case isThrottleBanner(before):
		return h.fail(ctx, host.Throttled, host.PhaseIdent, errors.New("the server refuses connections for now"))
	case before == "" && conn.IsClosed(err):
		return h.fail(ctx, host.Throttled, host.PhaseIdent, fmt.Errorf("the server closed the connection before it said anything: %w", err))
	case beginsIdent(before) && conn.IsClosed(err):
		return h.fail(ctx, host.HandshakeLost, host.PhaseIdent, fmt.Errorf("the server closed the connection in the middle of its identification: %w", err))
	}
	return h.fail(ctx, host.NotSSH, host.PhaseIdent, errors.New("what answers on this port is not an SSH server"))
}

// judgeClosed says what it was when the server closed the connection after its
// identification.
func (h *handshake) judgeClosed(ctx context.Context, phase host.Phase, err error) *host.Error {
	switch {
	case h.creds.signedSlowly():
		return h.denied(ctx, fmt.Errorf("the server closed the connection while the agent was asked for a signature: %w", err))
	case h.creds.state.passwordSent:
		// sshd may hang up on a wrong password that was the last try, without the message
		// that says so. The password is not sent again.
		return h.denied(ctx, fmt.Errorf("the server closed the connection after the password was sent: %w", err))
	case h.banner != "":
		return h.fail(ctx, host.HandshakeLost, phase, fmt.Errorf("%sthe server says %q: %w", h.creds.hungUpAfter(), h.banner, err))
	case phase == host.PhaseAuth:
		return h.fail(ctx, host.HandshakeLost, phase, fmt.Errorf("%s%w", h.creds.hungUpAfter(), err))
	}
	return h.fail(ctx, host.HandshakeLost, phase, err)
}

// refused completes the verdict about the host key.
func (h *handshake) refused() *host.Error {
	var e *host.Error
	if !errors.As(h.verdict, &e) {
		e = &host.Error{Kind: host.HostKeyUnknown, Phase: host.PhaseHostKey, Err: h.verdict}
	}
	return h.complete(e)
}

// fail builds an error about this attempt; a context that has ended overrules
// kind, because the failure is then only its echo.
func (h *handshake) fail(ctx context.Context, kind host.Kind, phase host.Phase, err error) *host.Error {
	if ctx.Err() != nil {
		kind, err = host.ContextKind(ctx), ctx.Err()
	}
	return h.complete(&host.Error{Kind: kind, Phase: phase, Err: err})
}

func (h *handshake) complete(e *host.Error) *host.Error {
	e.Host, e.User, e.Names, e.Address, e.Attempts = h.spec.Label(), h.spec.User, h.spec.Names, h.address, 1
	e.Masker = h.masker()
	if h.stream != nil {
		if ident, before := h.stream.Ident(); ident == "" {
			e.PreIdent = host.Truncate(e.Masker.Mask(before), beforeLimit)
		}
	}
	e.Handshake = h.info()
	return e
}

// isThrottleBanner knows what sshd says when MaxStartups or PerSourcePenalties refuse a
// connection; both until 9.7 and after.
func isThrottleBanner(text string) bool {
	return strings.Contains(text, "Exceeded MaxStartups") || strings.Contains(text, "Not allowed at this time")
}

// beginsIdent reports whether text ends with the beginning of an identification
// line.
func beginsIdent(text string) bool {
	line := text[strings.LastIndexByte(text, '\n')+1:]
	return line != "" && (strings.HasPrefix(line, "SSH-") || strings.HasPrefix("SSH-", line))
}

// leaving recognises the disconnect messages that are not about credentials; their
// type is not exported. Reason 2 with these words is MaxAuthTries, 14 is RFC
// 4253's "no more auth methods available".
func leaving(err error) bool {
	text := err.Error()
	return strings.Contains(text, "ssh: disconnect, reason ") &&
		!strings.Contains(text, "authentication failures") && !strings.Contains(text, "ssh: disconnect, reason 14:")
}

// denied is the error about a login that the server did not accept.
func (h *handshake) denied(ctx context.Context, err error) *host.Error {
	exhausted := strings.Contains(err.Error(), "authentication failures")
	facts := h.loginFacts(exhausted)
	parts := []string{fmt.Sprintf("user %s was refused", h.spec.User)}
	nothing := len(facts.Offers) == 0 && h.creds.password == ""
	if nothing {
		parts = append(parts, h.creds.nothing(h.spec))
	}
	text := parts[0] + ": " + strings.Join(append(parts[1:], facts.String()), "; ")
	if !nothing && len(facts.Unused) > 0 {
		text += "; not used: " + strings.Join(facts.Unused, "; ")
	}
	if facts.CertProblem != "" {
		text += "; " + facts.CertProblem
	}
	if h.banner != "" {
		text += fmt.Sprintf("; the server says %q", h.banner)
	}
	if exhausted || conn.IsClosed(err) {
		text += ": " + err.Error()
	}
	e := h.fail(ctx, host.Auth, host.PhaseAuth, errors.New(text))
	if e.Kind == host.Auth {
		e.Login = facts
	}
	return e
}
