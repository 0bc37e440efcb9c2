package host

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"web1":                    "web1",
		"web1:2222":               "web1 2222",
		"admin@web1":              "admin@web1",
		"admin@web1:2222":         "admin@web1 2222",
		"a@corp.example@web1":     "a@corp.example@web1",
		"10.0.0.5:22":             "10.0.0.5 22",
		"2001:db8::1":             "2001:db8::1",
		"[2001:db8::1]":           "2001:db8::1",
		"root@[2001:db8::1]:2222": "root@2001:db8::1 2222",
		"fe80::1%eth0":            "fe80::1%eth0",
	} {
		s, err := ParseAddress(text)
		have := or(s.Host, "")
		if s.User != nil {
			have = *s.User + "@" + have
		}
		if s.Port != nil {
			have += fmt.Sprint(" ", *s.Port)
		}
		if err != nil || have != want {
			t.Errorf("%q: want %q, have %q, %v", text, want, have, err)
		}
	}
	for _, text := range []string{"", "@web1", "admin@", "web1:", "web1:ssh", "web1:0", "web1:70000", "a:b:c", "-oProxyCommand=x", "we b1", "web1/x", "$(x)", "[web1", "web1;x"} {
		if s, err := ParseAddress(text); err == nil {
			t.Errorf("%q was taken for %v", text, *s.Host)
		}
	}
}

// ParseAddress gives back what it was given, or says no.
func FuzzParseAddress(f *testing.F) {
	f.Add("root@[2001:db8::1]:2222")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseAddress(text)
		if err != nil {
			return
		}
		spec := Spec{Transport: transportSSH, Host: *s.Host, Port: or(s.Port, 22), User: or(s.User, "me")}
		again, err := ParseAddress(spec.String())
		if err != nil || *again.Host != *s.Host || *again.Port != spec.Port || *again.User != spec.User {
			t.Errorf("%q became %q, %v", text, spec.String(), err)
		}
	})
}

func TestResolveTakesTheFirstThatSpeaks(t *testing.T) {
	s, err := Resolve("web1",
		Settings{User: ptr("admin"), HostKeys: []string{authorized(ed25519HostKey)}},
		Settings{User: ptr("root"), Host: ptr("10.0.0.5"), PrivateKeyPath: ptr("a"), KnownHostsFiles: []string{"b"}},
		Settings{Host: ptr("nowhere"), PrivateKey: ptr(Secret("c")), Sudo: ptr(true)})
	if err != nil {
		t.Fatal(err)
	}
	want := Spec{
		Name: "web1", Transport: "ssh", Host: "10.0.0.5", Port: 22, User: "admin", PrivateKeyPath: "a", HostKeys: s.HostKeys, HostKeyPolicy: "strict", Sudo: true,
		ConnectTimeout: 10 * time.Second, HandshakeTimeout: 30 * time.Second, CommandTimeout: time.Minute,
		KeepaliveInterval: 15 * time.Second, KeepaliveCountMax: 3, MaxSessions: 5,
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("want %+v, have %+v", want, s)
	}
}

func TestResolveRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		settings Settings
		want     string
	}{
		"no host":           {Settings{}, "the host is empty"},
		"empty host":        {Settings{Host: ptr("")}, "the host is empty"},
		"option":            {Settings{Host: ptr("-lroot")}, "dash"},
		"transport":         {Settings{Host: ptr("a"), Transport: ptr("telnet")}, `"telnet"`},
		"port":              {Settings{Host: ptr("a"), Port: ptr(0)}, "port 0"},
		"policy":            {Settings{Host: ptr("a"), HostKeyPolicy: ptr("yes")}, "host_key_policy"},
		"host key":          {Settings{Host: ptr("a"), HostKeys: []string{"x"}}, "host_keys[0]"},
		"timeout":           {Settings{Host: ptr("a"), CommandTimeout: ptr(time.Duration(0))}, "command_timeout"},
		"sessions":          {Settings{Host: ptr("a"), MaxSessions: ptr(0)}, "max_sessions"},
		"count":             {Settings{Host: ptr("a"), KeepaliveCountMax: ptr(0)}, "keepalive_count_max"},
		"image":             {Settings{Transport: ptr("image")}, "needs root"},
		"image at /":        {Settings{Transport: ptr("image"), Root: ptr("/")}, "is this machine"},
		"image somewhere":   {Settings{Transport: ptr("image"), Root: ptr("mnt")}, "not an absolute path"},
		"proxies":           {Settings{Host: ptr("a"), ProxyCommand: ptr("x"), ProxyURL: ptr(Secret("http://p"))}, "exclude each other"},
		"proxy scheme":      {Settings{Host: ptr("a"), ProxyURL: ptr(Secret("ftp://u:hunter2@p"))}, "scheme"},
		"proxy text":        {Settings{Host: ptr("a"), ProxyURL: ptr(Secret("http://u:hunter2@p\x7f"))}, "not a URL"},
		"user for a shell":  {Settings{Host: ptr("a"), User: ptr("$x"), ProxyCommand: ptr("nc %h %r")}, "%r stands for"},
		"user with a quote": {Settings{Host: ptr("a"), User: ptr("a'b")}, "ssh refuses"},
		"user of a hop":     {Settings{Host: ptr("a"), Jump: []Settings{{Host: ptr("b"), User: ptr("$(x)")}}}, "jump[0]: user"},
		"user with ESC":     {Settings{Host: ptr("a"), User: ptr("a\x1bb")}, "not a user name"},
		"host with ESC":     {Settings{Host: ptr("a\x1bb")}, "contains"},
		"jump without host": {Settings{Host: ptr("a"), Jump: []Settings{{}}}, "jump[0]: the host is empty"},
	} {
		_, err := Resolve("web1", c.settings)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "web1") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: want %q, have %v", name, c.want, err)
			continue
		}
		if e := failure(t, err); e.Kind != Config || !IsRefused(err) {
			t.Errorf("%s: have %v", name, e.Kind)
		}
	}
}

func TestJumpInheritsTheLoginOnly(t *testing.T) {
	base := Settings{Host: ptr("a"), Port: ptr(2222), User: ptr("admin"), PrivateKey: ptr(Secret("k")), HostKeys: []string{authorized(ed25519HostKey)}, Sudo: ptr(true), ProxyCommand: ptr("nc %h %p")}
	base.Jump = []Settings{{Host: ptr("b")}, {Host: ptr("c"), Agent: ptr(true), User: ptr("jump")}}
	s, err := Resolve("a", base)
	if err != nil {
		t.Fatal(err)
	}
	b, c := s.Jump[0], s.Jump[1]
	if b.Port != 22 || b.User != "admin" || b.PrivateKey != "k" || b.HostKeys != nil || b.Sudo {
		t.Errorf("have %+v", b)
	}
	if c.PrivateKey != "" || c.User != "jump" {
		t.Errorf("have %+v", c)
	}
	via, _ := s.hop()
	first, _ := via.hop()
	if via.Host != "c" || first.Host != "b" || first.ProxyCommand != "nc %h %p" {
		t.Errorf("have %v through %v", via, first)
	}
}

// notInKey are the fields that only say what a machine is called, where else it may
// be met, and what to ask it for first.
var notInKey = []string{"Name", "Place", "JumpHost", "HostKeyNames", "Elsewhere", "ShownHostKey", "PinnedHostKeyType"}

// Every other field of a spec tells connections apart.
func TestKeyTellsSpecsApart(t *testing.T) {
	base := Spec{Transport: "ssh", Host: "a", Port: 22, User: "u"}
	seen := map[string]string{base.Key(): "nothing"}
	apart := func(name string) bool { return !slices.Contains(notInKey, name) }
	kind := reflect.TypeFor[Spec]()
	for i := range kind.NumField() {
		spec := base
		field := reflect.ValueOf(&spec).Elem().Field(i)
		switch v := field.Addr().Interface().(type) {
		case *string:
			*v = "changed"
		case *Secret:
			*v = "changed"
		case *int:
			*v = 99
		case *bool:
			*v = true
		case **bool:
			*v = ptr(true)
		case *[]string:
			*v = []string{"changed"}
		case *time.Duration:
			*v = 99
		case *KeyNames:
			v.HostKeys = "changed"
		case *[]Spec:
			*v = []Spec{{Host: "changed"}}
		default:
			t.Fatalf("field %s has a type that this test does not know", kind.Field(i).Name)
		}
		other, clash := seen[spec.Key()]
		name := kind.Field(i).Name
		if clash == apart(name) {
			t.Errorf("%s and %s: same key %v", name, other, clash)
		}
		if !clash {
			seen[spec.Key()] = name
		}
		if strings.Contains(spec.Key(), "changed") && field.Type() == reflect.TypeFor[Secret]() {
			t.Errorf("the key of a spec shows %s", kind.Field(i).Name)
		}
	}
}

