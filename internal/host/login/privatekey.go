package login

import (
	"bytes"
	"encoding/pem"
	"errors"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// parsePrivateKey says what is wrong without repeating any of the text: errors
// of parsers like to quote their input.
func parsePrivateKey(text []byte, passphrase host.Secret) (ssh.Signer, error) {
	key := keyBlock(text)
	signer, err := ssh.ParsePrivateKey(key)
	var missing *ssh.PassphraseMissingError
	switch {
	case err == nil:
		return signer, nil
	case errors.As(err, &missing) && passphrase == "":
		return nil, missing
	case errors.As(err, &missing):
		if signer, err = ssh.ParsePrivateKeyWithPassphrase(key, []byte(passphrase.Reveal())); err == nil {
			return signer, nil
		}
		// The old PEM encryption cannot always tell, and yields a broken key instead.
		if !unsupported(err) {
			return nil, errPassphrase
		}
	}
	return nil, unreadable(text, key, err)
}

var errPassphrase = errors.New("the passphrase does not open the key")

// keyBlock is the part of text that is a private key, tidied up: a heredoc indents
// it, editors begin it with a byte order mark, openssl puts the parameters of a
// curve before it, and variables of CI systems spell its line ends as \n.
func keyBlock(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !bytes.Contains(bytes.TrimSpace(text), []byte("\n")) {
		text = bytes.ReplaceAll(text, []byte(`\n`), []byte("\n"))
	}
	var tidy []byte
	for line := range bytes.Lines(text) {
		tidy = append(append(tidy, bytes.TrimSpace(line)...), '\n')
	}
	for rest := tidy; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return tidy
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return pem.EncodeToMemory(block)
		}
	}
}

// unsupported recognises the two faults for which x/crypto has no type.
func unsupported(err error) bool {
	return strings.Contains(err.Error(), "unknown cipher") || strings.Contains(err.Error(), "unhandled key type")
}

// unreadable recognises what people give for a private key. err may be looked at,
// but not repeated.
func unreadable(text, key []byte, err error) error {
	block, _ := pem.Decode(key)
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New("there is nothing in it")
	case bytes.HasPrefix(text, []byte("PuTTY-User-Key-File")):
		return errors.New("the key is in PuTTY's own format: puttygen KEY.ppk -O private-openssh -o KEY converts it")
	case isPublicKey(text):
		return errors.New("this is a public key: the private one is in the file of the same name without .pub")
	case !bytes.Contains(text, []byte("-----BEGIN")):
		return errors.New("not a private key: no line begins with -----BEGIN")
	case block == nil:
		return errors.New("not a whole private key: between -----BEGIN and -----END something is cut off or damaged, perhaps the line ends")
	case block.Type == "ENCRYPTED PRIVATE KEY":
		return errors.New("the key is encrypted as PKCS#8, which only OpenSSL opens: ssh-keygen -p -f KEY rewrites it in OpenSSH's format")
	case strings.Contains(err.Error(), "unknown cipher"):
		return errors.New("the key is encrypted with a cipher that we cannot undo: ssh-keygen -p -Z aes256-ctr -f KEY rewrites it")
	case strings.Contains(err.Error(), "unhandled key type"):
		return errors.New("the kind of key is none that we can use from a file; keys of security keys work through an agent")
	}
	return errors.New("not a private key that we can read (OpenSSH or PEM)")
}

func isPublicKey(text []byte) bool {
	_, _, _, _, err := ssh.ParseAuthorizedKey(text)
	return err == nil || bytes.HasPrefix(text, []byte("---- BEGIN SSH2 PUBLIC KEY")) || bytes.HasPrefix(text, []byte("-----BEGIN PUBLIC KEY"))
}
