package login

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// SigningLimit is how long an agent may take to sign, which may wait for a touch or
// for a click. sshd itself gives a whole login as much (LoginGraceTime 120).
const SigningLimit = 2 * time.Minute

// agentLink is the connection to an agent for the time of one login.
type agentLink struct {
	link     net.Conn
	socket   string
	keys     []agentKey
	patience time.Duration
	gone     error // why the agent is not asked any more
}

// agentKey is a key, or a certificate, that an agent holds.
type agentKey struct {
	public  ssh.PublicKey
	comment string
	signer  ssh.AlgorithmSigner
}

var errNoAgent = errors.New("no agent can be asked: SSH_AUTH_SOCK is not set")

// openAgent lists the keys of the agent that s names. ctx ends the connection, and
// limit the wait for the list.
func openAgent(ctx context.Context, s host.Spec, limit, patience time.Duration) (*agentLink, error) {
	socket := s.AgentSocket
	if socket == "" {
		socket = os.Getenv("SSH_AUTH_SOCK")
	}
	if socket == "" {
		return nil, s.Invalid(askedBy(s), errNoAgent)
	}
	listing, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var dialer net.Dialer
	link, err := dialer.DialContext(listing, "unix", host.ExpandHome(socket))
	if err != nil {
		return nil, aboutAgent(s, fmt.Errorf("connect to the agent: %w", err))
	}
	context.AfterFunc(ctx, func() { _ = link.Close() })
	stop := context.AfterFunc(listing, func() { _ = link.Close() })
	defer stop()
	l := &agentLink{link: link, socket: socket, patience: patience}
	if err := l.list(); err != nil {
		_ = link.Close()
		if listing.Err() != nil {
			err = errors.New("it does not answer")
		}
		return nil, aboutAgent(s, fmt.Errorf("list the keys of the agent %s: %w", socket, err))
	}
	return l, nil
}

// askedBy is the setting that asks for an agent.
func askedBy(s host.Spec) string {
	if s.AgentIdentity != "" {
		return "agent_identity"
	}
	return "agent"
}

// aboutAgent is an error about the socket of the agent.
func aboutAgent(s host.Spec, err error) error {
	if s.AgentSocket == "" {
		return &host.SettingError{Name: "SSH_AUTH_SOCK", Err: err}
	}
	return s.Invalid("agent_socket", err)
}

func (l *agentLink) list() error {
	signers, err := agent.NewClient(l.link).Signers()
	if err != nil {
		return err
	}
	for _, signer := range signers {
		held, ok := signer.PublicKey().(*agent.Key)
		algorithmSigner, can := signer.(ssh.AlgorithmSigner)
		if !ok || !can {
			continue
		}
		// A kind of key that we do not know is passed over, as ssh does.
		if public, err := ssh.ParsePublicKey(held.Blob); err == nil {
			l.keys = append(l.keys, agentKey{public, held.Comment, algorithmSigner})
		}
	}
	return nil
}

// sign has the agent sign, for as long as its user may take. An agent that was not
// waited for to the end is not asked again: its answer would come to another
// question.
func (l *agentLink) sign(key ssh.AlgorithmSigner, data []byte, algorithm string) (*ssh.Signature, error) {
	if l.gone != nil {
		return nil, l.gone
	}
	type answer struct {
		signature *ssh.Signature
		err       error
	}
	answers := make(chan answer, 1)
	go func() {
		signature, err := key.SignWithAlgorithm(nil, data, algorithm)
		answers <- answer{signature, err}
	}()
	timer := time.NewTimer(l.patience)
	defer timer.Stop()
	select {
	case a := <-answers:
		if a.err != nil {
			// Not wrapped: the end of the agent is not that of the connection.
			return nil, fmt.Errorf("the agent refused to sign (%s)", a.err.Error())
		}
		return a.signature, nil
	case <-timer.C:
		l.gone = fmt.Errorf("the agent did not sign within %s", l.patience)
		_ = l.link.Close()
		return nil, l.gone
	}
}

// named returns the key that identity names: a public key, its fingerprint, the
// path of a key file, or a comment.
func (l *agentLink) named(identity string) (agentKey, error) {
	want := identityKey(identity)
	for _, held := range l.keys {
		if want != nil && knownhosts.SameKey(held.public, want) || ssh.FingerprintSHA256(held.public) == identity ||
			ssh.FingerprintLegacyMD5(held.public) == strings.TrimPrefix(identity, "MD5:") || want == nil && held.comment == identity {
			return held, nil
		}
	}
	return agentKey{}, fmt.Errorf("of the %d keys of the agent none is %q: write a comment, a fingerprint (SHA256:…), a public key, or the path of one", len(l.keys), identity)
}

// identityKey is the public key that identity spells or points to, nil when it
// is neither and so must be a comment.
func identityKey(identity string) ssh.PublicKey {
	if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(identity)); err == nil {
		return key
	}
	path := host.ExpandHome(identity)
	for _, file := range []string{path + ".pub", path} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if key, _, _, _, err := ssh.ParseAuthorizedKey(text); err == nil {
			return key
		}
		if signer, err := ssh.ParsePrivateKey(text); err == nil {
			return signer.PublicKey()
		}
	}
	return nil
}

func (l *agentLink) close() {
	if l != nil {
		_ = l.link.Close() // it was only read from
	}
}
