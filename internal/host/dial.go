package host

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
)

// route opens the byte stream to a machine: TCP, or a channel of a jump host.
type route func(ctx context.Context, address string) (net.Conn, error)

// direct dials TCP with keepalive probes of its own: they notice a dead path even
// where the peer does not answer requests of SSH.
func direct(s Spec) route {
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
			userTimeout(c, s.deadAfter())
		}
		return c, nil
	}
}

func network(s Spec) string {
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
	spec    Spec
	address string
	trust   trust
	creds   *credentials
	version string // our identification
	wire    *wire
	// requests are those that concern no channel, once we are in.
	requests <-chan *ssh.Request
	masker   func() *Masker
	phase    atomic.Pointer[Phase]
	moments  moments

	hops    []HostKey // on the way
	hostKey ssh.PublicKey
	verdict error
	allowed []string // methods that the server would accept, as it last said
	offers  []string // the same, as it first said
	passed  []string // methods that were not enough by themselves
	banner  string   // what it told us after we offered something
	// passwordFirst has the password tried before keys.
	passwordFirst bool
}

// loginRequest is what a login needs to know.
type loginRequest struct {
	spec    Spec
	address string // of the machine, host:port
	trust   trust
	route   route
	version string        // our identification
	signing time.Duration // how long an agent may take to sign
	// release gives the way to the machine back when the connection ends. It is not
	// called if there is none.
	release func()
}

// login dials the machine and logs in. The error is an *Error.
func login(ctx context.Context, r loginRequest) (*conn, error) {
	h := &handshake{spec: r.spec, address: r.address, trust: r.trust, version: r.version, masker: sync.OnceValue(r.spec.masker)}
	h.enter(PhaseTCP)
	var err error
	agentCtx, release := context.WithCancel(ctx)
	defer release()
	if h.creds, err = loadCredentials(agentCtx, r.spec, r.signing); err != nil {
		return nil, h.fail(ctx, Config, PhaseAuth, err)
	}
	defer h.creds.close()
	client, err := h.meet(ctx, r.route)
	for refused := err; err != nil && h.askAgain(ctx); {
		if client, err = h.meet(ctx, r.route); err != nil {
			err = refused // what the machine prefers to show says more than what else it has
		}
	}
	if err != nil && h.passwordWaits(err) {
		h.passwordFirst = true
		client, err = h.meet(ctx, r.route)
	}
	if err != nil {
		return nil, err
	}
	return newConn(ctx, loggedIn{
		spec: h.spec, client: client, wire: h.wire, requests: h.requests, masker: h.masker, release: r.release, handshake: h.meeting(),
		identity: Identity{
			HostKeySHA256: fingerprint(h.hostKey), KeyType: plainOf(h.hostKey).Type(), ServerVersion: string(client.ServerVersion()), Address: h.address, Hops: h.hops,
		},
	}), nil
}

// passwordWaits reports whether the server ended the login after so many keys that
// the password had no turn. ssh ends there; one that is given is worth a connection.
func (h *handshake) passwordWaits(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Login != nil && e.Login.Exhausted && h.creds.maySendPassword() &&
		(slices.Contains(h.allowed, methodPassword) || slices.Contains(h.allowed, methodInteractive))
}

// askAgain reports whether the machine is to be asked for another one of its keys.
func (h *handshake) askAgain(ctx context.Context) bool {
	var e *Error
	if ctx.Err() != nil || h.verdict == nil || errors.As(h.verdict, &e) && e.Kind == HostKeyRevoked {
		return false
	}
	next, worth := h.trust.again(h.hostKey)
	h.trust, h.verdict = next, nil
	return worth
}

func (h *handshake) meet(ctx context.Context, r route) (*ssh.Client, error) {
	link, err := h.connect(ctx, r)
	if err != nil {
		return nil, err
	}
	if through, ok := link.(*channel); ok {
		h.hops = through.hops
	}
	h.wire = newWire(link)
	client, err := h.negotiate(ctx)
	if err != nil {
		_ = link.Close() // the attempt has failed, and why is in err
		return nil, err
	}
	return client, nil
}

