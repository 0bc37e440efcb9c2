package hostkey

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// errNoAuthority says that no recorded authority signed a certificate.
var errNoAuthority = errors.New("no recorded authority signed the host certificate")

// checkCert says why cert does not make the machine known, nil if it does.
// It counts if it counts for every ssh from 8.4 to 10.3. x/crypto's CheckCert is not
// enough: it takes SHA-1 signatures of authorities, and until 0.58 a certificate
// without principals.
func (t Checker) checkCert(cert *ssh.Certificate, keys []knownhosts.Key) error {
	if !signedBy(cert, keys) {
		return errNoAuthority
	}
	now := uint64(time.Now().Unix()) //nolint:gosec // after 1970
	switch {
	case cert.CertType != ssh.HostCert:
		return errors.New("it is not a host certificate")
	case now < cert.ValidAfter:
		return errors.New("it is not valid before " + CertTime(cert.ValidAfter))
	case now >= cert.ValidBefore:
		return errors.New("it expired at " + CertTime(cert.ValidBefore))
	// Valid for every host until OpenSSH 10.2, and for none since 10.3: an authority
	// that is tricked into signing one gives away all hosts (CVE-2024-7594).
	case len(cert.ValidPrincipals) == 0:
		return errors.New("it names no hosts")
	// A principal may be a pattern since 10.3 only. In all releases it is compared with
	// the name in lower case: one with capitals names no host.
	case !slices.Contains(cert.ValidPrincipals, t.host):
		return fmt.Errorf("it is for %s, not for %s", strings.Join(cert.ValidPrincipals, ", "), t.host)
	case len(cert.CriticalOptions) > 0:
		return errors.New("it has a critical option, which no host certificate may have")
	case !slices.Contains(authorityAlgorithms, cert.Signature.Format):
		return fmt.Errorf("it is signed with %s, which is too weak", cert.Signature.Format)
	}
	var checker ssh.CertChecker
	return checker.CheckCert(t.host, cert)
}

// authorityAlgorithms is CASignatureAlgorithms of OpenSSH: no SHA-1.
var authorityAlgorithms = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
	ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
}

func signedBy(cert *ssh.Certificate, keys []knownhosts.Key) bool {
	return slices.ContainsFunc(keys, func(r knownhosts.Key) bool {
		return r.IsAuthority() && knownhosts.SamePlain(r.Public, cert.SignatureKey)
	})
}

func CertTime(seconds uint64) string { return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339) } //nolint:gosec // the end of time is after every clock and is not printed
