package config

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

func load(t *testing.T, yaml, state string, env map[string]string) (*Config, error) {
	t.Helper()
	dir, f := t.TempDir(), Files{}
	for to, text := range map[*string]string{&f.Config: yaml, &f.State: state} {
		if text == "" {
			continue
		}
		*to = filepath.Join(dir, map[bool]string{true: "config.yml", false: "state.json"}[to == &f.Config])
		if err := os.WriteFile(*to, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	return Load(context.Background(), f, lookup)
}

func mustLoad(t *testing.T, yaml, state string, env map[string]string) *Config {
	t.Helper()
	c, err := load(t, yaml, state, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const fleetYAML = `
connection:
  user: admin
  private_key_path: /etc/exporter/id_ed25519
  known_hosts_files: [/etc/exporter/known_hosts]
  connect_timeout: 5s
  sudo: true
defaults:
  server:
    client_alive_interval: 1m
    client_alive_count_max: 3
    tcp_keep_alive: true
    channel_timeout: { session: 1h, agent-connection: 5m }
    settings: { UseDNS: no, AcceptEnv: "LANG\nLC_*\n" }
    contexts: [{ user: deploy, local_port: 22 }]
    match:
      - { criteria: "User git", client_alive_interval: 600, settings: { X11Forwarding: false } }
hosts:
  web1: { host: 192.0.2.10, port: 2222 }
  web2.example.com:
  db1:
    user: root
    bastion_host: bastion.example.com
    server: { client_alive_interval: 30, config_file: /srv/sshd_config }
    client: { patterns: ["*"], server_alive_interval: 1m }
    coolify: { mux_persist_time: 1h }
    control_sockets: [{ path: ~/.ssh/mux, user: deploy }]
    audit: [cis]
`

func TestFleet(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, fleetYAML, "", map[string]string{"SSHKEEPALIVE_SUDO_PASSWORD": "hunter2", "SSHKEEPALIVE_USER": "someone"})
	if got := fmt.Sprint(c.Names()); got != "[db1 web1 web2.example.com]" {
		t.Error(got)
	}
	web, _ := c.Host("web1")
	if s := web.Spec; s.Address() != "192.0.2.10:2222" || s.User != "admin" || !s.Sudo || s.SudoPassword.Reveal() != "hunter2" || s.ConnectTimeout.Seconds() != 5 {
		t.Errorf("web1 is reached as %+v", s)
	}
	if web2, _ := c.Host("web2.example.com"); web2.Spec.Address() != "web2.example.com:22" {
		t.Errorf("web2 is reached as %s", web2.Spec.Address())
	}
	var lines []string
	for _, s := range web.Servers[0].Want.Settings {
		lines = append(lines, s.Keyword+" "+strings.Join(s.Values, "|"))
	}
	want := "ClientAliveInterval 1m, ClientAliveCountMax 3, TCPKeepAlive yes, ChannelTimeout agent-connection=5m session=1h, AcceptEnv LANG|LC_*, UseDNS no"
	if got := strings.Join(lines, ", "); got != want {
		t.Errorf("wanted is\n%s, not\n%s", got, want)
	}
	if m := web.Servers[0].Want.Match; len(m) != 1 || m[0].Criteria != "User git" || len(m[0].Settings) != 2 || m[0].Settings[1].Values[0] != "no" {
		t.Errorf("Match blocks: %+v", m)
	}
	if x := web.Servers[0].Want.Contexts; len(x) != 1 || x[0].User != "deploy" || x[0].LocalPort != 22 {
		t.Errorf("contexts: %+v", x)
	}
	db, _ := c.Host("db1")
	if len(db.Spec.Jump) != 1 || db.Spec.Jump[0].Host != "bastion.example.com" || db.Servers[0].File != "/srv/sshd_config" || len(db.Servers[0].Want.Settings) != 1 ||
		len(db.Clients) != 1 || len(db.Coolify) != 1 || len(db.Sockets) != 1 || db.Profiles[0] != "cis" {
		t.Errorf("db1 is %+v", db)
	}
}

// TestMistakesAreNamed: each with its line, its place, and what to write.
func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	for name, c := range map[string]struct{ yaml, want string }{
		"an unknown key":         {"hosts:\n  web1:\n    prot: 22\n", "line 3: `hosts.web1.prot`: this key is not known; did you mean `port`?"},
		"an unknown attribute":   {"hosts:\n  web1:\n    server: { client_alive_intervall: 1m }\n", "did you mean `client_alive_interval`?"},
		"an unknown section":     {"hosts:\n  web1:\nmodules: {}\n", "line 3: `modules`: this key is not known; known here: connection, defaults, hosts"},
		"a key given twice":      {"hosts:\n  web1: { port: 1 }\n  web1: { port: 2 }\n", "line 3: `hosts.web1` is given twice"},
		"a text for a port":      {"hosts:\n  web1: { port: ssh }\n", "line 2: `hosts.web1.port`: \"ssh\" is not a whole number"},
		"a list for a text":      {"hosts:\n  web1: { host: [a] }\n", "`hosts.web1.host`"},
		"a text for a mapping":   {"hosts:\n  web1: yes please\n", "line 2: `hosts.web1`: a mapping was expected"},
		"a bad time":             {"hosts:\n  web1:\n    server: { longest_task: soon }\n", "line 3: `hosts.web1.server.longest_task`: \"soon\" is not a time"},
		"a bad duration":         {"connection: { connect_timeout: soon }\nhosts: { web1: }\n", "line 1: `connection.connect_timeout`: \"soon\" is not a time"},
		"a value that is none":   {"hosts:\n  web1:\n    server: { client_alive_count_max: many }\n", "client_alive_count_max"},
		"an unknown keyword":     {"hosts:\n  web1:\n    server: { settings: { ClientAliveIntervall: 5 } }\n", "ClientAliveIntervall"},
		"an unknown profile":     {"hosts:\n  web1: { audit: [iso] }\n", "\"iso\" is not a profile: write one of"},
		"no block":               {"hosts:\n  web1:\n    client: { server_alive_interval: 5 }\n", "`patterns` or `match`"},
		"an image":               {"hosts:\n  web1: { transport: image, root: /mnt, audit: [cis] }\n", "line 2: `hosts.web1`: an image is not a machine that can be watched"},
		"two documents":          {"hosts:\n  web1:\n---\nhosts:\n  web2:\n", "line 3: a second document begins here"},
		"a torn document":        {"hosts:\n  web1:\n---\nhosts: [\n", "did not find expected node content"},
		"a bad port of contexts": {"hosts:\n  web1:\n    server: { contexts: [{ local_port: 70000 }] }\n", "\"70000\" is not a port"},
		"half a file":            {"hosts:\n  web1: { port: 2", "did not find expected"},
		"no host":                {"connection: { user: x }\n", "no host is named"},
		"not a mapping":          {"- web1\n", "a mapping with `connection`, `defaults` and `hosts` was expected"},
		"a merge key":            {"hosts:\n  a: &a { port: 2 }\n  b: { <<: *a }\n", "line 3: a key that is not one word"},
		"a bomb":                 {bomb, "anchors that contain each other"},
		"a binary":               {"hosts:\n  web1: { host: !!binary aGVsbG8= }\n", "a value of the type !!binary is not supported"},
		"a missing secret file":  {"hosts:\n  web1: { password_file: /no/such/file }\n", "line 2: `hosts.web1.password_file`: open /no/such/file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.yaml, "", nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "config.yml: ") {
				t.Errorf("have %v, want %s", err, c.want)
			}
		})
	}
	if _, err := load(t, "", "", nil); err == nil || !strings.Contains(err.Error(), "nothing says which hosts") {
		t.Errorf("no file: %v", err)
	}
	if _, err := Load(t.Context(), Files{Config: "/no/such.yml"}, os.LookupEnv); err == nil || err.Error() != "/no/such.yml: no such file or directory" {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := load(t, strings.Repeat("#", mostConfig+1), "", nil); err == nil || !strings.Contains(err.Error(), "larger than 4 MiB") {
		t.Errorf("a large file: %v", err)
	}
}

// TestSecretsComeFromElsewhere: a secret in the file is refused and not repeated, and one in
// a file of its own is used and not shown.
func TestSecretsComeFromElsewhere(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-horse"
	for key, remedy := range map[string]string{
		"password": "password_file", "sudo_password": "SSHKEEPALIVE_SUDO_PASSWORD", "private_key": "private_key_path",
		"private_key_passphrase": "private_key_passphrase_file", "proxy_url": "proxy_url_file",
	} {
		for _, yaml := range []string{"hosts:\n  web1: { %s: \"%s\" }\n", "connection: { %s: \"%s\" }\nhosts: { web1: }\n"} {
			_, err := load(t, fmt.Sprintf(yaml, key, "http://user:"+secret+"@proxy"), "", nil)
			if err == nil || !strings.Contains(err.Error(), "this is a secret") || !strings.Contains(err.Error(), remedy) || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := mustLoad(t, "hosts:\n  web1: { password_file: "+file+", proxy_url: \"http://proxy:3128\" }\n", "", nil)
	web, _ := c.Host("web1")
	if web.Spec.Password.Reveal() != secret || web.Spec.ProxyURL.Reveal() != "http://proxy:3128" {
		t.Error("the secret of the file is not used")
	}
	shown := fmt.Sprintf("%v %+v %#v", web, web.Spec, *web)
	encoded, err := json.Marshal(web)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(shown+string(encoded), secret) {
		t.Error("the secret is shown")
	}
	if !strings.Contains(fmt.Sprint(web.Spec.Password.Reveal()), secret) {
		t.Error("the search finds nothing")
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/state.json")
	if err != nil {
		t.Fatal(err)
	}
	const connection = "connection: { user: admin, known_hosts_files: [/k] }\n"
	c := mustLoad(t, connection+"hosts:\n  web1: { host: 192.0.2.10, server: { client_alive_interval: 5 } }\n", string(text), nil)
	if got := fmt.Sprint(c.Names()); got != "[admin@192.0.2.20:2222 web1]" {
		t.Fatal(got)
	}
	web, _ := c.Host("web1")
	if web.Spec.Address() != "192.0.2.10:22" || len(web.Servers) != 1 || !web.Servers[0].Resource || web.Servers[0].Want.Settings[0].Values[0] != "2m" || web.Servers[0].Want.Takeover {
		t.Errorf("web1 is %+v", web.Servers)
	}
	if len(web.Clients) != 1 || web.Clients[0].Want.Patterns[0] != "*" || len(web.Coolify) != 1 {
		t.Errorf("web1 is %+v", web)
	}
	db, _ := c.Host("admin@192.0.2.20:2222")
	if db.Spec.Address() != "192.0.2.20:2222" || db.Spec.PinnedHostKey != "SHA256:db" || db.Servers[0].Want.Match[0].Criteria != "User git" {
		t.Errorf("db1 is %+v", db)
	}
	plan := strings.Replace(string(text), `"values"`, `"planned_values"`, 1)
	if got := mustLoad(t, connection, plan, nil).Names(); len(got) != 2 {
		t.Errorf("of a plan: %v", got)
	}
	for name, c := range map[string]struct{ state, want string }{
		"half a file":      {string(text[:len(text)/2]), "the file ends too early"},
		"nothing":          {" ", "the file ends too early"},
		"another format":   {`{"format_version": "2.0"}`, "format_version is \"2.0\""},
		"another file":     {`{"version": 4}`, "this may not be what `terraform show -json` prints"},
		"text":             {"# terraform", "this is not what `terraform show -json` prints"},
		"two states":       {`{"format_version": "1.0"}{"format_version": "1.0"}`, "more than one document"},
		"no resource":      {`{"format_version": "1.0"}`, "no host is named"},
		"values of a list": {`{"format_version": "1.0", "values": {"root_module": {"resources": [{"address": "sshkeepalive_server.x", "mode": "managed", "type": "sshkeepalive_server", "values": {"host": ["a"]}}]}}}`, "sshkeepalive_server.x: `host`: a text was expected"},
	} {
		_, err := load(t, "", c.state, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "state.json: ") && name != "no resource" {
			t.Errorf("%s: have %v, want %s", name, err, c.want)
		}
	}
}

// TestHostsOfOneName: a resource whose own settings lead to another port is about another
// sshd; one that comes on another way to the same is not; and an image is passed over.
func TestHostsOfOneName(t *testing.T) {
	t.Parallel()
	resource := func(name, values string) string {
		return `{"address": "sshkeepalive_server.` + name + `", "mode": "managed", "type": "sshkeepalive_server", "values": ` + values + `}`
	}
	state := `{"format_version": "1.0", "values": {"root_module": {"resources": [` + strings.Join([]string{
		resource("a", `{"host": "web1", "client_alive_interval": "1m"}`),
		resource("b", `{"host": "web1", "client_alive_interval": "2m", "ssh": {"port": 2222}}`),
		resource("c", `{"host": "web1", "client_alive_count_max": 3, "drop_in_name": "10-c.conf", "ssh": {"user": "deploy"}}`),
		resource("d", `{"host": "web1", "drop_in_name": "10-d.conf", "ssh": {"port": 2222}}`),
		resource("e", `{"host": "base", "client_alive_interval": "1m"}`),
	}, ", ") + `]}}}`
	c := mustLoad(t, "connection: { user: admin }\nhosts:\n  web1: { host: 192.0.2.10 }\n  base: { transport: image, root: /mnt }\n", state, nil)
	have := ""
	for _, name := range c.Names() {
		h, _ := c.Host(name)
		have += fmt.Sprintf("%s %s:", name, h.Spec)
		for _, s := range h.Servers {
			have += " " + s.Want.DropInName
		}
		have += "\n"
	}
	const want = "web1 admin@192.0.2.10:22: 00-sshkeepalive.conf 10-c.conf\nweb1:2222 admin@192.0.2.10:2222: 00-sshkeepalive.conf 10-d.conf\n"
	if have != want {
		t.Errorf("have\n%swant\n%s", have, want)
	}
	if _, err := load(t, "hosts:\n  web1:\n  web1:2222: { host: 192.0.2.11, port: 22 }\n", state, nil); err == nil || !strings.Contains(err.Error(), "port 2222 of web1 is watched as web1:2222, and `hosts` has that name at another address: rename it there") {
		t.Errorf("a name that is taken: %v", err)
	}
}

// FuzzFiles: no text makes the reader fail in another way than by an error.
func FuzzFiles(f *testing.F) {
	f.Add(fleetYAML)
	f.Add("a: &a [*a]")
	if text, err := os.ReadFile("testdata/state.json"); err == nil {
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func(*loader, []byte) error{(*loader).yaml, (*loader).state} {
			l := &loader{config: &Config{map[string]*Host{}}, entries: map[string]host.Settings{}, ctx: t.Context()}
			_ = read(l, []byte(text))
		}
	})
}
