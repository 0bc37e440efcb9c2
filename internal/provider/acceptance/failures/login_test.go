package failures

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// newKeyFile makes a key and returns its file and its public line.
func newKeyFile(t *testing.T, args ...string) (file, public string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", append([]string{"-q", "-C", "", "-f", file}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	return file, strings.TrimSpace(string(acceptance.ReadFile(t, file+".pub")))
}

// TestAdviceAboutLoginsWorks does what the texts about refused logins say.
func TestAdviceAboutLoginsWorks(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "typist", Password: "correct-horse", Sudo: "nopasswd", NoKey: true}}})
	m.Write("/etc/ssh/sshd_config.d/10-ways.conf", "Match User typist\n  PasswordAuthentication yes\n")
	m.RestartSSHD()
	c := acceptance.NewCLI(t)
	c.Env = append(c.Env, "SSH_AUTH_SOCK=")
	config := func(entry string) {
		c.Config(fmt.Sprintf("provider \"sshkeepalive\" {\n  hosts = {\n    web1 = {\n      host = %q\n      host_keys = [%q]\n      sudo = true\n%s\n    }\n  }\n}\n", m.Addr, strings.TrimSpace(m.HostKeys[0]), entry) +
			acceptance.Server("web1", acceptance.TwoMinutes))
	}
	refuses := func(entry string, words ...string) string {
		t.Helper()
		config(entry)
		return c.Plan(1, append([]string{"web1: login refused (authentication)"}, words...)...)
	}
	accepts := func(entry string) {
		t.Helper()
		config(entry)
		c.Plan(2, "1 to add")
	}
	file, public := newKeyFile(t, "-t", "ed25519", "-N", "")

	refuses(`user = "root"`, "nothing to log in with", "Set `private_key_path`", "SSHKEEPALIVE_PRIVATE_KEY_PATH")
	c.Env = append(c.Env, "SSHKEEPALIVE_PRIVATE_KEY_PATH="+m.KeyPath)
	accepts(`user = "root"`)
	c.Env = c.Env[:len(c.Env)-1]

	refuses(fmt.Sprintf("user = \"root\"\nprivate_key_path = %q", file), fingerprintOf(t, file), "the server allows publickey", "authorized_keys of root", "correct `hosts[\"web1\"].user`")
	accepts(fmt.Sprintf("user = \"root\"\nprivate_key_path = %q", m.KeyPath))
	m.Sh("echo '" + public + "' >>/root/.ssh/authorized_keys")
	accepts(fmt.Sprintf("user = \"root\"\nprivate_key_path = %q", file))

	refuses(`user = "typist"`, "set `password`")
	refuses("user = \"typist\"\npassword = \"battery-staple\"", "Correct `hosts[\"web1\"].password`")
	accepts("user = \"typist\"\npassword = \"correct-horse\"")

	m.Sh("mkdir -p ~typist/.ssh; echo '" + public + "' >~typist/.ssh/authorized_keys; chown -R typist: ~typist/.ssh")
	m.Write("/etc/ssh/sshd_config.d/10-ways.conf", "Match User typist\n  PasswordAuthentication yes\n  AuthenticationMethods publickey,password\n")
	m.RestartSSHD()
	key := fmt.Sprintf("user = \"typist\"\nprivate_key_path = %q\n", file)
	refuses(key, "the server accepted publickey and wants password besides", "set `password` besides")
	accepts(key + "password = \"correct-horse\"")
}

// TestAdviceAboutKeysWorks: a passphrase, RSA, and an agent with many keys.
func TestAdviceAboutKeysWorks(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	plain := append(c.Env, "SSHKEEPALIVE_USER=root", "SSHKEEPALIVE_HOST_KEYS="+strings.TrimSpace(m.HostKeys[0]))
	config := acceptance.Server("web1", acceptance.TwoMinutes)
	c.Config(strings.Replace(config, `host = "web1"`, fmt.Sprintf("host = %q", m.Addr), 1))
	with := func(env ...string) { c.Env = append(slices.Clip(plain), env...) }

	locked, public := newKeyFile(t, "-t", "ed25519", "-N", "open-sesame")
	m.Sh("echo '" + public + "' >>/root/.ssh/authorized_keys")
	with("SSH_AUTH_SOCK=", "SSHKEEPALIVE_PRIVATE_KEY_PATH="+locked)
	c.Plan(1, "the key is encrypted", "Set `private_key_passphrase` beside `SSHKEEPALIVE_PRIVATE_KEY_PATH`")
	with("SSH_AUTH_SOCK=", "SSHKEEPALIVE_PRIVATE_KEY_PATH="+locked, "SSHKEEPALIVE_PRIVATE_KEY_PASSPHRASE=guess")
	c.Plan(1, "does not open the key", "Correct `SSHKEEPALIVE_PRIVATE_KEY_PASSPHRASE`")
	with("SSH_AUTH_SOCK=", "SSHKEEPALIVE_PRIVATE_KEY_PATH="+locked, "SSHKEEPALIVE_PRIVATE_KEY_PASSPHRASE=open-sesame")
	c.Plan(2, "1 to add")

	socket := agentWith(t, m, 8)
	with("SSH_AUTH_SOCK=" + socket)
	c.Plan(1, "login refused", "after too many keys", "`agent_identity`", "(agent")
	with("SSH_AUTH_SOCK="+socket, "SSHKEEPALIVE_AGENT_IDENTITY="+fingerprintOf(t, m.KeyPath))
	c.Plan(2, "1 to add")

	rsa, public := newKeyFile(t, "-t", "rsa", "-b", "2048", "-N", "")
	m.Sh("echo '" + public + "' >>/root/.ssh/authorized_keys")
	const file = "/etc/ssh/sshd_config.d/10-ways.conf"
	m.Write(file, "PubkeyAcceptedAlgorithms ssh-ed25519\n")
	m.RestartSSHD()
	with("SSH_AUTH_SOCK=", "SSHKEEPALIVE_PRIVATE_KEY_PATH="+rsa)
	said := c.Plan(1, "login refused", "rsa-sha2-512")
	line := regexp.MustCompile("`(PubkeyAcceptedAlgorithms [^`]+)`").FindStringSubmatch(said)
	if line == nil {
		t.Fatalf("no advice in\n%s", said)
	}
	m.Write(file, line[1]+"\n")
	m.RestartSSHD()
	c.Plan(2, "1 to add")
}

func fingerprintOf(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.Command("ssh-keygen", "-lf", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))[1]
}

// agentWith starts an agent that holds some keys, and after them that of m.
func agentWith(t *testing.T, m *hosttest.Machine, others int) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	daemon := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	for range 200 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	add := func(file string) {
		run := exec.Command("ssh-add", "-q", file)
		run.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("ssh-add: %v: %s", err, out)
		}
	}
	for range others {
		file, _ := newKeyFile(t, "-t", "ed25519", "-N", "")
		add(file)
	}
	add(m.KeyPath)
	return socket
}
