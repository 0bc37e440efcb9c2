package host

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"golang.org/x/crypto/ssh"
)

const noSuchFile = "no such file"

// addIdentity offers the key of a file that may be absent, as ssh treats its
// IdentityFile: the file may be the public half of a key that the agent has, and
// a key that needs a passphrase nobody gave may be in the agent, too. A
// certificate beside it goes first, unless certificates are named.
func (c *credentials) addIdentity(ctx context.Context, s Spec, file string) {
	signer, err := c.identity(ctx, s, expandHome(file))
	if err != nil {
		c.skipped = append(c.skipped, file+": "+err.Error())
		return
	}
	c.add(signer)
	if s.Certificate == "" && len(s.CertificateFiles) == 0 {
		c.addCertificate(file + "-cert.pub")
	}
}

func (c *credentials) identity(ctx context.Context, s Spec, path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		signer, keyErr := parsePrivateKey(text, s.PrivateKeyPassphrase)
		if keyErr == nil {
			return signer, nil
		}
		err = keyErr
	} else if errors.Is(err, fs.ErrNotExist) {
		err = errors.New(noSuchFile)
	}
	if held := c.fromAgent(ctx, s, publicHalf(path, text, err)); held != nil {
		return held, nil
	}
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		return nil, errors.New("it is encrypted, and neither the agent nor private_key_passphrase opens it")
	}
	return nil, err
}

// publicHalf is the public key of a file that is no usable private key: what it
// is itself, what was seen of it, or what stands in the .pub beside it.
func publicHalf(path string, text []byte, err error) ssh.PublicKey {
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) && missing.PublicKey != nil {
		return missing.PublicKey
	}
	if beside, err := os.ReadFile(path + ".pub"); err == nil {
		text = append(append(text, '\n'), beside...)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return key
}

// addCertificate offers the certificate in a file, if it is one and belongs to a
// key that is offered. ssh passes over any other.
func (c *credentials) addCertificate(file string) {
	text, err := os.ReadFile(expandHome(file))
	if err != nil {
		return
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	cert, ok := key.(*ssh.Certificate)
	if err != nil || !ok {
		return
	}
	for i, signer := range c.signers {
		if !sameKey(signer.PublicKey(), cert.Key) {
			continue
		}
		if certified, err := ssh.NewCertSigner(cert, signer); err == nil {
			c.signers = append(c.signers[:i:i], append([]ssh.Signer{certified}, c.signers[i:]...)...)
		}
		return
	}
}
