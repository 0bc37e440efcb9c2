package plans

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// looks counts the scripts that gathered facts since the log was begun.
func looks(c *acceptance.CLI, run func()) int {
	c.T.Helper()
	log := filepath.Join(c.T.TempDir(), "debug.log")
	before := c.Env
	c.Env = append(slices.Clip(c.Env), "TF_LOG_PROVIDER=DEBUG", "TF_LOG_PATH="+log)
	run()
	c.Env = before
	return strings.Count(string(acceptance.ReadFile(c.T, log)), "script=gather")
}

type toldOrigin struct {
	Source, Keyword, Written, File, Block string
	Line                                  int
}

// TestServerConfigOfAHost: a shadowing drop-in, a Match that overrides, a Match
// Group that only the host can judge, an option on the command line, and a
// daemon that has not loaded the files; one look for a resource and two data
// sources of the same host.
func TestServerConfigOfAHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{
		Users:    []hosttest.User{{Name: "deploy"}, {Name: "joe"}},
		Files:    map[string]string{acceptance.MainFile: hosttest.CloudConfig + "\nMatch User deploy\n\tClientAliveInterval 15\nMatch Group joe\n\tPermitTTY no\n", acceptance.CloudFile: hosttest.CloudDropIn, "/etc/ssh/sshd_config.d/60-late.conf": "ClientAliveInterval 300\n"},
		SSHDArgs: []string{"-o", "MaxSessions=7"},
	})
	c := acceptance.NewCLI(t)
	config := acceptance.Fleet{"web1": m}.Provider("") + `
data "sshkeepalive_server_config" "all" {
  host     = "web1"
  contexts = [{ user = "deploy" }, { user = "joe" }]
}
output "told" { value = jsonencode(data.sshkeepalive_server_config.all) }
`
	c.Config(config)
	c.Apply()
	var told struct {
		Effective           map[string]string
		Provenance          map[string][]toldOrigin
		ByContext           []struct{ Provenance map[string][]toldOrigin } `json:"by_context"`
		Overrides, Shadowed []toldOrigin
		Files               []string
		Loaded              bool
		Version             string `json:"openssh_version"`
		Key                 string `json:"host_key_sha256"`
	}
	c.Outputs(&told)
	if told.Effective["ClientAliveInterval"] != "120" || told.Effective["UsePAM"] != "yes" || !strings.HasPrefix(told.Version, "OpenSSH_") || !strings.HasPrefix(told.Key, "SHA256:") || !told.Loaded {
		t.Errorf("told %+v", told)
	}
	for name, c := range map[string]struct {
		got  []toldOrigin
		want toldOrigin
	}{
		"the drop-in":       {told.Provenance["ClientAliveInterval"], toldOrigin{"file", "ClientAliveInterval", "120", acceptance.CloudFile, "", 2}},
		"sshd's default":    {told.Provenance["ClientAliveCountMax"], toldOrigin{Source: "default", Keyword: "ClientAliveCountMax"}},
		"the command line":  {told.Provenance["MaxSessions"], toldOrigin{Source: "command line", Keyword: "MaxSessions", Written: "-o MaxSessions=7"}},
		"shadowed":          {told.Shadowed, toldOrigin{"file", "ClientAliveInterval", "300", "/etc/ssh/sshd_config.d/60-late.conf", "", 1}},
		"deploy's":          {told.ByContext[0].Provenance["ClientAliveInterval"], toldOrigin{"file", "ClientAliveInterval", "15", acceptance.MainFile, "Match User deploy", 29}},
		"joe's, by a group": {told.ByContext[1].Provenance["PermitTTY"], toldOrigin{"file", "PermitTTY", "no", acceptance.MainFile, "Match Group joe", 31}},
	} {
		if len(c.got) == 0 || c.got[0] != c.want {
			t.Errorf("%s: %+v, not %+v", name, c.got, c.want)
		}
	}
	if len(told.Overrides) != 4 || told.Overrides[2].Written != "15" || len(told.Files) != 3 {
		t.Errorf("overrides %+v, files %v", told.Overrides, told.Files)
	}
	for keyword, list := range told.Provenance {
		if list[0].Source == "unknown" {
			t.Errorf("nobody knows where %s comes from", keyword)
		}
	}
	m.Sh("sleep 1; touch " + acceptance.CloudFile)
	c.Config(config + "data \"sshkeepalive_server_config\" \"one\" {\n  host     = \"web1\"\n  keywords = [\"ClientAliveInterval\"]\n  contexts = [{ user = \"deploy\" }, { user = \"joe\" }]\n}\n" +
		"check \"loaded\" {\n  assert {\n    condition     = data.sshkeepalive_server_config.one.loaded\n    error_message = \"web1 has a stale daemon\"\n  }\n}\n" +
		acceptance.Server("web1", "  settings = { PrintMotd = \"no\" }\n  contexts = [{ user = \"deploy\" }, { user = \"joe\" }]\n"))
	if n := looks(c, func() { c.Expect(2, []string{"web1 has a stale daemon"}, "plan", "-no-color", "-detailed-exitcode") }); n != 1 {
		t.Errorf("%d looks where one is enough", n)
	}
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes) + `
data "sshkeepalive_server_config" "after" {
  host       = "web1"
  keywords   = ["ClientAliveInterval", "ClientAliveCountMax"]
  depends_on = [sshkeepalive_server.web1]
}
output "told" { value = jsonencode(data.sshkeepalive_server_config.after) }
`)
	c.Apply()
	c.Outputs(&told)
	if from := told.Provenance["ClientAliveCountMax"]; told.Effective["ClientAliveCountMax"] != "3" || from[0].File != acceptance.DropIn || !told.Loaded {
		t.Errorf("in the walk that changed the host: %+v", told)
	}
}

