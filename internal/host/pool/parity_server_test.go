package pool

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// parityKey is a host key, or the key of an authority.
type parityKey struct {
	private crypto.Signer
	signer  ssh.Signer
}

func (k parityKey) public() ssh.PublicKey { return k.signer.PublicKey() }

func newParityKey(private crypto.Signer) parityKey {
	return parityKey{private, sshtest.Signer(private)}
}

// parityKeys are all keys of one run.
type parityKeys struct {
	hosts       []parityKey // two of each type
	authorities []parityKey // the first two are recorded by some known_hosts, the third by none
}

func newParityKeys() parityKeys {
	curve := func(c elliptic.Curve) parityKey { return newParityKey(sshtest.Must(ecdsa.GenerateKey(c, rand.Reader))) }
	modulus := func(bits int) parityKey { return newParityKey(sshtest.Must(rsa.GenerateKey(rand.Reader, bits))) }
	var k parityKeys
	for range 2 {
		k.hosts = append(k.hosts, newParityKey(sshtest.NewEd25519()), curve(elliptic.P256()), curve(elliptic.P384()), curve(elliptic.P521()), modulus(2048))
	}
	k.hosts = append(k.hosts, modulus(1024), modulus(3072))
	k.authorities = []parityKey{newParityKey(sshtest.NewEd25519()), modulus(2048), curve(elliptic.P256())}
	return k
}

// parityServer is one sshd: its number decides its names, addresses and ports.
type parityServer struct {
	number int
	keys   []parityKey
	certs  []*ssh.Certificate
	flaws  []string // of certs, "" for a valid one
	// machine has it listen on address:port for the tests' own logins.
	address string
	port    int
}

func (s parityServer) ip() string   { return fmt.Sprintf("10.7.0.%d", s.number) }
func (s parityServer) ip6() string  { return fmt.Sprintf("fd07::%x", s.number) }
func (s parityServer) name() string { return fmt.Sprintf("web%d.corp.example", s.number) }

func (s parityServer) String() string {
	var parts []string
	for _, k := range s.keys {
		parts = append(parts, k.public().Type())
	}
	for i, c := range s.certs {
		parts = append(parts, strings.TrimSpace(c.Type()+" "+s.flaws[i]))
	}
	return fmt.Sprintf("server %d (%s)", s.number, strings.Join(parts, ", "))
}

// certFlaws are what can be wrong with a host certificate.
var certFlaws = []string{
	"", "", "", "", "expired", "not yet valid", "other principal", "upper case principal", "pattern", "alias only", "ip only",
	"no principals", "critical option", "user certificate", "unknown authority", "sha1",
}

func (k parityKeys) certify(r *mathrand.Rand, s parityServer, key parityKey, flaw string) *ssh.Certificate {
	now := time.Now()
	hour := func(n int) uint64 { return uint64(now.Add(time.Duration(n) * time.Hour).Unix()) } //nolint:gosec // after 1970
	authority := k.authorities[r.IntN(2)]
	cert := &ssh.Certificate{
		Key: key.public(), CertType: ssh.HostCert, KeyId: "parity", ValidAfter: hour(-1), ValidBefore: hour(1),
		ValidPrincipals: []string{s.name(), s.ip(), s.ip6(), "alias"},
	}
	algorithm := ""
	switch flaw {
	case "expired":
		cert.ValidAfter, cert.ValidBefore = hour(-2), hour(-1)
	case "not yet valid":
		cert.ValidAfter, cert.ValidBefore = hour(1), hour(2)
	case "other principal":
		cert.ValidPrincipals = []string{"db.corp.example"}
	case "upper case principal":
		cert.ValidPrincipals = []string{strings.ToUpper(s.name())}
	case "pattern":
		cert.ValidPrincipals = []string{"web*.corp.example", "10.7.?.*"}
	case "alias only":
		cert.ValidPrincipals = []string{"alias"}
	case "ip only":
		cert.ValidPrincipals = []string{s.ip()}
	case "no principals":
		cert.ValidPrincipals = nil
	case "critical option":
		cert.CriticalOptions = map[string]string{"source-address": "10.0.0.0/8"}
	case "user certificate":
		cert.CertType = ssh.UserCert
	case "unknown authority":
		authority = k.authorities[2]
	case "sha1":
		authority, algorithm = k.authorities[1], ssh.KeyAlgoRSA
	}
	signCert(cert, authority.signer, algorithm)
	return cert
}

