package pool

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// A certificate that the server refused is explained by what is wrong with it; a
// refusal is not foretold, because the server's clock is another one.
func TestRefusedCertificateIsExplained(t *testing.T) {
	now := time.Now()
	hour := func(n int) uint64 { return uint64(now.Add(time.Duration(n) * time.Hour).Unix()) }
	for want, cert := range map[string]ssh.Certificate{
		"the certificate expired at 20":                      {ValidAfter: 0, ValidBefore: hour(-1)},
		"the certificate is not valid before 20":             {ValidAfter: hour(1), ValidBefore: ssh.CertTimeInfinity},
		"the certificate is for deploy, backup, not for me":  {ValidPrincipals: []string{"deploy", "backup"}, ValidBefore: ssh.CertTimeInfinity},
		"the certificate may only be used from 192.0.2.0/24": {ValidBefore: ssh.CertTimeInfinity, Permissions: ssh.Permissions{CriticalOptions: map[string]string{"source-address": "192.0.2.0/24"}}},
	} {
		key, public := newKey(t)
		cert.Key, cert.CertType = public, ssh.UserCert
		signCert(&cert, sshtest.Signer(sshtest.NewEd25519()), "")
		s := serve(t, nil, nil)
		e, _ := refusal(t, once(t), s.spec(key, func(l *host.Settings) {
			l.User, l.Certificate = sshtest.Ptr("me"), sshtest.Ptr(string(ssh.MarshalAuthorizedKey(&cert)))
		}))
		if e.Kind != host.Auth || !strings.Contains(e.Error(), want) {
			t.Errorf("want %q, have %v: %v", want, e.Kind, e)
		}
	}
}

func TestMistakenCertificates(t *testing.T) {
	key, public := newKey(t)
	hostCert := ssh.Certificate{Key: public, CertType: ssh.HostCert, ValidBefore: ssh.CertTimeInfinity}
	signCert(&hostCert, sshtest.Signer(sshtest.NewEd25519()), "")
	s := serve(t, public, nil)
	for text, want := range map[string]string{
		"/no/such/file":                             "neither the text",
		string(key):                                 "neither the text",
		string(ssh.MarshalAuthorizedKey(public)):    "plain public key",
		string(ssh.MarshalAuthorizedKey(&hostCert)): "host certificate",
	} {
		e, _ := refusal(t, once(t), s.spec(key, func(l *host.Settings) { l.Certificate = sshtest.Ptr(text) }))
		if e.Kind != host.Config || !strings.Contains(e.Error(), want) || s.conns.Load() != 0 {
			t.Errorf("want %q, have %v: %v", want, e.Kind, e)
		}
	}
}
