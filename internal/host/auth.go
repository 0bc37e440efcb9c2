package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// credentials is what one login may offer, loaded before anything is dialled so
// that a key that cannot be read costs the server nothing.
type credentials struct {
	signers  []ssh.Signer
	password Secret
	agent    io.Closer
	held     []ssh.Signer // by the agent
	method   string       // that was used last
	// offered names, in order, what the server was shown.
	offered []string
	// skipped says of key files that need not be there why they are not used.
	skipped  []string
	doubt    string // why the server may refuse the certificate
	withheld error  // why the password is kept from this machine
	asked    string // the last question of keyboard-interactive that was answered
}

// loadCredentials reads keys and asks the agent. What was named explicitly must
// be there; the usual key files and an agent nobody asked for need not.
func loadCredentials(ctx context.Context, s Spec) (*credentials, error) {
	c := &credentials{password: s.Password}
	if err := c.loadKeys(ctx, s); err != nil {
		c.close()
		return nil, err
	}
	if len(c.signers) == 0 && c.password == "" {
		c.close()
		return nil, c.nothing(s)
	}
	return c, nil
}

func (c *credentials) nothing(s Spec) error {
	if len(s.IdentityFiles) > 0 {
		return fmt.Errorf("there is nothing to log in with: no agent with keys, and of the identity files of ssh_config_file none can be used: %s", strings.Join(c.skipped, "; "))
	}
	text := "there is nothing to log in with: no private_key, private_key_path, password, agent with keys, or usual key file"
	for _, why := range c.skipped {
		if !strings.HasSuffix(why, noSuchFile) {
			text += "; " + why
		}
	}
	return errors.New(text)
}

func (c *credentials) loadKeys(ctx context.Context, s Spec) error {
	named := s.PrivateKey != "" || s.PrivateKeyPath != ""
	if s.PrivateKey != "" {
		if err := c.addKey(ctx, s, []byte(s.PrivateKey.Reveal()), "private_key"); err != nil {
			return err
		}
	}
	if s.PrivateKeyPath != "" {
		text, err := os.ReadFile(expandHome(s.PrivateKeyPath))
		if err != nil {
			return fmt.Errorf("read private_key_path: %w", err)
		}
		if err := c.addKey(ctx, s, text, s.PrivateKeyPath); err != nil {
			return err
		}
	}
	for _, file := range s.IdentityFiles {
		c.addIdentity(ctx, s, file)
	}
	// Without a key that is named, identities_only leaves the usual files, as for ssh.
	if err := c.addAgent(ctx, s, named || s.IdentitiesOnly && (s.Agent == nil || s.IdentityFiles != nil)); err != nil {
		return err
	}
	if !named && s.IdentityFiles == nil && s.Agent == nil && s.AgentIdentity == "" && c.password == "" {
		for _, file := range []string{"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"} {
			c.addIdentity(ctx, s, file)
		}
	}
	for _, file := range s.CertificateFiles {
		c.addCertificate(file)
	}
	return c.certify(s)
}

func (c *credentials) addKey(ctx context.Context, s Spec, text []byte, where string) error {
	signer, err := parsePrivateKey(text, s.PrivateKeyPassphrase)
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		if held := c.fromAgent(ctx, s, missing.PublicKey); held != nil {
			c.signers = append(c.signers, held)
			return nil
		}
		return fmt.Errorf("%s is encrypted and private_key_passphrase is not set", where)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	c.signers = append(c.signers, signer)
	return nil
}

// fromAgent is the agent's signer for key, nil if there is none.
func (c *credentials) fromAgent(ctx context.Context, s Spec, key ssh.PublicKey) ssh.Signer {
	if key == nil || s.Agent != nil && !*s.Agent {
		return nil
	}
	signers, err := c.askAgent(ctx, s)
	if err != nil {
		return nil
	}
	for _, signer := range signers {
		if sameKey(signer.PublicKey(), key) {
			return signer
		}
	}
	return nil
}

// addAgent offers keys of the agent: all of them only when nothing narrower was
// asked for, because every wrong one costs a round trip and one of the six tries
// that sshd allows.
func (c *credentials) addAgent(ctx context.Context, s Spec, named bool) error {
	asked := s.AgentIdentity != "" || s.Agent != nil && *s.Agent
	wanted := asked || s.Agent == nil && !named && s.Password == ""
	if !wanted {
		return nil
	}
	signers, err := c.askAgent(ctx, s)
	if err != nil {
		if asked {
			return err
		}
		if s.AgentSocket != "" {
			c.skipped = append(c.skipped, err.Error())
		}
		return nil
	}
	if s.AgentIdentity != "" {
		if signers, err = narrow(signers, s.AgentIdentity); err != nil {
			return err
		}
	} else if s.IdentitiesOnly && named {
		return nil
	}
	for _, signer := range signers {
		c.add(signer)
	}
	return nil
}

