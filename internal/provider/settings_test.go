package provider

import (
	"slices"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// specOf plans resource under provider and returns how its host was reached.
func specOf(t *testing.T, provider, resource values) host.Spec {
	t.Helper()
	e := engineOf(map[string]*fakeHost{"web1": cloudHost(), "admin@web1:2200": cloudHost(), "10.9.9.9": cloudHost()})
	r := start(t, e, provider)
	r.must(nil, r.configured)
	r.must(nil, r.plan(nil, resource).diags)
	if len(e.specs) == 0 {
		t.Fatal("nothing was reached")
	}
	return e.specs[0]
}

func TestSettingsMerge(t *testing.T) {
	t.Setenv("SSHKEEPALIVE_USER", "env")
	t.Setenv("SSHKEEPALIVE_PORT", "1000")
	t.Setenv("SSHKEEPALIVE_COMMAND_TIMEOUT", "7s")
	t.Setenv("SSHKEEPALIVE_CONNECT_WAIT", "1d")
	t.Setenv("SSHKEEPALIVE_HANDSHAKE_TIMEOUT", "500ms")
	provider := values{
		"connection": values{"port": 1001, "private_key": "connection", "connect_timeout": "1s", "keepalive_interval": "2m"},
		"hosts":      values{"web1": values{"host": "10.0.0.5", "port": 1002, "sudo": true, "connect_timeout": "1500ms"}},
	}
	s := specOf(t, provider, with(values{"ssh": values{"connect_timeout": "2s"}}))
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"the resource wins", s.ConnectTimeout, 2 * time.Second},
		{"then the named host", s.Port, 1002},
		{"the named host's address", s.Host, "10.0.0.5"},
		{"then connection", s.PrivateKey.Reveal(), "connection"},
		{"in OpenSSH's times", s.KeepaliveInterval, 2 * time.Minute},
		{"then the environment", s.User, "env"},
		{"in Go's times", s.CommandTimeout, 7 * time.Second},
		{"in OpenSSH's times, as the attribute", s.HandshakeTimeout, 500 * time.Millisecond},
		{"then the default", s.MaxSessions, 5},
		{"the named host's sudo", s.Sudo, true},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	s = specOf(t, provider, with(values{"host": "admin@web1:2200"}))
	if s.Host != "10.0.0.5" || s.Port != 2200 || s.User != "admin" {
		t.Errorf("a name with user and port reaches %s", s)
	}
	s = specOf(t, provider, with(values{"host": "10.9.9.9"}))
	if s.Host != "10.9.9.9" || s.Port != 1001 {
		t.Errorf("an address reaches %s", s)
	}
	s = specOf(t, values{"hosts": values{"web1": values{"user": "u"}}}, basic)
	if s.Host != "web1" || s.User != "u" {
		t.Errorf("an entry without address reaches %s", s)
	}
}

func TestOneHopIsWrittenInTwoWays(t *testing.T) {
	key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6bJ9VbHlFjxZGV9HbIyOtVsxTd1m1uBHLfZTgC9P0J"
	short := specOf(t, values{"connection": values{"user": "u", "port": 2222, "bastion_host": "b", "bastion_user": "j", "bastion_host_key": key, "host_key": key}}, basic)
	long := specOf(t, values{"connection": values{"user": "u", "port": 2222, "host_keys": []any{key},
		"jump": []any{values{"host": "b", "user": "j", "host_keys": []any{key}}}}}, basic)
	if len(short.Jump) != 1 || short.Key() != long.Key() {
		t.Errorf("bastion_* gives %+v, jump gives %+v", short.Jump, long.Jump)
	}
	if short.Jump[0].Port != 22 {
		t.Errorf("the hop's port is %d: it must not be that of the host", short.Jump[0].Port)
	}
	if !slices.Equal(short.HostKeys, []string{key}) {
		t.Errorf("host_key gives %v", short.HostKeys)
	}
}

// An empty list of hops is an answer: this host is reached without the bastion
// that everything else is behind.
func TestEmptyJumpGoesStraight(t *testing.T) {
	bastion := values{"user": "u", "jump": []any{values{"host": "b"}}}
	if s := specOf(t, values{"connection": bastion}, basic); len(s.Jump) != 1 {
		t.Errorf("have %d hops without a word", len(s.Jump))
	}
	if s := specOf(t, values{"connection": bastion}, with(values{"ssh": values{"jump": []any{}}})); len(s.Jump) != 0 {
		t.Errorf("have %d hops", len(s.Jump))
	}
}