func (h *handshake) connect(ctx context.Context, r route) (net.Conn, error) {
	dialCtx, cancel := context.WithTimeout(ctx, h.spec.ConnectTimeout)
	defer cancel()
	h.moments.began, h.moments.linked = time.Now(), time.Time{}
	h.moments.key.Store(nil)
	link, err := r(dialCtx, h.address)
	if err == nil {
		h.moments.linked = time.Now()
		return link, nil
	}
	var known *Error
	if errors.As(err, &known) {
		return nil, known
	}
	var barred *barredError
	if errors.As(err, &barred) {
		return nil, h.fail(ctx, ProxyDenied, PhaseTCP, err)
	}
	// The dialer may notice the deadline before the context does.
	if ctx.Err() == nil && (dialCtx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded)) {
		err = fmt.Errorf("%sno answer within %s = %s", throughWhat(err), h.spec.as("connect_timeout"), h.spec.ConnectTimeout)
	}
	phase := PhaseTCP
	var dns *net.DNSError
	if errors.As(err, &dns) {
		phase = PhaseResolve
	}
	return nil, h.fail(ctx, Unreachable, phase, err)
}

// negotiate runs the handshake under its own deadline. A deadline on the socket
// would race with the error that it causes, and a channel of a jump host has
// none, so the link is closed instead and the cause judged by the context.
func (h *handshake) negotiate(ctx context.Context) (*ssh.Client, error) {
	hctx, limit := newLimit(ctx, h.spec.HandshakeTimeout)
	defer limit.release()
	h.creds.begin(limit, h.passwordFirst)
	h.allowed, h.offers, h.passed, h.banner = nil, nil, nil, ""
	stop := context.AfterFunc(hctx, func() { _ = h.wire.Close() })
	h.enter(PhaseIdent)
	c, channels, requests, err := ssh.NewClientConn(h.wire, h.address, h.config())
	// stop reports false when the link was closed under a handshake that had
	// just succeeded.
	if !stop() || err != nil {
		return nil, h.judge(ctx, hctx, err)
	}
	h.moments.done = time.Now()
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
		Config:            algorithms(),
		User:              h.spec.User,
		AuthCallback:      h.nextMethod,
		BannerCallback:    h.hear,
		ClientVersion:     h.version,
		HostKeyAlgorithms: h.trust.algorithms(),
		HostKeyCallback:   h.shown,
	}
}

// shown judges the key that the host has proved to have.
func (h *handshake) shown(name string, remote net.Addr, key ssh.PublicKey) error {
	note := func(key ssh.PublicKey, verdict error) {
		h.hostKey, h.verdict = key, verdict
		h.creds.state.withheld = h.trust.withheld(key)
		now := time.Now()
		h.moments.key.Store(&now)
		h.enter(PhaseAuth)
	}
	if err := checkKeyLength(key); err != nil {
		note(key, err)
		return err
	}
	return h.trust.callback(h.spec.direct(), note)(name, remote, key)
}

// algorithms are those that x/crypto holds for secure, without SHA-1, which it still
// counts among them for the MAC of old servers. OpenSSH has better ones since 5.9
// (2011).
func algorithms() ssh.Config {
	secure := ssh.SupportedAlgorithms()
	macs := slices.DeleteFunc(secure.MACs, func(name string) bool { return name == ssh.HMACSHA1 })
	return ssh.Config{KeyExchanges: secure.KeyExchanges, Ciphers: secure.Ciphers, MACs: macs}
}

// nextMethod is asked before each attempt to log in but that of the method none.
func (h *handshake) nextMethod(a *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	if h.offers == nil {
		h.offers = a.AllowedMethods
		h.creds.state.server, _ = h.wire.said()
	}
	h.allowed, h.passed = a.AllowedMethods, a.PartialSuccessMethods
	// x/crypto goes on after every error, and what it returns at the end is only the
	// latest one.
	method := h.creds.next(a)
	if method != nil && h.wire.ended.Load() {
		return nil, io.ErrUnexpectedEOF
	}
	return method, nil
}

// hear keeps what PAM says about this login, such as that the account has expired
// or that the machine is still booting: sshd then hangs up without another word.
// What comes before is the text of /etc/issue.net, which says nothing.
func (h *handshake) hear(text string) error {
	if h.creds.offering() {
		h.banner = beginning(strings.TrimSpace(h.masker().Mask(text)), bannerLimit)
	}
	return nil
}

// How much of a text is told that came instead of an answer.
const (
	bannerLimit = 500
	beforeLimit = 300
)

func (h *handshake) enter(p Phase) { h.phase.Store(&p) }

