package host

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"strconv"
	"sync"
	"time"
)

// Transports.
const (
	TransportSSH   = "ssh"
	TransportLocal = "local"
	TransportImage = "image"
)

// Host key policies.
const (
	PolicyStrict    = "strict"
	PolicyAcceptNew = "accept-new"
	PolicyInsecure  = "insecure"
)

// Spec is everything that is needed to reach one machine, all layers merged and
// all defaults filled in.
type Spec struct {
	Name      string // as the user wrote it, for messages
	Transport string // "ssh", "local", "image"
	Root      string
	Host      string
	Port      int
	User      string

	// AlternateAddresses is where else the machine may answer, host:port each, when
	// nothing does at Address: its port or its address was, or is about to be,
	// changed. Its host keys are looked up as those of Address all the same.
	AlternateAddresses []string
	// ExpectedHostKey is the fingerprint that it must show there under the policy
	// insecure, which knows no other way to tell it from a stranger; "" if none.
	ExpectedHostKey string

	PrivateKey           Secret
	PrivateKeyPath       string
	PrivateKeyPassphrase Secret
	Certificate          string
	Password             Secret
	// Agent is nil when no layer gives it: the agent is then asked only if no
	// other credential was given.
	Agent            *bool
	AgentIdentity    string
	AgentSocket      string
	IdentitiesOnly   bool
	IdentityFiles    []string // nil: the usual ones
	CertificateFiles []string

	HostKeys          []string
	KnownHosts        string
	KnownHostsFiles   []string
	DefaultKnownHosts []string // nil: the usual ones
	SharedKeys        bool     // the keys above count for other machines too
	HostKeyPolicy     string
	HostKeyAlias      string
	CheckHostIP       bool
	// PinnedHostKey is the fingerprint of the key that the machine showed earlier
	// under accept-new, and PinnedHostKeyType its type, "" if that was not recorded.
	// It counts only where nothing else is recorded about the machine.
	PinnedHostKey     string
	PinnedHostKeyType string

	// JumpHost says that the machine is on the way to another one, and Place how the
	// user wrote it, "" for one of an ssh_config. Names is how the user wrote the settings.
	JumpHost bool
	Place    string
	Names    Names

	Jump          []Spec // outermost first
	ProxyCommand  string
	ProxyURL      Secret
	AddressFamily string

	Sudo         bool
	SudoPassword Secret
	SudoUser     string

	ConnectTimeout    time.Duration
	HandshakeTimeout  time.Duration
	CommandTimeout    time.Duration
	ConnectWait       time.Duration
	KeepaliveInterval time.Duration // 0: none; negative: none of TCP either
	KeepaliveCountMax int
	MaxSessions       int
}

// Address is host:port, with brackets where IPv6 needs them.
func (s Spec) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// String is user@host:port, or the transport for machines that are not dialled.
func (s Spec) String() string {
	switch s.Transport {
	case TransportImage:
		return s.Transport + " " + s.Root
	case TransportLocal:
		return s.Transport
	}
	return s.User + "@" + s.Address()
}

// Label names the machine in messages: as the user wrote it and where it is.
func (s Spec) Label() string {
	if s.JumpHost {
		return "jump host " + s.String()
	}
	if s.Name == "" || s.Name == s.Host || s.Name == s.String() || s.Name == s.Address() {
		return s.String()
	}
	return s.Name + " (" + s.String() + ")"
}

// keySecret makes the digests in keys useless outside this process: a password
// could be guessed from a plain digest.
var keySecret = sync.OnceValue(func() []byte {
	secret := make([]byte, sha256.Size)
	rand.Read(secret) // never fails, crypto/rand says so
	return secret
})

// Addresses are those to try, in their order. Those of AlternateAddresses are the host's own
// word: one that is not an address is left out.
func (s Spec) Addresses() []string {
	list := []string{s.Address()}
	for _, address := range s.AlternateAddresses {
		if CheckEndpoint(address) == nil {
			list = append(list, address)
		}
	}
	return list
}

// RouteKey identifies where the machine is and what lies before it, and not as whom or
// how one logs in. It contains no secret.
func (s Spec) RouteKey() string {
	mac := hmac.New(sha256.New, keySecret())
	for _, part := range []string{s.Transport, s.Root, s.Address(), s.ProxyCommand, s.ProxyURL.Reveal()} {
		mac.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	for _, hop := range s.Jump {
		mac.Write([]byte(hop.RouteKey()))
	}
	return hex.EncodeToString(mac.Sum(nil)[:12])
}

// Key identifies the connection: everything that changes who is reached, how,
// and as whom, but not where else the machine may be met. It contains no secret.
func (s Spec) Key() string {
	mac := hmac.New(sha256.New, keySecret())
	s.digestTo(func(part string) { mac.Write([]byte(strconv.Itoa(len(part)) + ":" + part)) })
	return s.String() + "#" + hex.EncodeToString(mac.Sum(nil)[:12])
}

// digestTo feeds every setting to add, and how many jump hosts there are, and theirs.
// What settings are called is not among them: two names for one machine share a
// connection.
func (s Spec) digestTo(add func(string)) {
	for _, d := range settingTable() {
		add(digested(d.value(&s)))
	}
	add(strconv.Itoa(len(s.Jump)))
	for _, hop := range s.Jump {
		hop.digestTo(add)
	}
}

// LogFields are the settings for the log. Of secrets, and of what may hold one, they
// say only whether they are given; and of each setting that the user gave, where.
func (s Spec) LogFields() map[string]any {
	fields := map[string]any{}
	for _, d := range settingTable() {
		value := d.value(&s)
		if d.Secret() || d.unshown {
			value = digested(value) != ""
		}
		if length, ok := value.(time.Duration); ok {
			value = spelled(length)
		}
		if value != nil {
			fields[d.Name] = value
		}
		if as := s.Names[d.Name]; as != "" {
			fields[d.Name+"_from"] = as
		}
	}
	return fields
}

// Direct reports whether the peer of the connection is the machine itself.
func (s Spec) Direct() bool { return len(s.Jump) == 0 && !s.proxied() }

// LastJump returns the spec of the last machine before s, reached through the ones
// before it; ok is false when s is dialled directly. A proxy is on the way to the
// outermost.
func (s Spec) LastJump() (via Spec, ok bool) {
	if len(s.Jump) == 0 {
		return Spec{}, false
	}
	last := len(s.Jump) - 1
	via = s.Jump[last]
	via.Jump = s.Jump[:last]
	via.ProxyCommand, via.ProxyURL = s.ProxyCommand, s.ProxyURL
	via.Names = via.Names.with(s.Names, "proxy_command", "proxy_url")
	return via, true
}

// SilenceLimit is how long a silent peer counts as alive.
func (s Spec) SilenceLimit() time.Duration {
	return s.KeepaliveInterval * time.Duration(s.KeepaliveCountMax+1)
}
