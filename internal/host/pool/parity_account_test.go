package pool

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// loginServer is one sshd with its own rules about logins.
type loginServer struct {
	number  int
	address string
	lines   []string // of its sshd_config that decide
	allowed []int    // keys in authorized_keys, by number
}

func (s loginServer) port() int { return 20000 + s.number }

// withoutTriesLimit is the port of an sshd with the same rules and without a limit of tries.
func (s loginServer) withoutTriesLimit() int { return 30000 + s.number }

func (s loginServer) String() string {
	return fmt.Sprintf("server %d, keys %v: %s", s.number, s.allowed, strings.Join(s.lines, "; "))
}

// has reports whether one of the lines begins with text.
func (s loginServer) has(text string) bool {
	return slices.ContainsFunc(s.lines, func(line string) bool { return strings.HasPrefix(line, text) })
}

// loginHost is a machine with accounts and many sshd, and the ssh of its release.
type loginHost struct {
	parityHost
	users       []parityKey // keys of the user's, by number
	authorities []parityKey // the first is trusted
	logins      []loginServer
}

const loginPassword = "correct-horse"

// loginAccounts are the accounts: PAM asks the first two for their password, asks
// the third nothing, and refuses the fourth. The fifth has no password.
var loginAccounts = []string{"alice", "alice", "bob", "quiet", "denied", "empty"}

const loginPAM = `auth [success=1 default=ignore] pam_succeed_if.so quiet user != quiet
auth sufficient pam_permit.so
auth required pam_unix.so nodelay
account [success=1 default=ignore] pam_succeed_if.so quiet user != denied
account required pam_deny.so
account required pam_permit.so
session required pam_permit.so
`

func newLoginHost(t *testing.T, r *mathrand.Rand, release string, servers int) *loginHost {
	t.Helper()
	h := &loginHost{}
	var users []hosttest.User
	for _, name := range slices.Compact(slices.Clone(loginAccounts)) {
		users = append(users, hosttest.User{Name: name, Password: loginPassword, NoKey: true})
	}
	h.Machine = hosttest.Start(t, hosttest.Options{Release: release, NoDaemon: true, Users: users, Files: map[string]string{"/etc/pam.d/sshd": loginPAM}})
	h.root = fmt.Sprintf("/proc/%d/root", h.Init())
	h.Sh("passwd -d empty >/dev/null; printf '#!/bin/sh\\necho correct-horse\\n' >/usr/bin/tell; printf '#!/bin/sh\\necho battery-staple\\n' >/usr/bin/lie; chmod 755 /usr/bin/tell /usr/bin/lie; mkdir -p /run/sshd")
	curve := func(c elliptic.Curve) crypto.Signer { return sshtest.Must(ecdsa.GenerateKey(c, rand.Reader)) }
	for _, key := range []crypto.Signer{
		sshtest.NewEd25519(), sshtest.NewEd25519(), sshtest.NewEd25519(), curve(elliptic.P256()), curve(elliptic.P384()), curve(elliptic.P521()),
		sshtest.Must(rsa.GenerateKey(rand.Reader, 2048)), sshtest.Must(rsa.GenerateKey(rand.Reader, 2048)), sshtest.Must(rsa.GenerateKey(rand.Reader, 1024)),
	} {
		h.users = append(h.users, newParityKey(key))
	}
	h.authorities = []parityKey{newParityKey(sshtest.NewEd25519()), newParityKey(sshtest.Must(rsa.GenerateKey(rand.Reader, 2048)))}
	for n := range servers {
		h.logins = append(h.logins, h.startLogins(r, n+1))
	}
	return h
}

func (h *loginHost) startLogins(r *mathrand.Rand, number int) loginServer {
	s := loginServer{number: number}
	add := func(chance int, keyword string, values ...string) string {
		if r.IntN(chance) != 0 {
			return ""
		}
		value := pick(r, values)
		s.lines = append(s.lines, keyword+" "+value)
		return value
	}
	pam := add(1, "UsePAM", "yes", "no")
	dialog := add(1, "KbdInteractiveAuthentication", "yes", "no") == "yes"
	password := add(1, "PasswordAuthentication", "yes", "no") == "yes"
	add(2, "MaxAuthTries", "1", "2", "3", "4", "6", "10")
	add(3, "PermitEmptyPasswords", "yes")
	add(3, "PubkeyAcceptedAlgorithms", "rsa-sha2-512,rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256,rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-512,ssh-ed25519",
		"ssh-rsa,ssh-rsa-cert-v01@openssh.com", "+ssh-rsa", "-rsa-sha2-512", "-rsa-sha2-512,rsa-sha2-256", "ssh-ed25519,ssh-ed25519-cert-v01@openssh.com", "ecdsa-*", "-ssh-ed25519", "*-cert-v01@openssh.com", "-*-cert-v01@openssh.com")
	stages := []string{"publickey", "publickey,publickey", "publickey,publickey,publickey", "any"}
	if dialog && pam == "yes" {
		stages = append(stages, "publickey,keyboard-interactive", "keyboard-interactive", "publickey,keyboard-interactive:pam", "keyboard-interactive,publickey", "publickey,publickey,keyboard-interactive")
	}
	if password {
		stages = append(stages, "publickey,password", "password", "password,publickey", "publickey,password publickey,publickey")
	}
	add(2, "AuthenticationMethods", stages...)
	for i := range h.users {
		if r.IntN(3) == 0 {
			s.allowed = append(s.allowed, i)
		}
	}
	h.serveLogins(&s, r)
	return s
}

