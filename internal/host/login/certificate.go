package login

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
)

// readCertificate reads the text of a certificate or the file that it names.
func readCertificate(textOrFile string) (*ssh.Certificate, error) {
	text := []byte(textOrFile)
	if file, err := os.ReadFile(host.ExpandHome(strings.TrimSpace(textOrFile))); err == nil {
		text = file
	} else if !errors.Is(err, fs.ErrNotExist) && !strings.Contains(textOrFile, " ") {
		return nil, err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil, errors.New("neither the text of an OpenSSH certificate (ssh-…-cert-v01@openssh.com AAAA…) nor a file with one")
	}
	cert, ok := key.(*ssh.Certificate)
	switch {
	case !ok:
		return nil, errors.New("the text is a plain public key")
	case cert.CertType != ssh.UserCert:
		return nil, errors.New("it is a host certificate: a login needs a user certificate")
	}
	return cert, nil
}

// certProblem says why a server may refuse cert, "" if nothing speaks against it. It is
// the server's clock and the server's list of principals that count, so this
// explains a refusal and does not replace it.
func certProblem(cert *ssh.Certificate, user string, now time.Time) string {
	at := uint64(now.Unix())
	switch {
	case at < cert.ValidAfter:
		return "the certificate is not valid before " + hostkey.CertTime(cert.ValidAfter)
	case at >= cert.ValidBefore:
		return "the certificate expired at " + hostkey.CertTime(cert.ValidBefore)
	case len(cert.ValidPrincipals) > 0 && !slices.Contains(cert.ValidPrincipals, user):
		return fmt.Sprintf("the certificate is for %s, not for %s", strings.Join(cert.ValidPrincipals, ", "), user)
	case cert.CriticalOptions["source-address"] != "":
		return "the certificate may only be used from " + cert.CriticalOptions["source-address"]
	}
	return ""
}

// expiry is until when key is valid, zero for one that is not a certificate or has no end.
func expiry(key ssh.PublicKey) time.Time {
	cert, ok := key.(*ssh.Certificate)
	if !ok || cert.ValidBefore > math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(int64(cert.ValidBefore), 0)
}

// expiry is when the first of the certificates expires, zero if none does.
func (c *credentials) expiry() (first time.Time) {
	for _, k := range c.keys {
		if at := expiry(k.public); first.IsZero() || !at.IsZero() && at.Before(first) {
			first = at
		}
	}
	return first
}
