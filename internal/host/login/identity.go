package login

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

const noSuchFile = "no such file"

// ownKey is a key, or a certificate, that was given or is in a file.
type ownKey struct {
	public        ssh.PublicKey
	signer        ssh.Signer // what the file has; nil if only an agent may sign
	from          string
	setting       string // that names it, "" for a file that may be absent
	fault         error  // why there is no signer
	publicUnknown bool   // see candidate
}

// usableSigner is what signs for public without an agent, nil if nothing does.
func (k ownKey) usableSigner() ssh.AlgorithmSigner {
	signer, ok := k.signer.(ssh.AlgorithmSigner)
	if !ok || !knownhosts.SameKey(signer.PublicKey(), knownhosts.Plain(k.public)) {
		return nil
	}
	return signer
}

// why says why the key is not used.
func (k ownKey) why() error {
	switch {
	case k.fault != nil:
		return k.fault
	case k.signer == nil:
		return errors.New("it is a public key, and the agent does not have the private one")
	}
	return fmt.Errorf("the private key does not belong to the public key in %s.pub, and ssh refuses such a pair", k.from)
}

// ownFiles reads the files of IdentityFile, or the usual ones. Each may be absent,
// may be the public half of a key that the agent has, and may need a passphrase
// that is not given for a key that the agent has, too. A certificate beside a file
// is read unless certificates are named.
func (c *credentials) ownFiles(s host.Spec, files []string) (own []ownKey) {
	for _, file := range files {
		key := readKey(s, file)
		if key.public == nil {
			c.skip(file, key.fault)
			continue
		}
		own = append(own, key)
		if s.Certificate != "" || len(s.CertificateFiles) > 0 {
			continue
		}
		if cert := certificateFile(file + "-cert.pub"); cert != nil {
			own = append(own, ownKey{public: cert, signer: key.signer, from: file + "-cert.pub", fault: key.fault})
		}
	}
	return own
}

// readKey reads a file as ssh does, which offers what stands in the .pub beside it and
// does not use a private key that other accounts may read.
func readKey(s host.Spec, file string) ownKey {
	path := host.ExpandHome(file)
	key := ownKey{from: file}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		key.fault = errors.New(noSuchFile)
	case err != nil:
		key.fault = err
	default:
		key.parse(s, text)
		if key.signer != nil {
			if key.fault = checkPrivate(path); key.fault != nil {
				key.signer = nil
			}
		}
	}
	key.publicUnknown = !bytes.Contains(text, []byte("-----BEGIN OPENSSH PRIVATE KEY"))
	if public := publicHalf(path, text); public != nil {
		key.public, key.publicUnknown = public, false
	}
	return key
}

// parse takes the key from its text.
func (k *ownKey) parse(s host.Spec, text []byte) {
	signer, err := parsePrivateKey(text, s.PrivateKeyPassphrase)
	var missing *ssh.PassphraseMissingError
	switch {
	case err == nil:
		k.public, k.signer = signer.PublicKey(), signer
	case errors.As(err, &missing):
		k.public, k.fault = missing.PublicKey, errEncrypted
	default:
		k.fault = err
	}
}

var errEncrypted = errors.New("it is encrypted, and neither an agent nor a passphrase opens it")

// checkPrivate returns why ssh would not use the private key in a file.
func checkPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil || !openToOthers(info) {
		return nil //nolint:nilerr // the file was read a moment ago
	}
	return fmt.Errorf("other accounts may read it (mode %04o), and ssh refuses such a file: chmod 600 %s", info.Mode().Perm(), path)
}

// publicHalf is the public key that a file is itself, or that stands in the .pub
// beside it.
func publicHalf(path string, text []byte) ssh.PublicKey {
	if beside, err := os.ReadFile(path + ".pub"); err == nil {
		text = append(append(text, '\n'), beside...)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return key
}

// certificateFile is the certificate in a file, nil if there is none.
func certificateFile(file string) *ssh.Certificate {
	text, err := os.ReadFile(host.ExpandHome(file))
	if err != nil {
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	cert, ok := key.(*ssh.Certificate)
	if !ok || cert.CertType != ssh.UserCert {
		return nil
	}
	return cert
}