// signCert signs what SignCert of x/crypto may refuse to sign.
func signCert(cert *ssh.Certificate, authority ssh.Signer, algorithm string) {
	cert.Nonce, cert.SignatureKey = make([]byte, 32), authority.PublicKey()
	_, _ = rand.Read(cert.Nonce)
	cert.Signature = nil
	text := cert.Marshal()
	text = text[:len(text)-4] // the length of the signature
	if algorithm == "" && authority.PublicKey().Type() == ssh.KeyAlgoRSA {
		algorithm = ssh.KeyAlgoRSASHA512
	}
	cert.Signature = sshtest.Must(authority.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, text, algorithm))
}

// newParityServer has one to four keys of different types, and certificates of
// some of them.
func (k parityKeys) newParityServer(r *mathrand.Rand, number int) parityServer {
	s := parityServer{number: number, port: 20000 + number}
	types := map[string]bool{}
	for range 1 + r.IntN(4) {
		key := k.hosts[r.IntN(len(k.hosts))]
		if types[key.public().Type()] {
			continue
		}
		types[key.public().Type()] = true
		s.keys = append(s.keys, key)
		if r.IntN(2) == 0 {
			flaw := certFlaws[r.IntN(len(certFlaws))]
			s.certs, s.flaws = append(s.certs, k.certify(r, s, key, flaw)), append(s.flaws, flaw)
		}
	}
	return s
}

// start writes the files of s below dir of m and starts its sshd.
func (s *parityServer) start(m *hosttest.Machine) {
	dir := fmt.Sprintf("/etc/parity/%d/", s.number)
	var config strings.Builder
	fmt.Fprintf(&config, "ListenAddress 0.0.0.0:%d\n", s.port)
	for _, address := range []string{s.ip(), "[" + s.ip6() + "]"} {
		fmt.Fprintf(&config, "ListenAddress %[1]s:22\nListenAddress %[1]s:2222\n", address)
	}
	config.WriteString("PidFile none\nUsePAM no\nUseDNS no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nAuthorizedKeysFile none\nMaxStartups 1000\nLogLevel QUIET\n")
	for i, k := range s.keys {
		name := fmt.Sprintf("%skey%d", dir, i)
		m.Write(name, string(pem.EncodeToMemory(sshtest.Must(ssh.MarshalPrivateKey(k.private, "")))))
		fmt.Fprintf(&config, "HostKey %s\n", name)
	}
	for i, c := range s.certs {
		name := fmt.Sprintf("%scert%d", dir, i)
		m.Write(name, string(ssh.MarshalAuthorizedKey(c)))
		fmt.Fprintf(&config, "HostCertificate %s\n", name)
	}
	m.Write(dir+"sshd_config", config.String())
	m.Sh(fmt.Sprintf("ip addr add %s/32 dev lo; ip addr add %s/128 dev lo nodad; chmod 600 %skey*; echo '%s %s' >>/etc/hosts; /usr/sbin/sshd -f %ssshd_config -o PerSourcePenalties=no 2>/dev/null || /usr/sbin/sshd -f %[3]ssshd_config",
		s.ip(), s.ip6(), dir, s.ip(), s.name(), dir))
	s.address = net.JoinHostPort(m.Addr, sshtest.Itoa(s.port))
}

// parityHost is a machine with many sshd, and the ssh of the same release.
type parityHost struct {
	*hosttest.Machine
	keys    parityKeys
	servers []parityServer
	root    string // of the machine's file system, as seen from here
}

func newParityHost(t *testing.T, r *mathrand.Rand, release string, keys parityKeys, servers int) *parityHost {
	t.Helper()
	h := &parityHost{Machine: hosttest.Start(t, hosttest.Options{Release: release, NoDaemon: true}), keys: keys}
	h.root = fmt.Sprintf("/proc/%d/root", h.Init())
	for n := range servers {
		s := keys.newParityServer(r, n+1)
		s.start(h.Machine)
		h.servers = append(h.servers, s)
	}
	return h
}

// write puts text into a file on the machine, past the shell.
func (h *parityHost) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(h.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// keysBeside are keys that s does not have.
func (k parityKeys) keysBeside(s parityServer) []parityKey {
	return slices.DeleteFunc(slices.Clone(k.hosts), func(key parityKey) bool {
		return slices.ContainsFunc(s.keys, func(own parityKey) bool { return knownhosts.SameKey(own.public(), key.public()) })
	})
}