func (h *loginHost) serveLogins(s *loginServer, r *mathrand.Rand) {
	dir := fmt.Sprintf("/etc/login/%d/", s.number)
	var keys strings.Builder
	for _, i := range s.allowed {
		keys.WriteString(sshtest.Authorized(h.users[i].signer) + "\n")
	}
	config := fmt.Sprintf("HostKey /etc/ssh/ssh_host_ed25519_key\nPidFile none\nUseDNS no\nMaxStartups 1000\nLogLevel QUIET\nStrictModes no\nAuthorizedKeysFile %skeys\n", dir)
	if r.IntN(2) == 0 {
		s.lines = append(s.lines, "TrustedUserCAKeys "+dir+"ca.pub")
	}
	h.Write(dir+"keys", keys.String())
	h.Write(dir+"ca.pub", sshtest.Authorized(h.authorities[0].signer)+"\n")
	h.Write(dir+"sshd_config", config+strings.Join(s.lines, "\n")+"\n")
	h.Sh(fmt.Sprintf("chmod 755 /etc/login %[1]s; chmod 644 %[1]s*; sshd() { /usr/sbin/sshd -f %[1]ssshd_config \"$@\" -o PerSourcePenalties=no 2>/dev/null || /usr/sbin/sshd -f %[1]ssshd_config \"$@\"; }; sshd -o ListenAddress=0.0.0.0:%[2]d; sshd -o ListenAddress=0.0.0.0:%[3]d -o MaxAuthTries=100",
		dir, s.port(), s.withoutTriesLimit()))
	s.address = net.JoinHostPort(h.Addr, sshtest.Itoa(s.port()))
}

// userCertificate is a certificate of key for account, with a flaw or "".
func (h *loginHost) userCertificate(key ssh.PublicKey, account, flaw string) *ssh.Certificate {
	now := time.Now()
	hour := func(n int) uint64 { return uint64(now.Add(time.Duration(n) * time.Hour).Unix()) } //nolint:gosec // after 1970
	cert := &ssh.Certificate{Key: key, CertType: ssh.UserCert, KeyId: "parity", ValidAfter: hour(-1), ValidBefore: hour(1), ValidPrincipals: []string{account}}
	authority := h.authorities[0]
	switch flaw {
	case "expired":
		cert.ValidAfter, cert.ValidBefore = hour(-2), hour(-1)
	case "not yet valid":
		cert.ValidAfter, cert.ValidBefore = hour(1), hour(2)
	case "other principal":
		cert.ValidPrincipals = []string{"mallory"}
	case "no principals":
		cert.ValidPrincipals = nil
	case "other address":
		cert.CriticalOptions = map[string]string{"source-address": "203.0.113.0/24"}
	case "critical option":
		cert.CriticalOptions = map[string]string{"unknown@example.org": ""}
	case "host certificate":
		cert.CertType = ssh.HostCert
	case "unknown authority":
		authority = h.authorities[1]
	}
	signCert(cert, authority.signer, "")
	return cert
}

// pemText is the key in the formats that OpenSSL writes. There is none for ed25519
// that ssh reads.
func pemText(key crypto.Signer, encrypted bool) string {
	var block *pem.Block
	switch k := key.(type) {
	case *rsa.PrivateKey:
		block = &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}
	case *ecdsa.PrivateKey:
		block = &pem.Block{Type: "EC PRIVATE KEY", Bytes: sshtest.Must(x509.MarshalECPrivateKey(k))}
	default:
		block = sshtest.Must(ssh.MarshalPrivateKey(key, ""))
		encrypted = false
	}
	if encrypted {
		block = sshtest.Must(x509.EncryptPEMBlock(rand.Reader, block.Type, block.Bytes, []byte("open sesame"), x509.PEMCipherAES128)) //nolint:staticcheck // what ssh-keygen -m PEM writes
	}
	return string(pem.EncodeToMemory(block))
}