// TestEmptyTextSaysNothing: modules pass on variables that are empty, and what is
// empty is as if it were absent, in each place and for each attribute that is a text.
func TestEmptyTextSaysNothing(t *testing.T) {
	t.Setenv("SSHKEEPALIVE_USER", "env")
	empty := func(place host.Scope) values {
		v := values{}
		for _, d := range connection.SettingsIn(place) {
			switch {
			case d.Kind() == host.List:
				v[d.Name] = []any{""}
			case d.Kind() != host.Number && d.Kind() != host.Flag && d.Name != "host":
				v[d.Name] = ""
			}
		}
		if place != host.InJump {
			v["host_key"] = ""
		}
		if place == host.InConnection || place == host.InHosts {
			for _, name := range []string{"bastion_host", "bastion_user", "bastion_password", "bastion_private_key", "bastion_certificate", "bastion_host_key"} {
				v[name] = ""
			}
		}
		return v
	}
	want := specOf(t, values{"hosts": values{"web1": values{"jump": []any{values{"host": "b"}}}}}, basic)
	hop := empty(host.InJump)
	hop["host"] = "b"
	entry := empty(host.InHosts)
	entry["jump"] = []any{hop}
	have := specOf(t, values{"connection": empty(host.InConnection), "hosts": values{"web1": entry}, "on_unreachable": ""}, with(values{"ssh": empty(host.InSSH)}))
	if have.Key() != want.Key() || have.User != "env" || len(have.Jump) != 1 || have.Jump[0].Host != "b" {
		t.Errorf("have %+v\nwant %+v", have, want)
	}
	for name, key := range map[string]string{"host_keys": "", "known_hosts_files": ""} {
		s := specOf(t, values{"connection": values{"known_hosts": "# none"}, "hosts": values{"web1": values{name: []any{key}}}}, basic)
		if s.KnownHosts == "" {
			t.Errorf("a list of an empty text in %s silences connection", name)
		}
	}
}

func TestContradictionsOfTheProviderBlock(t *testing.T) {
	key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6bJ9VbHlFjxZGV9HbIyOtVsxTd1m1uBHLfZTgC9P0J"
	for _, c := range []struct {
		config values
		words  []string
	}{
		{values{"connection": values{"host_key": key, "host_keys": []any{key}}}, []string{"`connection.host_key` and `connection.host_keys` are two names"}},
		{values{"connection": values{"bastion_host": "b"}, "hosts": values{"a": values{"bastion_port": 2222}}}, []string{"`hosts[\"a\"].bastion_port` is given without `hosts[\"a\"].bastion_host`"}},
		{values{"hosts": values{"a": values{"bastion_host": "b", "jump": []any{values{"host": "c"}}}}}, []string{"`hosts[\"a\"].bastion_host` and `hosts[\"a\"].jump` both"}},
	} {
		r := start(t, engineOf(nil), c.config)
		mustSay(t, r.configured, failed, c.words...)
	}
	t.Setenv("SSHKEEPALIVE_PORT", "many")
	mustSay(t, start(t, engineOf(nil), nil).configured, failed, "SSHKEEPALIVE_PORT")
	t.Setenv("SSHKEEPALIVE_PORT", "")
	t.Setenv(diagnostics.OnUnreachableEnv, "shrug")
	mustSay(t, start(t, engineOf(nil), nil).configured, failed, diagnostics.OnUnreachableEnv, "shrug")
}

func TestAcceptNewEnforcesWhatItRecorded(t *testing.T) {
	for word, pinned := range map[string]string{"accept-new": "SHA256:one", "strict": "", "insecure": ""} {
		e := one(cloudHost())
		r := start(t, e, values{"connection": values{"host_key_policy": word}})
		s := r.create(basic)
		if e.specs[0].PinnedHostKey != "" {
			t.Errorf("%s: a new resource pins %s", word, e.specs[0].PinnedHostKey)
		}
		if _, diags := r.read(s); len(diags) > 0 {
			t.Error(said(diags, failed))
		}
		if got := e.specs[len(e.specs)-1].PinnedHostKey; got != pinned {
			t.Errorf("%s: the refresh pins %q", word, got)
		}
	}
}

// TestConfigureDialsNothing also shows that wrong settings of one host are no
// fault of the others.
func TestConfigureDialsNothing(t *testing.T) {
	e := one(cloudHost())
	r := start(t, e, values{"hosts": values{"web2": values{"transport": "local"}}, "connection": values{"user": "u"}})
	r.must(nil, r.configured)
	if len(e.specs) > 0 {
		t.Errorf("Configure reached %v", e.specs)
	}
}

func TestOnlyAnApplyWaitsForAMachineToBoot(t *testing.T) {
	e := one(cloudHost())
	r := start(t, e, values{"connection": values{"connect_wait": "5m"}})
	s := r.create(basic)
	r.read(s)
	for i, want := range []time.Duration{0, 5 * time.Minute, 0} {
		if got := e.specs[i].ConnectWait; got != want {
			t.Errorf("call %d waits %s, not %s", i, got, want)
		}
	}
}
