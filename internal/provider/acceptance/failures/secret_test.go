package failures

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

const (
	loginSecret = "login-pw-9c1f20"
	sudoSecret  = "sudo-pw-4d77aa"
	phrase      = "key-phrase-b81e3c"
)

// watch samples every process on the machine, with its arguments and its
// environment, until the test reads the file.
const watch = `(while [ ! -e /stop ]; do ps -eww -o args; cat /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n'; sleep 0.02; done >/seen 2>/dev/null) >/dev/null 2>&1 &`

// TestSecretsStayWhereTheyAre uses a key with a passphrase and sudo's password
// on one host, a password to log in on the other, and then looks for each of
// them wherever it could have gone.
func TestSecretsStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	machines := acceptance.Fleet{"web1": secretive(t, "admin", sudoSecret), "web2": secretive(t, "joe", loginSecret)}
	c := acceptance.NewCLI(t)
	secrets := map[string]string{"login": loginSecret, "sudo": sudoSecret, "phrase": phrase, "key": encryptedKey(t, machines["web1"])}
	for name, secret := range secrets {
		acceptance.WriteFile(t, filepath.Join(c.Dir, name+".secret"), secret)
	}
	secrets["key"] = strings.Split(secrets["key"], "\n")[2]
	c.Config(secretConfig(machines))
	c.Env = append(c.Env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(c.Dir, "trace.log"))
	for _, m := range machines {
		m.Sh(watch)
	}
	c.Expect(0, nil, "plan", "-no-color", "-out=saved")
	shown := c.Expect(0, nil, "show", "-json", "saved")
	applied := c.Expect(0, []string{"2 added"}, "apply", "-no-color", "saved")
	planned := c.Plan(0)

	places := map[string][]byte{
		"the JSON plan": []byte(shown), "the output of apply": []byte(applied), "the output of plan": []byte(planned),
		"state": acceptance.ReadFile(t, filepath.Join(c.Dir, "terraform.tfstate")), "the TRACE log": acceptance.ReadFile(t, filepath.Join(c.Dir, "trace.log")),
	}
	unzip(t, filepath.Join(c.Dir, "saved"), places)
	for name, m := range machines {
		m.Sh("touch /stop; sleep 0.2")
		places[name+"'s processes"] = m.Read("/seen")
		m.Sh("rm /seen")
		for secret, text := range secrets {
			if found, _ := m.Exec("grep", "-rlF", "--", text, "/etc", "/root", "/home", "/run", "/tmp", "/var"); found != "" {
				t.Errorf("%s: the %s secret is in %s", name, secret, found)
			}
		}
	}
	for _, leak := range leaks(secrets, places) {
		t.Error(leak)
	}
	canFail(t, secrets, sudoSecret, places)
	if !strings.Contains(string(places["the TRACE log"]), "sudo_password=true") {
		t.Error("the TRACE log is not that of the provider")
	}
	// OpenTofu writes its state without blanks.
	if state := strings.ReplaceAll(string(places["state"]), `": "`, `":"`); !strings.Contains(state, `"auth_method":"password"`) || strings.Count(state, `"ClientAliveInterval"`) < 4 {
		t.Error("the state is not that of the data sources")
	}
	if !strings.Contains(string(places["web1's processes"]), "sudo") {
		t.Error("the samples of web1's processes saw no sudo")
	}
}

// canFail plants one secret in each place and expects it to be found there, and
// expects the places not to be empty.
func canFail(t *testing.T, secrets map[string]string, secret string, places map[string][]byte) {
	t.Helper()
	for place, data := range places {
		if len(data) == 0 {
			t.Errorf("there was nothing to look into in %s", place)
		}
		planted := map[string][]byte{place: append(bytes.Clone(data), secret...)}
		if len(leaks(secrets, planted)) == 0 {
			t.Errorf("a secret planted in %s is not found", place)
		}
	}
	if !strings.Contains(string(places["the TRACE log"]), "connection settings") {
		t.Error("the TRACE log is not that of the provider")
	}
}

func leaks(secrets map[string]string, places map[string][]byte) []string {
	var found []string
	for place, data := range places {
		for name, secret := range secrets {
			if bytes.Contains(data, []byte(secret)) {
				found = append(found, fmt.Sprintf("the %s secret is in %s", name, place))
			}
		}
	}
	return found
}

// secretive is a machine on which user logs in, by password where that is what
// it takes, and sudo asks for a password.
func secretive(t *testing.T, user, password string) *hosttest.Machine {
	t.Helper()
	return hosttest.Start(t, hosttest.Options{
		Users: []hosttest.User{{Name: user, Password: password, Sudo: "password"}},
		Files: map[string]string{acceptance.CloudFile: "PasswordAuthentication yes\nKbdInteractiveAuthentication no\n"},
	})
}

// encryptedKey gives admin a key of his own with a passphrase.
func encryptedKey(t *testing.T, m *hosttest.Machine) string {
	t.Helper()
	m.Sh("ssh-keygen -q -t ed25519 -N " + phrase + " -f /key && install -d -o admin -m 700 ~admin/.ssh && cat /key.pub >> ~admin/.ssh/authorized_keys && chown admin ~admin/.ssh/authorized_keys")
	key := string(m.Read("/key"))
	m.Sh("rm /key /key.pub")
	return key
}

func secretConfig(machines acceptance.Fleet) string {
	entry := func(name, login string) string {
		m := machines[name]
		return fmt.Sprintf("    %s = { host = %q, host_keys = [%q], sudo = true, %s }\n", name, m.Addr, strings.TrimSpace(m.HostKeys[0]), login)
	}
	return "provider \"sshkeepalive\" {\n  hosts = {\n" +
		entry("web1", `user = "admin", private_key = file("key.secret"), private_key_passphrase = file("phrase.secret"), sudo_password = file("sudo.secret")`) +
		entry("web2", `user = "joe", agent = false, password = file("login.secret"), sudo_password = file("login.secret")`) +
		"  }\n}\n" + acceptance.Server("web1", acceptance.TwoMinutes) + acceptance.Server("web2", acceptance.TwoMinutes) + sources("web1") + sources("web2")
}

// sources reads everything there is to read of a host.
func sources(name string) string {
	return fmt.Sprintf(`
data "sshkeepalive_server_config" %[1]q { host = %[1]q }
data "sshkeepalive_client_config" %[1]q {
  host        = %[1]q
  probe_hosts = ["db1"]
}
data "sshkeepalive_connection" %[1]q { host = %[1]q }
data "sshkeepalive_probe" %[1]q {
  host = %[1]q
  idle = "1s"
}
`, name)
}

// unzip adds the parts of a saved plan.
func unzip(t *testing.T, name string, places map[string][]byte) {
	t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		places["the saved plan's "+f.Name] = data
	}
}
