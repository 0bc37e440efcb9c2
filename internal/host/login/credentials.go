package login

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// credentials is what one login may offer, loaded before anything is dialled so
// that a key that cannot be read costs the server nothing.
type credentials struct {
	keys     []*candidate // in the order of their offers
	password host.Secret
	agent    *agentLink // nil if none is asked
	// unused says of keys that are not offered why, absent says which of the usual
	// files do not exist.
	unused, absent []string
	state          loginState
}

// DefaultKeyFiles are the files that ssh tries when none is configured, in its order.
// OpenSSH 10.6 tries id_mldsa44_ed25519 besides, a kind of key that x/crypto does not
// have.
var DefaultKeyFiles = []string{"~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ecdsa_sk", "~/.ssh/id_ed25519", "~/.ssh/id_ed25519_sk"}

// loadCredentials reads keys and asks the agent. What was named explicitly must
// be there; the usual key files and an agent that was not asked for need not.
func loadCredentials(ctx context.Context, s host.Spec, patience time.Duration) (*credentials, error) {
	c := &credentials{password: s.Password}
	if err := c.load(ctx, s, patience); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *credentials) load(ctx context.Context, s host.Spec, patience time.Duration) error {
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
		files = c.ownFiles(s, DefaultKeyFiles)
	}
	return c.arrange(s, named, files)
}

// namedKeys are those of private_key and private_key_path.
func namedKeys(s host.Spec) ([]ownKey, error) {
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
			return nil, s.Invalid(key.setting, fmt.Errorf("%s: %s", s.PrivateKeyPath, noSuchFile))
		}
		named = append(named, key)
	}
	return named, nil
}

// openAgent asks the agent unless that is of no use: a key that was named needs no
// other one.
func (c *credentials) openAgent(ctx context.Context, s host.Spec, named []ownKey, patience time.Duration) error {
	asked := s.AgentIdentity != "" || s.Agent != nil && *s.Agent
	unsigned := slices.ContainsFunc(named, func(k ownKey) bool { return k.usableSigner() == nil })
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

// unusable says why a key that was named cannot be used.
func unusable(s host.Spec, key ownKey) error {
	about := &host.SettingError{Name: s.Names.Written(key.setting), Err: key.why()}
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

// skip notes why a file is not used.
func (c *credentials) skip(file string, why error) {
	if why.Error() == noSuchFile {
		c.absent = append(c.absent, file)
		return
	}
	c.unused = append(c.unused, file+": "+why.Error())
}

// nothing says that there is nothing to log in with, and why. It is only said after
// the server has refused a login without.
func (c *credentials) nothing(s host.Spec) string {
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
