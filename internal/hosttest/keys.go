package hosttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// key is a key pair in the spellings of OpenSSH's files.
type key struct {
	private []byte // PEM
	public  string // an authorized_keys line without the newline
}

func newKey(private crypto.Signer, comment string) (key, error) {
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return key{}, err
	}
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		return key{}, err
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
	return key{pem.EncodeToMemory(block), line}, nil
}

func newEd25519(comment string) (key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return key{}, err
	}
	return newKey(private, comment)
}

func newECDSA() (key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return key{}, err
	}
	return newKey(private, "")
}

// sharedRSA is the RSA host key of all machines of a process: making one costs as
// much as booting a machine.
var sharedRSA = sync.OnceValues(func() (key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return key{}, err
	}
	return newKey(private, "")
})
