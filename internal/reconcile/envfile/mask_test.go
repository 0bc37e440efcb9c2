package envfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv/dotenvtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

// TestMaskOfEveryAWK: what the script tells of a file is, with the awk of Debian,
// of Red Hat and of Alpine, to the byte what dotenvtest.Mask makes of it.
func TestMaskOfEveryAWK(t *testing.T) {
	t.Parallel()
	for name, program := range map[string][]string{"mawk": {"mawk"}, "gawk": {"gawk", "--posix"}, "busybox": {"busybox", "awk"}, "awk": {"awk"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := exec.LookPath(program[0])
			if err != nil {
				t.Skip("not on this machine")
			}
			program[0] = found
			awk := t.TempDir()
			script := "#!/bin/sh\nexec " + strings.Join(program, " ") + " \"$@\"\n"
			if err := os.WriteFile(filepath.Join(awk, "awk"), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			chance := rand.New(rand.NewPCG(7, uint64(len(name)))) //nolint:gosec // the same texts each time
			for _, text := range envSamples {
				sameMask(t, awk, text)
			}
			for range 60 {
				sameMask(t, awk, randomEnv(chance))
			}
		})
	}
}

var envSamples = []string{
	"", "\n", "A=1", "APP_KEY=base64:hunter2==\r\nSSH_MAX_RETRIES=3\r\n", "export SSH_MAX_RETRIES = \"3\" # hunter2\nexport = 1\nexport=2\n",
	"PEM=\"a\nSSH_MAX_RETRIES=hunter2\nb\\\"\n\"\nSSH_MAX_RETRIES='3'\n", "SSH_X='never closed\nSSH_MAX_RETRIES=3",
	"# sshkeepalive took SSH_MAX_RETRIES 1: SSH_MAX_RETRIES=\"2\n# sshkeepalive added SSH_X\r\n# sshkeepalive hid APP_KEY 1: APP_KEY=hunter2\nSSH_PASS=hunter2\n",
	"SSH_X=1\n# sshkeepalive resource 0123456789abcdef\r\n# sshkeepalive resource HUNTER2\n# sshkeepalive resource a b\n",
	"\ufeffSSH_MAX_RETRIES=3\nZ=\xff\xfe\x01ü\\\n\\\n",
}

// randomEnv is lines of what the grammar is made of.
func randomEnv(chance *rand.Rand) string {
	words := []string{"SSH_MAX_RETRIES", "SSH_X", "APP_KEY", "MUX_ENABLED", "export ", "=", " = ", "\"", "'", "\\", "#", " ", "\t", "\r", "\n", "\n", "3", "ü", "\xff", "# sshkeepalive took SSH_X 1: ", "# sshkeepalive added SSH_X", "# sshkeepalive resource ", "$A"}
	var b strings.Builder
	for range chance.IntN(40) {
		b.WriteString(words[chance.IntN(len(words))])
	}
	return b.String()
}

func sameMask(t *testing.T, awk, text string) {
	t.Helper()
	target := reconcile.Target{File: filepath.Join(t.TempDir(), "it's .env")}
	if err := os.WriteFile(target.File, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := reportOf(t, awk, target)
	if err := r.Read(r.section); err != nil || !r.Ended {
		t.Fatalf("%q: %v", text, err)
	}
	sum := sha256.Sum256([]byte(text))
	if r.seen.Facts.Digest != hex.EncodeToString(sum[:]) {
		t.Errorf("digest of %q: %s", text, r.seen.Facts.Digest)
	}
	if want := dotenvtest.Mask([]byte(text), coolify.Keys(coolify.Want{})); !bytes.Equal(r.seen.Facts.Text, want) {
		t.Errorf("%q is masked as\n%q, not\n%q", text, r.seen.Facts.Text, want)
	}
}

func reportOf(t *testing.T, awk string, target reconcile.Target) *report {
	t.Helper()
	cmd := exec.Command("sh", "-c", gatherScript(target, coolify.Want{}))
	cmd.Env = []string{"LC_ALL=C", "PATH=" + awk + ":" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	r := &report{Report: shell.NewReport(string(out), nil)}
	r.seen.Facts.File = target.File
	return r
}

// TestNoEnvironmentFile: what is none is refused, and not read.
func TestNoEnvironmentFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	big, zero := filepath.Join(dir, "big"), filepath.Join(dir, "zero")
	for name, text := range map[string]string{big: strings.Repeat("A=hunter2\n", 120000), zero: "A=\x00hunter2\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, why := range map[string]string{
		filepath.Join(dir, "none"): "is not there: no Coolify was installed", dir: "is not a file that can be read",
		big: "has 1200000 bytes", zero: "has zero bytes in it",
	} {
		r := reportOf(t, "/bin", reconcile.Target{File: name})
		if err := r.Read(r.section); err == nil || !strings.Contains(err.Error(), why) || strings.Contains(r.Rest, "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
