package failures

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

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
	m := acceptance.CoolifyMachine(t, envSecrets, hosttest.User{Name: "admin", Sudo: "nopasswd"})
	c := acceptance.NewCLI(t)
	c.Env = append(c.Env, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(c.Dir, "trace.log"))
	config := func(body string) {
		block := strings.ReplaceAll(acceptance.CoolifyBlock(m, body)+acceptance.CoolifyData(m), "root@", "admin@")
		c.Config(strings.Replace(acceptance.ProviderBlock("", m), "user             = \"root\"", "sudo = true", 1) + block)
	}
	m.Sh(watch)
	m.Write("/secret", secrets["key"]+"\n")
	// Files that somebody else than root could read, at any time.
	m.Sh(`(while [ ! -e /stop ]; do find /data /tmp /var /run -xdev -type f ! -path ` + acceptance.EnvFile + ` ! -perm 600 ! -perm 700 -exec grep -laFf /secret {} + ; sleep 0.02; done >/opened 2>/dev/null) >/dev/null 2>&1 &`)
	places := map[string][]byte{}
	say := func(what, out string) { places["the output of "+what] = []byte(out) }
	config("max_retries = 1\nmux_persist_time = \"2h\"")
	c.Expect(0, nil, "plan", "-no-color", "-out=saved")
	say("show", c.Expect(0, nil, "show", "-json", "saved"))
	say("apply", c.Expect(0, []string{"1 added"}, "apply", "-no-color", "saved"))
	say("plan", c.Plan(0))
	m.Sh("printf 'SSH_MAX_RETRIES=7\\n' >>" + acceptance.EnvFile)
	c.Expect(2, []string{"because of"}, "plan", "-no-color", "-detailed-exitcode", "-out=drifted")
	m.Sh("printf 'LATER=1\\n' >>" + acceptance.EnvFile)
	say("a conflict", c.Expect(1, []string{"changed since the plan"}, "apply", "-no-color", "drifted"))
	m.Sh("mount --bind /data/coolify/source /data/coolify/source; mount -o remount,bind,ro /data/coolify/source")
	say("a failure", c.Expect(1, []string{"Read-only"}, "apply", "-no-color", "-auto-approve"))
	m.Sh("umount /data/coolify/source")
	say("a repair", c.Expect(0, nil, "apply", "-no-color", "-auto-approve"))
	places["state"] = acceptance.ReadFile(t, filepath.Join(c.Dir, "terraform.tfstate"))
	unzip(t, filepath.Join(c.Dir, "saved"), places)
	c.Destroy()
	if got := string(m.Read(acceptance.EnvFile)); got != envSecrets+"SSH_MAX_RETRIES=7\nLATER=1\n" {
		t.Errorf("left %s", got)
	}
	places["the TRACE log"] = acceptance.ReadFile(t, filepath.Join(c.Dir, "trace.log"))
	m.Sh("touch /stop; sleep 0.3")
	places["the host's processes"] = m.Read("/seen")
	if opened := string(m.Read("/opened")); opened != "" {
		t.Errorf("open to others: %s", opened)
	}
	for name, secret := range secrets {
		if found, _ := m.Exec("grep", "-rlaF", "--", secret, "/etc", "/root", "/home", "/run", "/tmp", "/var", "/data"); found != acceptance.EnvFile+"\n" {
			t.Errorf("the %s secret is in %s", name, found)
		}
	}
	for _, leak := range leaks(secrets, places) {
		t.Error(leak)
	}
	canFail(t, secrets, secrets["key"], places)
	if processes := string(places["the host's processes"]); !strings.Contains(processes, acceptance.EnvFile) {
		t.Error("the samples of the processes saw none of ours")
	}
}