// TestClientConfigOfAHost: bob's own file, the system's, a Match exec that only
// the host can judge, a user on the command line, and a file that plain ssh does
// not read.
func TestClientConfigOfAHost(t *testing.T) {
	t.Parallel()
	m := acceptance.BobsMachine(t, "Host db*\n\tServerAliveInterval 30\nMatch exec \"test -e /vpn\"\n\tConnectTimeout 9\nHost *\n\tServerAliveInterval 60\n\tUser joe\n")
	m.Sh("touch /vpn; printf 'Host *\\n  HashKnownHosts yes\\n' >/etc/ssh/ssh_config; printf 'ServerAliveInterval 5\\n' >/home/bob/other; chown bob /home/bob/other")
	c := acceptance.NewCLI(t)
	c.Config(acceptance.ProviderBlock("", m) + strings.ReplaceAll(`
data "sshkeepalive_client_config" "usual" {
  host        = "bob@HOST"
  probe_hosts = ["db1", "eve@web1"]
}
data "sshkeepalive_client_config" "other" {
  host        = "HOST"
  user        = "bob"
  config_file = "~/other"
  probe_hosts = ["db1"]
  keywords    = ["ServerAliveInterval", "HashKnownHosts"]
}
output "told" { value = jsonencode([data.sshkeepalive_client_config.usual, data.sshkeepalive_client_config.other]) }
`, "HOST", fmt.Sprintf("%s:%d", m.Addr, m.Port)))
	c.Apply()
	var told [2]struct {
		Effective  map[string]map[string]string
		Provenance map[string]map[string][]toldOrigin
		Files      []string
	}
	c.Outputs(&told)
	usual, other := told[0].Provenance, told[1]
	for name, c := range map[string]struct {
		got  []toldOrigin
		want toldOrigin
	}{
		"the first":        {usual["db1"]["ServerAliveInterval"], toldOrigin{"file", "ServerAliveInterval", "30", acceptance.BobFile, "Host db*", 2}},
		"the last":         {usual["eve@web1"]["ServerAliveInterval"], toldOrigin{"file", "ServerAliveInterval", "60", acceptance.BobFile, "Host *", 6}},
		"by exec":          {usual["db1"]["ConnectTimeout"], toldOrigin{"file", "ConnectTimeout", "9", acceptance.BobFile, `Match exec "test -e /vpn"`, 4}},
		"the system's":     {usual["db1"]["HashKnownHosts"], toldOrigin{"file", "HashKnownHosts", "yes", "/etc/ssh/ssh_config", "Host *", 2}},
		"eve":              {usual["eve@web1"]["User"], toldOrigin{Source: "command line", Keyword: "User", Written: "eve"}},
		"joe":              {usual["db1"]["User"], toldOrigin{"file", "User", "joe", acceptance.BobFile, "Host *", 7}},
		"the other file":   {other.Provenance["db1"]["ServerAliveInterval"], toldOrigin{"file", "ServerAliveInterval", "5", "/home/bob/other", "", 1}},
		"not the system's": {other.Provenance["db1"]["HashKnownHosts"], toldOrigin{Source: "default", Keyword: "HashKnownHosts"}},
	} {
		if len(c.got) != 1 || c.got[0] != c.want {
			t.Errorf("%s: %+v, not %+v", name, c.got, c.want)
		}
	}
	if len(told[0].Effective) != 2 || told[0].Effective["db1"]["ServerAliveInterval"] != "30" || len(other.Effective["db1"]) != 2 || len(told[0].Files) != 2 || len(other.Files) != 1 {
		t.Errorf("told %+v", told)
	}
	for name, of := range usual {
		for keyword, list := range of {
			if list[0].Source == "unknown" {
				t.Errorf("nobody knows where %s of %s comes from", keyword, name)
			}
		}
	}
	m.Sh("chmod 666 " + acceptance.BobFile)
	c.Expect(1, []string{"ssh of bob refuses " + acceptance.BobFile, "mode 0666"}, "plan", "-no-color")
}

