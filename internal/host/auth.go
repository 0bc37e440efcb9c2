package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// credentials is what one login may offer, loaded before anything is dialled so
// that a key that cannot be read costs the server nothing.
type credentials struct {
	keys     []*candidate // in the order of their offers
	password Secret
	agent    *agentLink // nil if none is asked
	// unused says of keys that are not offered why, absent says which of the usual
	// files do not exist.
	unused, absent []string
	certificate    *ssh.Certificate // that the user named
	course         course
}

// usualKeyFiles are the files that ssh tries when none is configured, in its order.
var usualKeyFiles = []string{"~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ecdsa_sk", "~/.ssh/id_ed25519", "~/.ssh/id_ed25519_sk"}

// loadCredentials reads keys and asks the agent. What was named explicitly must
// be there; the usual key files and an agent that was not asked for need not.
func loadCredentials(ctx context.Context, s Spec, patience time.Duration) (*credentials, error) {
	c := &credentials{password: s.Password}
	if err := c.load(ctx, s, patience); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *credentials) load(ctx context.Context, s Spec, patience time.Duration) error {
	named, err := namedKeys(s)
	if err != nil {
		return err
	}
	if err := c.openAgent(ctx, s, named, patience); err != nil {
		return err
	}
	var files []ownKey
	switch {
	case s.IdentityFiles != nil:
		files = c.ownFiles(s, s.IdentityFiles)
	case len(named) == 0 && s.AgentIdentity == "":
		files = c.ownFiles(s, usualKeyFiles)
	}
	return c.arrange(s, named, files)
}

// namedKeys are those of private_key and private_key_path.
func namedKeys(s Spec) ([]ownKey, error) {
	var named []ownKey
	if s.PrivateKey != "" {
		key := ownKey{from: s.Names.Written("private_key"), setting: "private_key"}
		key.parse(s, []byte(s.PrivateKey.Reveal()))
		named = append(named, key)
	}
	if s.PrivateKeyPath != "" {
		key := readKey(s, s.PrivateKeyPath)
		key.setting = "private_key_path"
		if key.fault != nil && key.fault.Error() == noSuchFile {
			return nil, s.wrong(key.setting, fmt.Errorf("%s: %s", s.PrivateKeyPath, noSuchFile))
		}
		named = append(named, key)
	}
	return named, nil
}

// openAgent asks the agent unless that is of no use: a key that was named needs no
// other one.
func (c *credentials) openAgent(ctx context.Context, s Spec, named []ownKey, patience time.Duration) error {
	asked := s.AgentIdentity != "" || s.Agent != nil && *s.Agent
	unsigned := slices.ContainsFunc(named, func(k ownKey) bool { return k.able() == nil })
	if !asked && (s.Agent != nil || len(named) > 0 && !unsigned) {
		return nil
	}
	link, err := openAgent(ctx, s, s.HandshakeTimeout+s.ConnectTimeout, patience)
	switch {
	case err == nil:
		c.agent = link
	case asked:
		return err
	case !errors.Is(err, errNoAgent):
		c.unused = append(c.unused, err.Error())
	}
	return nil
}

// arrange puts all keys in the order in which ssh offers them: the certificates
// that are named, the agent's keys that are in one of the files, the agent's other
// keys, the files. A key that was named comes before those of the agent.
func (c *credentials) arrange(s Spec, named, files []ownKey) error {
	for _, key := range named {
		if key.able() == nil && c.held(key.public) == nil {
			return s.unusable(key)
		}
	}
	own := append(slices.Clip(named), files...)
	if err := c.addCertificates(s, own); err != nil {
		return err
	}
	for _, key := range named {
		c.addOwn(key, own)
	}
	if err := c.addAgent(s, len(named) > 0, files); err != nil {
		return err
	}
	for _, key := range files {
		c.addOwn(key, own)
	}
	return nil
}

// unusable says why a key that was named cannot be used.
func (s Spec) unusable(key ownKey) error {
	about := &SettingError{Name: s.Names.Written(key.setting), Err: key.why()}
	switch {
	case errors.Is(key.fault, errPassphrase):
		about.Name = s.Names.Written("private_key_passphrase")
	case errors.Is(key.fault, errEncrypted):
		about.Missing, about.Err = "private_key_passphrase", errors.New("the key is encrypted, and no passphrase is set")
	}
	if key.setting == "private_key_path" {
		about.Err = fmt.Errorf("%s: %w", key.from, about.Err)
	}
	return about
}

// held is the agent's signer for key, nil if there is none.
func (c *credentials) held(key ssh.PublicKey) ssh.AlgorithmSigner {
	if key == nil || c.agent == nil {
		return nil
	}
	for _, held := range c.agent.keys {
		if sameKey(held.public, key) {
			return held.signer
		}
	}
	return nil
}