// judge says what a failed handshake was: first by whether we were told to stop,
// then by our own verdict, the phase, the type, and by text last.
func (h *handshake) judge(ctx, hctx context.Context, err error) *Error {
	ident, before := h.wire.said()
	phase := *h.phase.Load()
	if phase == PhaseIdent && ident != "" {
		phase = PhaseKex
	}
	var negotiation *ssh.AlgorithmNegotiationError
	var ended *commandError
	switch {
	case ctx.Err() != nil:
		return h.fail(ctx, Canceled, phase, ctx.Err())
	case hctx.Err() != nil:
		return h.fail(ctx, Timeout, phase, fmt.Errorf("no end within %s = %s", h.spec.as("handshake_timeout"), h.spec.HandshakeTimeout))
	case h.verdict != nil:
		return h.refused()
	case phase == PhaseIdent && before == "" && errors.As(err, &ended) && ended.notFound():
		return h.fail(ctx, Config, PhaseTCP, ended)
	case phase == PhaseIdent && before == "" && ended != nil:
		return h.fail(ctx, Unreachable, PhaseTCP, ended)
	case phase == PhaseIdent && turnedAway(before):
		return h.fail(ctx, Throttled, phase, errors.New("the server refuses connections for now"))
	case phase == PhaseIdent && before == "" && isCut(err):
		return h.fail(ctx, Throttled, phase, fmt.Errorf("the server closed the connection before it said anything: %w", err))
	case phase == PhaseIdent && beginsIdent(before) && isCut(err):
		return h.fail(ctx, HandshakeLost, phase, fmt.Errorf("the server closed the connection in the middle of its identification: %w", err))
	case phase == PhaseIdent:
		return h.fail(ctx, NotSSH, phase, errors.New("what answers on this port is not an SSH server"))
	case shortKeyRefused(err):
		return h.fail(ctx, Negotiation, PhaseHostKey, fmt.Errorf("the host key is too short: %w", err))
	case errors.As(err, &negotiation):
		return h.fail(ctx, Negotiation, PhaseKex, negotiation)
	case phase == PhaseKex && !strings.HasPrefix(ident, "SSH-2.0-") && !strings.HasPrefix(ident, "SSH-1.99-"):
		return h.fail(ctx, Negotiation, phase, fmt.Errorf("the server speaks another version of the protocol: %q", ident))
	case isCut(err) && h.creds.signedSlowly():
		return h.denied(ctx, fmt.Errorf("the server closed the connection while the agent was asked for a signature: %w", err))
	case isCut(err) && h.creds.state.passwordSent:
		// sshd may hang up on a wrong password that was the last try, without the message
		// that says so. The password is not sent again.
		return h.denied(ctx, fmt.Errorf("the server closed the connection after the password was sent: %w", err))
	case isCut(err) && h.banner != "":
		return h.fail(ctx, HandshakeLost, phase, fmt.Errorf("%sthe server says %q: %w", h.creds.hungUpAfter(), h.banner, err))
	case isCut(err) && phase == PhaseAuth:
		return h.fail(ctx, HandshakeLost, phase, fmt.Errorf("%s%w", h.creds.hungUpAfter(), err))
	case isCut(err):
		return h.fail(ctx, HandshakeLost, phase, err)
	case phase == PhaseAuth && !leaving(err):
		return h.denied(ctx, err)
	case phase == PhaseAuth:
		return h.fail(ctx, HandshakeLost, phase, err)
	}
	return h.fail(ctx, NotSSH, phase, fmt.Errorf("what answers on this port calls itself %q, but does not speak SSH: %w", ident, err))
}

// refused completes the verdict about the host key.
func (h *handshake) refused() *Error {
	var e *Error
	if !errors.As(h.verdict, &e) {
		e = &Error{Kind: HostKeyUnknown, Phase: PhaseHostKey, Err: h.verdict}
	}
	return h.complete(e)
}

// fail builds an error about this attempt; a context that has ended overrules
// kind, because the failure is then only its echo.
func (h *handshake) fail(ctx context.Context, kind Kind, phase Phase, err error) *Error {
	if ctx.Err() != nil {
		kind, err = ctxKind(ctx), ctx.Err()
	}
	return h.complete(&Error{Kind: kind, Phase: phase, Err: err})
}

func (h *handshake) complete(e *Error) *Error {
	e.Host, e.User, e.Names, e.Address, e.Attempts = h.spec.label(), h.spec.User, h.spec.Names, h.address, 1
	e.masker = h.masker()
	if h.wire != nil {
		ident, before := h.wire.said()
		e.ServerIdent = ident
		if ident == "" {
			e.PreIdent = beginning(e.masker.Mask(before), beforeLimit)
		}
	}
	e.Handshake = h.meeting()
	return e
}

// turnedAway knows what sshd says when MaxStartups or PerSourcePenalties refuse a
// connection; both until 9.7 and after.
func turnedAway(text string) bool {
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
func (h *handshake) denied(ctx context.Context, err error) *Error {
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
	if exhausted || isCut(err) {
		text += ": " + err.Error()
	}
	e := h.fail(ctx, Auth, PhaseAuth, errors.New(text))
	if e.Kind == Auth {
		e.Login = facts
	}
	return e
}