// TestConnectionToHosts: in reach, not there, another host key than the known one,
// and a key that is not let in, all as values; a check block turns them into
// warnings and the plan goes on.
func TestConnectionToHosts(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "nobody1", NoKey: true}}})
	other := hosttest.Start(t, hosttest.Options{NoDaemon: true})
	c := acceptance.NewCLI(t)
	source := func(name, host, more string) string {
		return fmt.Sprintf("data \"sshkeepalive_connection\" %q {\n  host = %q\n%s\n}\n", name, host, more)
	}
	at := fmt.Sprintf("%s:%d", m.Addr, m.Port)
	config := acceptance.ProviderBlock("", m) + source("up", at, "") + source("away", fmt.Sprintf("%s:%d", other.Addr, other.Port), "") +
		source("changed", at, fmt.Sprintf("  ssh = { host_keys = [%q] }", strings.TrimSpace(other.HostKeys[0]))) + source("refused", "nobody1@"+at, "") +
		"output \"told\" { value = jsonencode([data.sshkeepalive_connection.up, data.sshkeepalive_connection.away, data.sshkeepalive_connection.changed, data.sshkeepalive_connection.refused]) }\n"
	c.Config(config)
	c.Apply()
	var told [4]struct {
		Reachable             bool
		Failure, Phase, Error string
		Next                  string `json:"next_step"`
		Server                string `json:"server_identification"`
		Key                   string `json:"host_key_sha256"`
		Method                string `json:"auth_method"`
		Milliseconds          map[string]*float64
	}
	c.Outputs(&told)
	up := told[0]
	if !up.Reachable || up.Failure != "" || !strings.HasPrefix(up.Server, "SSH-2.0-OpenSSH_") || !strings.HasPrefix(up.Key, "SHA256:") || up.Method != "publickey" {
		t.Errorf("have %+v", up)
	}
	for phase, took := range up.Milliseconds {
		if took == nil || *took <= 0 {
			t.Errorf("%s took no time", phase)
		}
	}
	for i, want := range [][3]string{1: {"unreachable", "connect", "connection refused"}, 2: {"host key changed", "host key", up.Key}, 3: {"authentication refused", "authentication", "nobody1"}} {
		have := told[i]
		if i > 0 && (have.Reachable || have.Failure != want[0] || have.Phase != want[1] || !strings.Contains(have.Error, want[2]) || have.Next == "") {
			t.Errorf("have %+v, want %v", have, want)
		}
	}
	if told[2].Key != up.Key || told[1].Key != "" || told[1].Milliseconds["connect"] != nil || told[3].Milliseconds["key_exchange"] == nil {
		t.Errorf("have %+v", told)
	}
	c.Config(acceptance.ProviderBlock("", m) + "check \"reach\" {\n" + source("host", "nobody1@"+at, "") + `
  assert {
    condition     = data.sshkeepalive_connection.host.reachable
    error_message = "web1: ${data.sshkeepalive_connection.host.failure}: ${data.sshkeepalive_connection.host.next_step}"
  }
}
`)
	c.Apply("Warning: Check block assertion failed", "web1: authentication refused: Add the public key to ~/.ssh/authorized_keys of nobody1 on the host")
	c.Config(acceptance.ProviderBlock("", m) + fmt.Sprintf("check \"config\" {\n  data \"sshkeepalive_server_config\" \"away\" { host = \"%s:%d\" }\n  assert {\n    condition = data.sshkeepalive_server_config.away.loaded\n    error_message = \"stale\"\n  }\n}\n", other.Addr, other.Port))
	c.Apply("Warning: "+other.Addr, "no answer (connect)")
	c.Config(acceptance.ProviderBlock("", m) + source("host", at, "  ssh = { private_key_path = \"/nowhere\" }"))
	c.Expect(1, []string{"these connection settings cannot work", "/nowhere"}, "plan", "-no-color")
}
