package acceptance

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// coolifyMachine has the environment file of a Coolify, as its installer leaves it.
func coolifyMachine(t *testing.T, text string, users ...hosttest.User) *hosttest.Machine {
	t.Helper()
	m := hosttest.Start(t, hosttest.Options{Users: users, Files: map[string]string{envFile: text}})
	m.Sh("chmod 600 " + envFile + "; chown 9999:root " + envFile)
	return m
}

func coolifyBlock(m *hosttest.Machine, body string) string {
	return fmt.Sprintf("resource \"sshkeepalive_coolify\" \"this\" {\n  host = \"root@%s:%d\"\n%s\n}\n", m.Addr, m.Port, body)
}

// coolifyLook is the data source for the same host.
func coolifyLook(m *hosttest.Machine) string {
	return fmt.Sprintf("data \"sshkeepalive_coolify\" \"this\" {\n  host = \"root@%s:%d\"\n}\n", m.Addr, m.Port)
}

// TestCoolifyOnAHost: a hostile file, an empty second plan, drift by hand, Coolify's
// own upgrade, import, and a destroy to the byte.
func TestCoolifyOnAHost(t *testing.T) {
	t.Parallel()
	text := strings.Replace(envText, "SSH_MAX_RETRIES=9", "SSH_OTHER=9", 1) + "\nexport SSH_RETRY_BASE_DELAY = \"2\"  # it's\r\n\xff\xfe=$(touch /pwned)\n# sshkeepalive is not here\nZ='%s\\\n' \nMUX_ENABLED=on\nSSH_X=$(touch /pwned)`id`"
	m := coolifyMachine(t, text)
	before := m.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")
	body := "mux_enabled = false\nmux_persist_time = \"2h\"\nmax_retries = 1\nretry_base_delay = 5\nsettings = { SSH_X = \"a 'b' $(touch /pwned)\" }"
	c := newCLI(t)
	c.config(providerBlock("", m) + coolifyBlock(m, body))
	c.expect(0, []string{"Coolify still runs with the settings that it was started with"}, "apply", "-no-color", "-auto-approve")
	c.plan(0)
	if out := m.Sh("ls /pwned 2>&1 || :; stat -c '%a %u' " + envFile); !strings.Contains(out, "No such file") || !strings.HasSuffix(out, "600 9999\n") {
		t.Errorf("ran, or opened up: %s", out)
	}
	if got := m.Sh("grep -aE '^(SSH_(MUX_ENABLED|X)|MUX)' " + envFile + " >/lines; . /lines; echo \"$SSH_MUX_ENABLED $SSH_X ${MUX_ENABLED-unset}\""); got != "false a 'b' $(touch /pwned) unset\n" {
		t.Errorf("a shell reads %q of %s", got, m.Read(envFile))
	}
	other := newCLI(t)
	other.config(providerBlock("", m) + coolifyBlock(m, body))
	other.expect(0, []string{"Import successful"}, "import", "-no-color", "sshkeepalive_coolify.this", fmt.Sprintf("root@%s:%d%s", m.Addr, m.Port, envFile))
	other.plan(0)
	m.Sh("printf '\\nSSH_MAX_RETRIES=9\\n' >>" + envFile)
	c.plan(2, `SSH_MAX_RETRIES is "9", not "1", because of `+envFile+":")
	c.apply()
	c.plan(0)
	m.Sh("cd /data/coolify/source; printf 'APP_KEY=\\nNEW=1\\n' >.env.production; awk -F '=' '!seen[$1]++' .env .env.production >.tmp; cat .tmp >.env; rm .tmp .env.production")
	c.plan(0)
	m.Sh("sed -i '$d' " + envFile)
	c.destroy()
	m.Sh("sed -i '$d' " + envFile + "; truncate -s -1 " + envFile)
	if d := hosttest.Differences(before, m.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")); d != "" {
		t.Errorf("destroy left something behind:\n%s", d)
	}
}

// TestCoolifyRefusesAHost: what cannot work ends in a plan that names the reason,
// touches nothing and tells no secret.
func TestCoolifyRefusesAHost(t *testing.T) {
	t.Parallel()
	m := coolifyMachine(t, envText)
	for says, spoil := range map[string]string{
		"is not there: no Coolify was installed":  "rm " + envFile,
		"is not a file that can be read":          "rm " + envFile + "; mkdir " + envFile,
		"has zero bytes in it":                    "printf 'A=hunter2\\0\\n' >" + envFile,
		":1 and is never closed":                  "printf 'PEM=\"hunter2\\nSSH_MAX_RETRIES=3\\n' >" + envFile,
		"SSH_MAX_RETRIES on line 2 spans several": "printf 'A=hunter2\\nSSH_MAX_RETRIES=\"hunter2\\n\"\\n' >" + envFile,
	} {
		m.Sh("rm -rf " + envFile + "; touch " + envFile + "; " + spoil)
		before := m.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")
		c := newCLI(t)
		c.config(providerBlock("", m) + coolifyBlock(m, "max_retries = 1"))
		if out := c.plan(1, says); strings.Contains(out, "hunter2") {
			t.Errorf("%s: a secret in %s", says, out)
		}
		if d := hosttest.Differences(before, m.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")); d != "" {
			t.Errorf("%s: touched:\n%s", says, d)
		}
	}
}

