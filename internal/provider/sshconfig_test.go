package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sshConfig writes an ssh_config and returns its name.
func sshConfig(t *testing.T, lines ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config")
	write(t, name, strings.Join(lines, "\n")+"\n")
	return name
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSSHConfigIsTheLastLayer(t *testing.T) {
	file := sshConfig(t, "Host web1", "  HostName 10.0.0.7", "  Port 2022", "  User file", "  ServerAliveInterval 40",
		"  ProxyJump gate", "Host gate", "  HostName 192.0.2.1", "  User jumper", "Host 10.9.9.9", "  Port 77")
	for name, provider := range map[string]values{
		"connection": {"connection": values{"ssh_config_file": file, "port": 1001}},
		"hosts":      {"connection": values{"port": 1001, "ssh_config_file": "none"}, "hosts": values{"web1": values{"ssh_config_file": file}}},
		"env":        {"connection": values{"port": 1001}},
		"ssh":        {"connection": values{"port": 1001, "ssh_config_file": "/absent"}},
	} {
		t.Run(name, func(t *testing.T) {
			resource := basic
			switch name {
			case "env":
				t.Setenv("SSHKEEPALIVE_SSH_CONFIG_FILE", file)
			case "ssh":
				resource = with(values{"ssh": values{"ssh_config_file": file}})
			}
			s := specOf(t, provider, resource)
			if s.String() != "file@10.0.0.7:1001" || s.Name != "web1" || s.KeepaliveInterval.Seconds() != 40 || len(s.Jump) != 1 || s.Jump[0].String() != "jumper@192.0.2.1:22" {
				t.Errorf("reached %s through %v", s, s.Jump)
			}
		})
	}
	s := specOf(t, values{"connection": values{"ssh_config_file": file}, "hosts": values{"web1": values{"host": "10.9.9.9", "user": "u"}}}, basic)
	if s.String() != "u@10.9.9.9:77" {
		t.Errorf("a named host is looked up by its address: reached %s", s)
	}
}

// TestSSHConfigIsReadLate: neither validation nor Configure read the file, nor a
// plan in which something about the host is unknown.
func TestSSHConfigIsReadLate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	e := one(cloudHost())
	r := start(t, e, values{"connection": values{"ssh_config_file": file}})
	r.must(nil, r.configured)
	mustSay(t, r.plan(nil, basic).diags, failed, "web1", file, "no such file")
	r.must(nil, r.plan(nil, with(values{"ssh": values{"user": unknown{}}})).diags)
	if len(e.specs) > 0 {
		t.Errorf("reached %v", e.specs)
	}
	write(t, file, "Host web1\n  Usr x\n")
	mustSay(t, r.plan(nil, basic).diags, failed, file+":2", "bad configuration option: usr")
	write(t, file, "Host web1\n  User x\n")
	mustSay(t, r.plan(nil, basic).diags, failed, "usr") // one run, one text
	r = start(t, e, values{"connection": values{"ssh_config_file": file}})
	r.must(nil, r.plan(nil, basic).diags)
	if len(e.specs) != 1 || e.specs[0].User != "x" {
		t.Errorf("reached %v", e.specs)
	}
}

// TestSSHConfigAcceptNewIsRecorded as if the provider block had said it.
func TestSSHConfigAcceptNewIsRecorded(t *testing.T) {
	file := sshConfig(t, "StrictHostKeyChecking accept-new")
	e := one(cloudHost())
	r := start(t, e, values{"connection": values{"ssh_config_file": file}})
	s := r.create(basic)
	r.read(s)
	if got := e.specs[len(e.specs)-1]; got.HostKeyPolicy != "accept-new" || got.PinnedHostKey != "SHA256:one" {
		t.Errorf("%s, pinned %q", got.HostKeyPolicy, got.PinnedHostKey)
	}
}

// TestUserNameIsNotRunHere: a Match exec of the file has a shell read the user's name,
// which may come from a variable.
func TestUserNameIsNotRunHere(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	file := sshConfig(t, `Match exec "test %r = deploy"`, "  Port 2222", `Match originalhost gate exec "test %r = deploy"`, "  Port 2222")
	provider := values{"connection": values{"ssh_config_file": file}}
	const user = "$(touch${IFS}ran)"
	for name, resource := range map[string]values{
		"host": with(values{"host": user + "@127.0.0.1"}),
		"ssh":  with(values{"ssh": values{"user": user}}),
		"jump": with(values{"ssh": values{"jump": []any{values{"host": "gate", "user": user}}}}),
	} {
		t.Run(name, func(t *testing.T) {
			e := one(cloudHost())
			r := start(t, e, provider)
			mustSay(t, r.plan(nil, resource).diags, failed, "is not a user name", "ssh refuses")
			if len(e.specs) > 0 {
				t.Errorf("reached %v", e.specs)
			}
		})
	}
	r := start(t, one(cloudHost()), values{"connection": values{"ssh_config_file": file, "user": user}})
	mustSay(t, r.plan(nil, basic).diags, failed, "is not a user name")
	if left, _ := os.ReadDir(here); len(left) > 0 {
		t.Errorf("a command ran and left %s", left[0].Name())
	}
}
