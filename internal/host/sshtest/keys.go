// Package sshtest holds keys and texts that the tests of several packages share.
package sshtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"strconv"
	"testing"

	"golang.org/x/crypto/ssh"
)

var (
	Ed25519HostKey = Signer(NewEd25519())
	ECDSAHostKey   = Signer(Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	RSAHostKey     = Signer(Must(rsa.GenerateKey(rand.Reader, 2048)))
)

func NewEd25519() ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return Must(key, err)
}

func Signer(key any) ssh.Signer { return Must(ssh.NewSignerFromKey(key)) }

func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func Authorized(s ssh.Signer) string {
	return string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(s.PublicKey())))
}

func Ptr[T any](v T) *T { return &v }

func Itoa(n int) string { return strconv.Itoa(n) }

// KeyText makes a user key: its text in OpenSSH's format and its public half.
func KeyText(t testing.TB) (string, ssh.PublicKey) {
	t.Helper()
	key := NewEd25519()
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), Signer(key).PublicKey()
}