// add offers signer unless its key is offered already.
func (c *credentials) add(signer ssh.Signer) {
	if !slices.ContainsFunc(c.signers, func(have ssh.Signer) bool { return sameKey(have.PublicKey(), signer.PublicKey()) }) {
		c.signers = append(c.signers, signer)
	}
}

// askAgent lists the agent's keys. It stays connected for the login; ctx ends the
// wait for an agent that asks its user.
func (c *credentials) askAgent(ctx context.Context, s Spec) ([]ssh.Signer, error) {
	if c.agent != nil {
		return c.held, nil
	}
	socket := s.AgentSocket
	if socket == "" {
		socket = os.Getenv("SSH_AUTH_SOCK")
	}
	if socket == "" {
		return nil, errors.New("the agent was asked for, but neither agent_socket nor SSH_AUTH_SOCK is set")
	}
	var dialer net.Dialer
	link, err := dialer.DialContext(ctx, "unix", expandHome(socket))
	if err != nil {
		return nil, fmt.Errorf("connect to the agent: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = link.Close() })
	c.agent = link
	if c.held, err = agent.NewClient(link).Signers(); err != nil {
		if ctx.Err() != nil {
			err = errors.New("it does not answer")
		}
		return nil, fmt.Errorf("list the keys of the agent %s: %w", socket, err)
	}
	return c.held, nil
}

// narrow picks the key that identity names: a public key, its fingerprint, the
// path of a key file, or a comment.
func narrow(signers []ssh.Signer, identity string) ([]ssh.Signer, error) {
	want := identityKey(identity)
	for _, signer := range signers {
		key := signer.PublicKey()
		if want != nil && sameKey(key, want) || ssh.FingerprintSHA256(key) == identity || ssh.FingerprintLegacyMD5(key) == strings.TrimPrefix(identity, "MD5:") {
			return []ssh.Signer{signer}, nil
		}
		if held, ok := key.(*agent.Key); ok && want == nil && held.Comment == identity {
			return []ssh.Signer{signer}, nil
		}
	}
	return nil, fmt.Errorf("of the %d keys of the agent none is agent_identity = %q: it is a comment, a fingerprint (SHA256:…), a public key, or the path of one", len(signers), identity)
}

// identityKey is the public key that identity spells or points to, nil when it
// is neither and so must be a comment.
func identityKey(identity string) ssh.PublicKey {
	if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(identity)); err == nil {
		return key
	}
	path := expandHome(identity)
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

// methods is what x/crypto may try; it uses only the first method of each kind,
// so all keys are in one.
func (c *credentials) methods() []ssh.AuthMethod {
	var methods []ssh.AuthMethod
	if len(c.signers) > 0 {
		methods = append(methods, ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
			c.method = "publickey"
			for _, signer := range c.signers {
				key := signer.PublicKey()
				c.offered = append(c.offered, key.Type()+" "+ssh.FingerprintSHA256(key))
			}
			return c.signers, nil
		}))
	}
	if c.password != "" {
		methods = append(methods, ssh.PasswordCallback(c.typePassword), ssh.KeyboardInteractive(c.answer))
	}
	return methods
}

func (c *credentials) typePassword() (string, error) {
	c.method = "password"
	if c.withheld != nil {
		return "", c.withheld
	}
	c.offered = append(c.offered, "password")
	return c.password.Reveal(), nil
}

// answer gives the password to the one question that hides its answer, once and
// only if it was not refused as a password before: a second try counts towards
// locking the account. Whatever is asked after that is another question, such as
// for a code, or for a new password because the old one has expired.
func (c *credentials) answer(_, instruction string, questions []string, echos []bool) ([]string, error) {
	c.method = "keyboard-interactive"
	asked := strings.TrimSpace(strings.TrimSpace(instruction) + " " + strings.Join(questions, ""))
	switch {
	case len(questions) == 0:
		return nil, nil
	case c.withheld != nil:
		return nil, c.withheld
	case len(questions) > 1 || echos[0]:
		return nil, fmt.Errorf("the server asks %q, which a password does not answer", asked)
	case slices.Contains(c.offered, "password"), c.asked == asked:
		return nil, errors.New("the server refused the password")
	case c.asked != "":
		return nil, fmt.Errorf("after the password the server asks %q, which we cannot answer", asked)
	}
	c.asked = asked
	c.offered = append(c.offered, "keyboard-interactive")
	return []string{c.password.Reveal()}, nil
}

// latest is the method that was used last, none before any of ours.
func (c *credentials) latest() string { return cmp.Or(c.method, "none") }

func (c *credentials) close() {
	if c.agent != nil {
		_ = c.agent.Close() // it was only read from
		c.agent = nil
	}
}
