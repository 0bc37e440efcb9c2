package login

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// What heredocs, editors, openssl and the variables of CI systems do to a key
// leaves it a key.
func TestUntidyPrivateKeys(t *testing.T) {
	key, public := sshtest.KeyText(t)
	text := key
	indented := "    " + strings.ReplaceAll(text, "\n", "\n    ")
	for name, untidy := range map[string]string{
		"indented": indented, "carriage returns": strings.ReplaceAll(text, "\n", "\r\n"), "no last line end": strings.TrimSpace(text),
		"byte order mark": "\xef\xbb\xbf" + text, "spelled line ends": strings.ReplaceAll(text, "\n", `\n`), "remark before": "# deploy key\n\n" + text,
	} {
		signer, err := parsePrivateKey([]byte(untidy), "")
		if err != nil || !knownhosts.SameKey(signer.PublicKey(), public) {
			t.Errorf("%s: %v", name, err)
		}
	}
	curve := sshtest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	withParameters := "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" +
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sshtest.Must(x509.MarshalECPrivateKey(curve))}))
	if _, err := parsePrivateKey([]byte(withParameters), ""); err != nil {
		t.Errorf("parameters of openssl: %v", err)
	}
}

// What is given in the place of a private key is named, and never repeated.
func TestMistakenPrivateKeys(t *testing.T) {
	key, public := sshtest.KeyText(t)
	encoded := base64.StdEncoding.EncodeToString([]byte(key))
	cut := key[:len(key)/2]
	for text, want := range map[string]string{
		"":                                       "nothing in it",
		string(ssh.MarshalAuthorizedKey(public)): "this is a public key",
		"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n": "puttygen",
		encoded:                            "no line begins with -----BEGIN",
		cut:                                "cut off or damaged",
		strings.ReplaceAll(key, "\n", " "): "cut off or damaged",
		string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{48}})): "ssh-keygen -p",
	} {
		_, err := parsePrivateKey([]byte(text), "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, have %v", want, err)
		}
		if err != nil && len(text) > 40 && strings.Contains(err.Error(), text[30:40]) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}

// x/crypto knows two ciphers of the seven that ssh-keygen has: that a passphrase
// is right must not be doubted for that.
func TestCipherThatWeCannotUndo(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("there is no ssh-keygen")
	}
	file := filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "sesame", "-Z", "chacha20-poly1305@openssh.com", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, err = parsePrivateKey(sshtest.Must(os.ReadFile(file)), "sesame")
	if err == nil || !strings.Contains(err.Error(), "cipher") {
		t.Errorf("have %v", err)
	}
}