func (c *credentials) addAgent(s Spec, named bool, files []ownKey) error {
	if c.agent == nil {
		return nil
	}
	if s.AgentIdentity != "" {
		key, err := c.agent.named(s.AgentIdentity)
		if err != nil {
			return s.wrong("agent_identity", err)
		}
		c.addHeld(key)
		return nil
	}
	configured := func(key agentKey) bool {
		return slices.ContainsFunc(files, func(own ownKey) bool { return sameKey(own.public, key.public) })
	}
	for _, key := range c.agent.keys {
		if configured(key) {
			c.addHeld(key)
		}
	}
	// An agent that opens one named key only was not asked for its other ones.
	if s.IdentitiesOnly || named && (s.Agent == nil || !*s.Agent) {
		return nil
	}
	for _, key := range c.agent.keys {
		c.addHeld(key)
	}
	return nil
}

func (c *credentials) addHeld(key agentKey) {
	from := "agent"
	if key.comment != "" {
		from = fmt.Sprintf("agent, %q", key.comment)
	}
	c.add(&candidate{public: key.public, able: key.signer, held: true, from: from})
}

// addOwn offers a key of a file or a text. The agent signs if it has the key, as
// for ssh, even where the file could do.
func (c *credentials) addOwn(key ownKey, own []ownKey) {
	if held := c.held(plainOf(key.public)); held != nil {
		c.add(&candidate{public: key.public, able: held, held: true, from: key.from + ", agent"})
		return
	}
	able := key.able()
	if cert, ok := key.public.(*ssh.Certificate); ok {
		if of := signerOf(cert.Key, own); of != nil {
			able = of
		}
	}
	if able == nil {
		c.skip(key.from, key.why())
		return
	}
	c.add(&candidate{public: key.public, able: able, from: key.from})
}

// signerOf is the signer of a key in own, nil if there is none.
func signerOf(public ssh.PublicKey, own []ownKey) ssh.AlgorithmSigner {
	for _, key := range own {
		if able := key.able(); able != nil && sameKey(key.public, public) {
			return able
		}
	}
	return nil
}

// skip notes why a file is not used.
func (c *credentials) skip(file string, why error) {
	if why.Error() == noSuchFile {
		c.absent = append(c.absent, file)
		return
	}
	c.unused = append(c.unused, file+": "+why.Error())
}

// add appends a key that ssh would offer by its defaults and that is not there yet.
func (c *credentials) add(k *candidate) {
	if slices.ContainsFunc(c.keys, func(have *candidate) bool { return sameKey(have.public, k.public) }) {
		return
	}
	plain := plainOf(k.public)
	switch {
	case plain.Type() == ssh.InsecureKeyAlgoDSA:
		c.skip(k.from, errors.New("it is a DSA key, which ssh does not offer since OpenSSH 7.0"))
	case rsaBits(plain) > 0 && rsaBits(plain) < leastRSA:
		c.skip(k.from, fmt.Errorf("it is an RSA key of %d bits, and ssh uses none below %d", rsaBits(plain), leastRSA))
	default:
		c.keys = append(c.keys, k)
	}
}

// addCertificates offers the certificates that are named, with the key that each
// belongs to.
func (c *credentials) addCertificates(s Spec, own []ownKey) error {
	for _, file := range s.CertificateFiles {
		if cert := certificateFile(file); cert != nil {
			c.addCertificate(cert, file, own)
		}
	}
	if s.Certificate == "" {
		return nil
	}
	cert, err := readCertificate(s.Certificate)
	if err != nil {
		return s.wrong("certificate", err)
	}
	if c.certificate = cert; !c.addCertificate(cert, s.Names.Written("certificate"), own) {
		return s.wrong("certificate", errors.New("it belongs to none of the private keys given"))
	}
	return nil
}

func (c *credentials) addCertificate(cert *ssh.Certificate, from string, own []ownKey) bool {
	if held := c.held(cert.Key); held != nil {
		c.add(&candidate{public: cert, able: held, held: true, from: from + ", agent"})
		return true
	}
	if able := signerOf(cert.Key, own); able != nil {
		c.add(&candidate{public: cert, able: able, from: from})
		return true
	}
	return false
}

// nothing says that there is nothing to log in with, and why. It is only said after
// the server has refused a login without.
func (c *credentials) nothing(s Spec) string {
	if len(s.IdentityFiles) > 0 {
		all := slices.Clone(c.unused)
		for _, file := range c.absent {
			all = append(all, file+": "+noSuchFile)
		}
		given := ""
		if as := s.Names["identity_files"]; as != "" {
			given = " (`" + as + "`)"
		}
		return fmt.Sprintf("there is nothing to log in with: no agent with keys, and of the identity files%s none can be used: %s", given, strings.Join(all, "; "))
	}
	text := "there is nothing to log in with: no private key, no password, no agent with keys, and none of the usual key files"
	for _, why := range c.unused {
		text += "; " + why
	}
	return text
}

func (c *credentials) close() { c.agent.close() }
