package login

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// arrange puts all keys in the order in which ssh offers them (pubkey_prepare in
// sshconnect2.c): the certificates that are named, the agent's keys that are in one of
// the files, the agent's other keys, the files. A key that was named comes before
// those of the agent.
func (c *credentials) arrange(s host.Spec, named, files []ownKey) error {
	certificate, err := c.listCertificates(s)
	if err != nil {
		return err
	}
	for _, key := range named {
		own := candidateOf(key)
		if held := c.held(key.public); own.signer == nil && held != nil {
			own.signBy(held)
		}
		if own.signer == nil {
			return unusable(s, key)
		}
		own.publicUnknown = false
		c.list(own)
	}
	if err := c.listAgent(s, len(named) > 0, files); err != nil {
		return err
	}
	c.certify()
	if certificate != nil && certificate.signer == nil {
		return s.Invalid("certificate", errors.New("it belongs to none of the private keys given"))
	}
	c.keys = slices.DeleteFunc(c.keys, c.useless)
	return nil
}

// candidateOf is a key of ours, which may have nothing to sign with.
func candidateOf(key ownKey) *candidate {
	k := &candidate{public: key.public, signer: key.usableSigner(), from: key.from, publicUnknown: key.publicUnknown}
	if k.signer == nil {
		k.fault = key.why()
	}
	return k
}

// signBy has the agent sign, as it does for ssh even where the file could.
func (k *candidate) signBy(held ssh.AlgorithmSigner) {
	k.signer, k.held, k.fault, k.from = held, true, nil, k.from+", agent"
}

func (c *credentials) list(k *candidate) { c.keys = append(c.keys, k) }

// listCertificates lists those that are named, without what signs for them, and
// returns that of the setting, nil if there is none.
func (c *credentials) listCertificates(s host.Spec) (*candidate, error) {
	for _, file := range s.CertificateFiles {
		if cert := certificateFile(file); cert != nil {
			c.list(&candidate{public: cert, from: file, fault: errNoKey})
		} else {
			c.skip(file, errors.New("it is not a user certificate"))
		}
	}
	if s.Certificate == "" {
		return nil, nil
	}
	cert, err := readCertificate(s.Certificate)
	if err != nil {
		return nil, s.Invalid("certificate", err)
	}
	k := &candidate{public: cert, from: s.Names.Written("certificate"), fault: errNoKey}
	c.list(k)
	return k, nil
}

var errNoKey = errors.New("the private key for this certificate is missing")

// held is the agent's signer for key, nil if there is none.
func (c *credentials) held(key ssh.PublicKey) ssh.AlgorithmSigner {
	if key == nil || c.agent == nil {
		return nil
	}
	for _, held := range c.agent.keys {
		if knownhosts.SameKey(held.public, key) {
			return held.signer
		}
	}
	return nil
}

// listAgent lists the keys of the agent and of the files. Each key of the agent takes
// the first file that has it; a second file with the same key signs by itself.
func (c *credentials) listAgent(s host.Spec, named bool, own []ownKey) error {
	var files []*candidate
	for _, key := range own {
		files = append(files, candidateOf(key))
	}
	rest, err := c.agentKeys(s)
	if err != nil {
		return err
	}
	rest = slices.DeleteFunc(rest, func(key agentKey) bool {
		i := slices.IndexFunc(files, func(k *candidate) bool { return !k.publicUnknown && knownhosts.SameKey(k.public, key.public) })
		if i < 0 {
			return false
		}
		files[i].signBy(key.signer)
		c.list(files[i])
		files = slices.Delete(files, i, i+1)
		return true
	})
	// An agent that opens one named key only was not asked for its other ones.
	all := s.AgentIdentity != "" || !s.IdentitiesOnly && (!named || s.Agent != nil && *s.Agent)
	for _, key := range rest {
		if all {
			c.list(key.candidate())
		}
	}
	c.keys = append(c.keys, files...)
	return nil
}

// agentKeys are the keys that the agent may offer.
func (c *credentials) agentKeys(s host.Spec) ([]agentKey, error) {
	switch {
	case c.agent == nil:
		return nil, nil
	case s.AgentIdentity == "":
		return slices.Clone(c.agent.keys), nil
	}
	key, err := c.agent.named(s.AgentIdentity)
	if err != nil {
		return nil, s.Invalid("agent_identity", err)
	}
	return []agentKey{key}, nil
}

func (k agentKey) candidate() *candidate {
	from := "agent"
	if k.comment != "" {
		from = fmt.Sprintf("agent, %q", k.comment)
	}
	return &candidate{public: k.public, signer: k.signer, held: true, from: from}
}

// certify finds what signs for each certificate, as sign_and_send_pubkey does: the
// first plain key that it belongs to, in the order at the moment when the certificate
// has just been tried, even if that key is of no use; else the file that the
// certificate lies beside. (Since 10.3 the agent signs for its own certificate with
// that itself, which is the same key.)
func (c *credentials) certify() {
	for i, k := range c.keys {
		cert, ok := k.public.(*ssh.Certificate)
		if !ok {
			continue
		}
		queue := append(slices.Clone(c.keys[i+1:]), c.keys[:i]...)
		at := slices.IndexFunc(queue, func(other *candidate) bool { return !other.publicUnknown && knownhosts.SameKey(other.public, cert.Key) })
		if at < 0 && k.signer == nil {
			at = slices.IndexFunc(queue, func(other *candidate) bool {
				return other.publicUnknown && other.signer != nil && knownhosts.SameKey(other.public, cert.Key) && strings.TrimSuffix(k.from, "-cert.pub") == other.from
			})
		}
		if at >= 0 {
			k.signer, k.held, k.fault = queue[at].signer, queue[at].held, queue[at].fault
		}
	}
}

// useless reports, and notes, that a key is not offered. ssh offers some that it
// cannot sign with, which only takes tries from the others.
func (c *credentials) useless(k *candidate) bool {
	if k.signer == nil {
		c.skip(k.from, k.fault)
		return true
	}
	plain := knownhosts.Plain(k.public)
	switch {
	case plain.Type() == knownhosts.AlgorithmDSA:
		c.skip(k.from, errors.New("it is a DSA key, which ssh does not offer since OpenSSH 7.0"))
	case knownhosts.RSABits(plain) > 0 && knownhosts.RSABits(plain) < knownhosts.MinRSABits:
		c.skip(k.from, fmt.Errorf("it is an RSA key of %d bits, and ssh uses none below %d", knownhosts.RSABits(plain), knownhosts.MinRSABits))
	default:
		return false
	}
	return true
}
