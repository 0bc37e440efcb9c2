package hostkey

import (
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// CheckLength refuses a host key, or a certificate by an authority, that can be
// computed from its public half, wherever it is recorded.
func CheckLength(key ssh.PublicKey) error {
	keys := map[string]ssh.PublicKey{"host key": key}
	if cert, ok := key.(*ssh.Certificate); ok {
		keys = map[string]ssh.PublicKey{"host key": cert.Key, "key of the authority": cert.SignatureKey}
	}
	for what, key := range keys {
		if bits := knownhosts.RSABits(key); bits > 0 && bits < knownhosts.MinRSABits {
			return &host.Error{Kind: host.Negotiation, Phase: host.PhaseHostKey, OfferedKey: ssh.FingerprintSHA256(key),
				Err: fmt.Errorf("the %s is an RSA key of %d bits, and ssh too takes none below %d: give the host another one (ssh-keygen -A makes what is missing)", what, bits, knownhosts.MinRSABits)}
		}
	}
	return nil
}

// IsShortKeyError recognises what crypto/rsa says since Go 1.24 when it is to verify the
// signature of such a key, before anybody is asked about the key.
func IsShortKeyError(err error) bool { return strings.Contains(err.Error(), "-bit keys are insecure") }