func TestEnvSettings(t *testing.T) {
	env := map[string]string{"HOST": "a", "PORT": "2222", "SUDO": "true", "HOST_KEYS": "x\n y \n", "CONNECT_TIMEOUT": "3s", "COMMAND_TIMEOUT": "90", "JUMP": "u@b:1, c", "PASSWORD": "p", "USER": ""}
	lookup := func(name string) (string, bool) {
		v, ok := env[strings.TrimPrefix(name, EnvPrefix)]
		return v, ok
	}
	s, err := EnvSettings(lookup)
	names := KeyNames{HostKeys: "SSHKEEPALIVE_HOST_KEYS", KnownHosts: "SSHKEEPALIVE_KNOWN_HOSTS", Shared: true}
	want := Settings{HostKeyNames: names, Host: ptr("a"), Port: ptr(2222), Sudo: ptr(true), HostKeys: []string{"x", "y"}, ConnectTimeout: ptr(3 * time.Second), CommandTimeout: ptr(90 * time.Second), Password: ptr(Secret("p")),
		Jump: []Settings{{Place: "SSHKEEPALIVE_JUMP", User: ptr("u"), Host: ptr("b"), Port: ptr(1)}, {Place: "SSHKEEPALIVE_JUMP", Host: ptr("c")}}}
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("have %+v, %v", s, err)
	}
	for name, value := range map[string]string{"PORT": "ssh", "SUDO": "maybe", "COMMAND_TIMEOUT": "soon", "JUMP": "a:b"} {
		env = map[string]string{name: value}
		if _, err := EnvSettings(lookup); err == nil || !strings.Contains(err.Error(), EnvPrefix+name) {
			t.Errorf("%s=%s: have %v", name, value, err)
		}
	}
}

// The short names of Terraform's own connection block have their variables, too.
func TestEnvSettingsOfOneHop(t *testing.T) {
	env := map[string]string{"BASTION_HOST": "b", "BASTION_PORT": "2222", "BASTION_USER": "j", "BASTION_PASSWORD": "p", "BASTION_HOST_KEY": "x", "HOST_KEY": "y"}
	lookup := func(name string) (string, bool) {
		v, ok := env[strings.TrimPrefix(name, EnvPrefix)]
		return v, ok
	}
	s, err := EnvSettings(lookup)
	want := Settings{HostKeys: []string{"y"}, HostKeyNames: KeyNames{HostKeys: "SSHKEEPALIVE_HOST_KEY", KnownHosts: "SSHKEEPALIVE_KNOWN_HOSTS", Shared: true},
		Jump: []Settings{{Place: "SSHKEEPALIVE_BASTION_HOST", HostKeyNames: KeyNames{HostKeys: "SSHKEEPALIVE_BASTION_HOST_KEY"}, Host: ptr("b"), Port: ptr(2222), User: ptr("j"), Password: ptr(Secret("p")), HostKeys: []string{"x"}}}}
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("have %+v, %v", s, err)
	}
}

// Every attribute has its variable.
func TestEveryAttributeHasAVariable(t *testing.T) {
	asked := 0
	count := func(name string) (string, bool) {
		if name = strings.TrimPrefix(name, EnvPrefix); name != "HOST_KEY" && !strings.HasPrefix(name, "BASTION_") {
			asked++ // the others are second names
		}
		return "", false
	}
	if _, err := EnvSettings(count); err != nil {
		t.Fatal(err)
	}
	const without = 10 // PinnedHostKey, what settings are called, and what only an ssh_config says, are not attributes
	if want := reflect.TypeFor[Settings]().NumField() - without; asked != want {
		t.Errorf("want %d variables, have %d", want, asked)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	spec, err := Resolve("web1", Settings{Host: ptr("a"), PrivateKey: ptr(Secret("hunter2")), PrivateKeyPassphrase: ptr(Secret("hunter2")), Password: ptr(Secret("hunter2")),
		SudoPassword: ptr(Secret("hunter2")), ProxyURL: ptr(Secret("http://u:hunter2@p"))})
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %s %s", spec, spec, spec, spec.Key(), spec.label(), encoded)
	if strings.Contains(all, "hunter2") {
		t.Errorf("a secret is in %s", all)
	}
	if spec.Password.Reveal() != "hunter2" {
		t.Error("the secret is lost")
	}
}
