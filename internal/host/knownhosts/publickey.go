package knownhosts

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/ssh"
)

// Plain is the key that a host certificate certifies, or the key itself.
func Plain(key ssh.PublicKey) ssh.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		return cert.Key
	}
	return key
}

// Fingerprint of a host key; of a certificate, that of the key it certifies.
func Fingerprint(key ssh.PublicKey) string {
	return ssh.FingerprintSHA256(Plain(key))
}

func SameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// SamePlain compares what certificates certify.
func SamePlain(a, b ssh.PublicKey) bool { return SameKey(Plain(a), Plain(b)) }

// MinRSABits is RequiredRSASize of OpenSSH. Go's own limit is the same, and depends
// on a setting.
const MinRSABits = 1024

func checkSize(key ssh.PublicKey) error {
	crypted, ok := Plain(key).(ssh.CryptoPublicKey)
	if !ok {
		return nil
	}
	if public, ok := crypted.CryptoPublicKey().(*rsa.PublicKey); ok && public.N.BitLen() < MinRSABits {
		return fmt.Errorf("an RSA key of %d bits is too short: %d are the least", public.N.BitLen(), MinRSABits)
	}
	return nil
}

// RSABits is the length of an RSA key, 0 for another one.
func RSABits(key ssh.PublicKey) int {
	if holder, ok := key.(ssh.CryptoPublicKey); ok {
		if public, ok := holder.CryptoPublicKey().(*rsa.PublicKey); ok {
			return public.N.BitLen()
		}
	}
	return 0
}

// AlgorithmDSA is the type of DSA keys, which x/crypto no longer offers.
const AlgorithmDSA = "ssh-dss"

// dsaKey is a recorded DSA key. No server can show it to us, but it is one: ssh up
// to 9.9 does not take a host for a new one whose DSA key is recorded.
type dsaKey []byte

func parseDSA(blob []byte) (ssh.PublicKey, error) {
	var key struct {
		Type       string
		P, Q, G, Y *big.Int
	}
	if err := ssh.Unmarshal(blob, &key); err != nil || key.Type != AlgorithmDSA {
		return nil, errors.New("the key is not a DSA key")
	}
	return dsaKey(blob), nil
}

func (k dsaKey) Type() string { return AlgorithmDSA }

func (k dsaKey) Marshal() []byte { return k }

func (k dsaKey) Verify([]byte, *ssh.Signature) error {
	return errors.New("DSA signatures are not accepted")
}
