package pool

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"math/big"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// shortSigner signs with an RSA key for which crypto/rsa does not.
type shortSigner struct {
	key    *rsa.PrivateKey
	public ssh.PublicKey
}

func newShortSigner(t *testing.T, bits int) *shortSigner {
	t.Helper()
	one := big.NewInt(1)
	for {
		p, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			t.Fatal(err)
		}
		q, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			t.Fatal(err)
		}
		n, e := new(big.Int).Mul(p, q), big.NewInt(65537)
		d := new(big.Int).ModInverse(e, new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)))
		if n.BitLen() != bits || d == nil {
			continue
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: d, Primes: []*big.Int{p, q}}
		public, err := ssh.NewPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		return &shortSigner{key, public}
	}
}

func (s *shortSigner) PublicKey() ssh.PublicKey { return s.public }

func (s *shortSigner) Sign(random io.Reader, data []byte) (*ssh.Signature, error) {
	return s.SignWithAlgorithm(random, data, ssh.KeyAlgoRSASHA512)
}

// SignWithAlgorithm is PKCS #1 1.5 by hand.
func (s *shortSigner) SignWithAlgorithm(_ io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	prefix, digest := "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40", sha512.New()
	if algorithm == ssh.KeyAlgoRSASHA256 {
		prefix, digest = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20", sha256.New()
	}
	digest.Write(data)
	text := prefix + string(digest.Sum(nil))
	size := s.key.Size()
	padded := "\x00\x01" + strings.Repeat("\xff", size-3-len(text)) + "\x00" + text
	signed := new(big.Int).Exp(new(big.Int).SetBytes([]byte(padded)), s.key.D, s.key.N)
	return &ssh.Signature{Format: algorithm, Blob: signed.FillBytes(make([]byte, size))}, nil
}

// TestShortRSAHostKey: ssh refuses one below 1024 bits although it is recorded, and so do
// we, also where GODEBUG has crypto/rsa verify its signature.
func TestShortRSAHostKey(t *testing.T) {
	for name, debug := range map[string]string{"as Go is": "", "as GODEBUG may have it": "rsa1024min=0"} {
		for bits, refused := range map[int]bool{768: true, 1016: true, 1024: false} {
			t.Setenv("GODEBUG", debug)
			signer := newShortSigner(t, bits)
			key, public := newKey(t)
			s := serve(t, public, func(s *server) {
				s.config = &ssh.ServerConfig{PublicKeyCallback: s.config.PublicKeyCallback}
				s.config.AddHostKey(signer)
			})
			for policy, change := range map[string]func(*host.Settings){
				"recorded": func(l *host.Settings) {
					l.HostKeys, l.KnownHosts = nil, sshtest.Ptr("127.0.0.1 "+sshtest.Authorized(signer)+"\n")
				},
				"accept-new": func(l *host.Settings) { l.HostKeys, l.HostKeyPolicy = nil, sshtest.Ptr(host.PolicyAcceptNew) },
				"insecure":   func(l *host.Settings) { l.HostKeys, l.HostKeyPolicy = nil, sshtest.Ptr(host.PolicyInsecure) },
			} {
				spec := s.spec(key, change)
				if !refused {
					acquire(t, once(t), spec)
					continue
				}
				e, _ := refusal(t, once(t), spec)
				if e.Kind != host.Negotiation || e.Phase != host.PhaseHostKey || !strings.Contains(e.Error(), sshtest.Itoa(bits)) || s.tries.Load() > 0 {
					t.Errorf("%s, %d bits, %s: %v in %q after %d offers: %v", name, bits, policy, e.Kind, e.Phase, s.tries.Load(), e)
				}
			}
		}
	}
}

// TestShortAuthority: a certificate is worth what its authority's key is.
func TestShortAuthority(t *testing.T) {
	long := sshtest.Must(rsa.GenerateKey(rand.Reader, 2048))
	short := newShortSigner(t, 768)
	for name, cert := range map[string]*ssh.Certificate{
		"authority": {Key: sshtest.Signer(long).PublicKey(), SignatureKey: short.PublicKey()},
		"host":      {Key: short.PublicKey(), SignatureKey: sshtest.Signer(long).PublicKey()},
	} {
		if err := hostkey.CheckLength(cert); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, key := range []ssh.PublicKey{sshtest.Ed25519HostKey.PublicKey(), sshtest.ECDSAHostKey.PublicKey(), sshtest.RSAHostKey.PublicKey()} {
		if err := hostkey.CheckLength(key); err != nil {
			t.Error(err)
		}
	}
}