// envText is a file that was edited by hand, with a key twice and lines within a value.
const envText = "# Coolify\nAPP_KEY=base64:hunter2=\nexport SSH_MUX_PERSIST_TIME='7200' # two hours\nDB_PASSWORD=\"hun ter2\nSSH_MAX_RETRIES=9\n\"\nSSH_MAX_RETRIES=3\nSSH_MAX_RETRIES=5\nCOOLIFY_VERSION=4.3.19"

// The secrets of an environment file, one for each shape that a line can have.
const envSecrets = "APP_KEY=base64:key-5e1f0a=\nDB_PASSWORD='pw-77c1d2' # old: comment-9a0b1c\nexport REDIS_PASSWORD=\"redis-3d4e5f\"\n" +
	"PEM=\"-----BEGIN\nSSH_MAX_RETRIES=pem-a1b2c3\nSSH_pem-d4e5f6=\n-----END\"\nSSH_KEY_PASSPHRASE=phrase-b7c8d9\nstray-e0f1a2=\nSSH_MAX_RETRIES=3\n# SSH_MAX_RETRIES=was-c3d4e5\n"

// TestCoolifySecretsStayOnTheHost plans, applies, sees drift, meets a conflict,
// fails and destroys, and then looks for each of the file's secrets wherever it
// could have gone.
func TestCoolifySecretsStayOnTheHost(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{"key": "key-5e1f0a", "password": "pw-77c1d2", "comment": "comment-9a0b1c", "redis": "redis-3d4e5f", "pem": "pem-a1b2c3", "pem name": "pem-d4e5f6",
		"phrase": "phrase-b7c8d9", "stray": "stray-e0f1a2", "old": "was-c3d4e5"}
	m := coolifyMachine(t, envSecrets, hosttest.User{Name: "admin", Sudo: "nopasswd"})
	c := newCLI(t)
	c.env = append(c.env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(c.dir, "trace.log"))
	config := func(body string) {
		block := strings.ReplaceAll(coolifyBlock(m, body)+coolifyLook(m), "root@", "admin@")
		c.config(strings.Replace(providerBlock("", m), "user             = \"root\"", "sudo = true", 1) + block)
	}
	m.Sh(watch)
	m.Write("/secret", secrets["key"]+"\n")
	// Files that somebody else than root could read, at any time.
	m.Sh(`(while [ ! -e /stop ]; do find /data /tmp /var /run -xdev -type f ! -path ` + envFile + ` ! -perm 600 ! -perm 700 -exec grep -laFf /secret {} + ; sleep 0.02; done >/opened 2>/dev/null) >/dev/null 2>&1 &`)
	places := map[string][]byte{}
	say := func(what, out string) { places["the output of "+what] = []byte(out) }
	config("max_retries = 1\nmux_persist_time = \"2h\"")
	c.expect(0, nil, "plan", "-no-color", "-out=saved")
	say("show", c.expect(0, nil, "show", "-json", "saved"))
	say("apply", c.expect(0, []string{"1 added"}, "apply", "-no-color", "saved"))
	say("plan", c.plan(0))
	m.Sh("printf 'SSH_MAX_RETRIES=7\\n' >>" + envFile)
	c.expect(2, []string{"because of"}, "plan", "-no-color", "-detailed-exitcode", "-out=drifted")
	m.Sh("printf 'LATER=1\\n' >>" + envFile)
	say("a conflict", c.expect(1, []string{"changed since the plan"}, "apply", "-no-color", "drifted"))
	m.Sh("mount --bind /data/coolify/source /data/coolify/source; mount -o remount,bind,ro /data/coolify/source")
	say("a failure", c.expect(1, []string{"Read-only"}, "apply", "-no-color", "-auto-approve"))
	m.Sh("umount /data/coolify/source")
	say("a repair", c.expect(0, nil, "apply", "-no-color", "-auto-approve"))
	places["state"] = readFile(t, filepath.Join(c.dir, "terraform.tfstate"))
	unzip(t, filepath.Join(c.dir, "saved"), places)
	c.destroy()
	if got := string(m.Read(envFile)); got != envSecrets+"SSH_MAX_RETRIES=7\nLATER=1\n" {
		t.Errorf("left %s", got)
	}
	places["the TRACE log"] = readFile(t, filepath.Join(c.dir, "trace.log"))
	m.Sh("touch /stop; sleep 0.3")
	places["the host's processes"] = m.Read("/seen")
	if opened := string(m.Read("/opened")); opened != "" {
		t.Errorf("open to others: %s", opened)
	}
	for name, secret := range secrets {
		if found, _ := m.Exec("grep", "-rlaF", "--", secret, "/etc", "/root", "/home", "/run", "/tmp", "/var", "/data"); found != envFile+"\n" {
			t.Errorf("the %s secret is in %s", name, found)
		}
	}
	for _, leak := range leaks(secrets, places) {
		t.Error(leak)
	}
	canFail(t, secrets, secrets["key"], places)
	if processes := string(places["the host's processes"]); !strings.Contains(processes, envFile) {
		t.Error("the samples of the processes saw none of ours")
	}
}

// TestCoolifyDoesNotAnswer: no green plan, and the record is kept.
func TestCoolifyDoesNotAnswer(t *testing.T) {
	t.Parallel()
	m := coolifyMachine(t, envText)
	c := newCLI(t)
	c.config(providerBlock("", m) + coolifyBlock(m, "max_retries = 1"))
	c.apply()
	m.Sh("kill $(cat /run/sshd.pid)")
	c.plan(2, "could not look")
	c.config(providerBlock("", m) + coolifyBlock(m, "max_retries = 1\non_unreachable = \"ignore\""))
	c.apply()
	c.plan(0, "could not look")
	c.destroy()
}
