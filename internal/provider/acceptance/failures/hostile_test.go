package failures

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// repeating has PAM say what it was given, as it is and in base64, before it turns the
// account away: sshd puts that into a banner.
const repeating = `cat >/say <<'END'
#!/bin/sh
password=$(tr -d '\000')
echo "you said $password, that is $(printf '%s' "$PAM_USER:$password" | base64)"
END
chmod 755 /say
printf '%s\n' 'auth optional pam_exec.so quiet expose_authtok stdout /say' 'account required pam_deny.so' | cat - /etc/pam.d/sshd >/etc/pam.d/new
mv /etc/pam.d/new /etc/pam.d/sshd
`

// TestPasswordInABannerIsMasked: a real sshd repeats the password; it is in no diagnostic,
// no value and no log, and what it said besides is there.
func TestPasswordInABannerIsMasked(t *testing.T) {
	t.Parallel()
	m := secretive(t, "joe", loginSecret)
	m.Sh(repeating)
	c := acceptance.NewCLI(t)
	acceptance.WriteFile(t, filepath.Join(c.Dir, "login.secret"), loginSecret+"\n") // as most files end
	c.Config(fmt.Sprintf(`
provider "sshkeepalive" {
  hosts = {
    web1 = { host = %q, host_keys = [%q], user = "joe", agent = false, password = trimspace(file("login.secret")) }
  }
}
data "sshkeepalive_connection" "web1" { host = "web1" }
output "error" { value = data.sshkeepalive_connection.web1.error }
`, m.Addr, strings.TrimSpace(m.HostKeys[0])))
	c.Env = append(c.Env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(c.Dir, "trace.log"))
	shown := c.Expect(0, []string{"you said ***, that is ***"}, "apply", "-no-color", "-auto-approve")
	token := strings.TrimRight(base64.StdEncoding.EncodeToString([]byte("joe:"+loginSecret)), "=")
	for place, text := range map[string]string{
		"the output": shown, "state": string(acceptance.ReadFile(t, filepath.Join(c.Dir, "terraform.tfstate"))), "the log": string(acceptance.ReadFile(t, filepath.Join(c.Dir, "trace.log"))),
	} {
		for _, secret := range []string{loginSecret, token} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, place)
			}
		}
		if !strings.Contains(text, "you said ***") {
			t.Errorf("%s does not tell what the host said", place)
		}
	}
}

// TestHostTextActsOnNoTerminal: the name of a file that turns the direction of writing,
// and a value of several lines with ESC in it, which Terraform prints as they are.
func TestHostTextActsOnNoTerminal(t *testing.T) {
	t.Parallel()
	const name = "/etc/ssh/sshd_config.d/10-\u202efnoc.\u200bconf"
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{
		name: "# nothing\n", "/etc/ssh/sshd_config.d/05-env.conf": "AcceptEnv A\x1b[2J\u202e\nAcceptEnv B\n",
	}})
	m.Sh("echo 'Include /etc/ssh/sshd_config.d/*' >>/etc/ssh/sshd_config; sshd -t")
	c := acceptance.NewCLI(t)
	c.Config(fmt.Sprintf(`
provider "sshkeepalive" {
  hosts = { web1 = { host = %q, host_keys = [%q], user = "root", private_key = file(%q) } }
}
data "sshkeepalive_server_config" "web1" { host = "web1" }
output "env" { value = data.sshkeepalive_server_config.web1.effective.AcceptEnv }
output "files" { value = join("\n", data.sshkeepalive_server_config.web1.files) }
`, m.Addr, strings.TrimSpace(m.HostKeys[0]), m.KeyPath))
	shown := c.Expect(0, []string{`\x1b[2J`, `\u202e`}, "apply", "-no-color", "-auto-approve")
	state := string(acceptance.ReadFile(t, filepath.Join(c.Dir, "terraform.tfstate")))
	for _, acts := range []string{"\x1b", "\u202e", "\u200b"} {
		for place, text := range map[string]string{"the output": shown, "state": state} {
			if strings.Contains(text, acts) {
				t.Errorf("%q is in %s", acts, place)
			}
		}
	}
	if !strings.Contains(shown, `10-\u202efnoc.\u200bconf`) {
		t.Errorf("the file is not named: %s", shown)
	}
}
