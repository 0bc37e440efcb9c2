package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
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
		spec := Spec{Transport: TransportSSH, Host: *s.Host, Port: or(s.Port, 22), User: or(s.User, "me")}
		again, err := ParseAddress(spec.String())
		if err != nil || *again.Host != *s.Host || *again.Port != spec.Port || *again.User != spec.User {
			t.Errorf("%q became %q, %v", text, spec.String(), err)
		}
	})
}

func TestResolveTakesTheFirstThatSpeaks(t *testing.T) {
	s, err := Resolve("web1",
		Settings{User: sshtest.Ptr("admin"), HostKeys: []string{sshtest.Authorized(sshtest.Ed25519HostKey)}},
		Settings{User: sshtest.Ptr("root"), Host: sshtest.Ptr("10.0.0.5"), PrivateKeyPath: sshtest.Ptr("a"), KnownHostsFiles: []string{"b"}},
		Settings{Host: sshtest.Ptr("nowhere"), PrivateKey: sshtest.Ptr(Secret("c")), Sudo: sshtest.Ptr(true)})
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
		"empty host":        {Settings{Host: sshtest.Ptr("")}, "the host is empty"},
		"option":            {Settings{Host: sshtest.Ptr("-lroot")}, "dash"},
		"transport":         {Settings{Host: sshtest.Ptr("a"), Transport: sshtest.Ptr("telnet")}, `"telnet"`},
		"port":              {Settings{Host: sshtest.Ptr("a"), Port: sshtest.Ptr(0)}, "port 0"},
		"policy":            {Settings{Host: sshtest.Ptr("a"), HostKeyPolicy: sshtest.Ptr("yes")}, "host_key_policy"},
		"host key":          {Settings{Host: sshtest.Ptr("a"), HostKeys: []string{"x"}}, "host_keys[0]"},
		"timeout":           {Settings{Host: sshtest.Ptr("a"), CommandTimeout: sshtest.Ptr(time.Duration(0))}, "command_timeout"},
		"sessions":          {Settings{Host: sshtest.Ptr("a"), MaxSessions: sshtest.Ptr(0)}, "max_sessions"},
		"count":             {Settings{Host: sshtest.Ptr("a"), KeepaliveCountMax: sshtest.Ptr(0)}, "keepalive_count_max"},
		"image":             {Settings{Transport: sshtest.Ptr("image")}, "needs root"},
		"image at /":        {Settings{Transport: sshtest.Ptr("image"), Root: sshtest.Ptr("/")}, "is this machine"},
		"image somewhere":   {Settings{Transport: sshtest.Ptr("image"), Root: sshtest.Ptr("mnt")}, "not an absolute path"},
		"proxies":           {Settings{Host: sshtest.Ptr("a"), ProxyCommand: sshtest.Ptr("x"), ProxyURL: sshtest.Ptr(Secret("http://p"))}, "exclude each other"},
		"proxy scheme":      {Settings{Host: sshtest.Ptr("a"), ProxyURL: sshtest.Ptr(Secret("ftp://u:hunter2@p"))}, "scheme"},
		"proxy text":        {Settings{Host: sshtest.Ptr("a"), ProxyURL: sshtest.Ptr(Secret("http://u:hunter2@p\x7f"))}, "not a URL"},
		"user for a shell":  {Settings{Host: sshtest.Ptr("a"), User: sshtest.Ptr("$x"), ProxyCommand: sshtest.Ptr("nc %h %r")}, "%r stands for"},
		"user with a quote": {Settings{Host: sshtest.Ptr("a"), User: sshtest.Ptr("a'b")}, "ssh refuses"},
		"user of a hop":     {Settings{Host: sshtest.Ptr("a"), Jump: []Settings{{Host: sshtest.Ptr("b"), User: sshtest.Ptr("$(x)")}}}, "jump[0]: user"},
		"user with ESC":     {Settings{Host: sshtest.Ptr("a"), User: sshtest.Ptr("a\x1bb")}, "not a user name"},
		"host with ESC":     {Settings{Host: sshtest.Ptr("a\x1bb")}, "contains"},
		"jump without host": {Settings{Host: sshtest.Ptr("a"), Jump: []Settings{{}}}, "jump[0]: the host is empty"},
	} {
		_, err := Resolve("web1", c.settings)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "web1") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: want %q, have %v", name, c.want, err)
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Kind != Config {
			t.Errorf("%s: have %v", name, err)
		}
	}
}

func TestJumpInheritsTheLoginOnly(t *testing.T) {
	base := Settings{Host: sshtest.Ptr("a"), Port: sshtest.Ptr(2222), User: sshtest.Ptr("admin"), PrivateKey: sshtest.Ptr(Secret("k")), HostKeys: []string{sshtest.Authorized(sshtest.Ed25519HostKey)}, Sudo: sshtest.Ptr(true), ProxyCommand: sshtest.Ptr("nc %h %p")}
	base.Jump = []Settings{{Host: sshtest.Ptr("b")}, {Host: sshtest.Ptr("c"), Agent: sshtest.Ptr(true), User: sshtest.Ptr("jump")}}
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
	via, _ := s.LastJump()
	first, _ := via.LastJump()
	if via.Host != "c" || first.Host != "b" || first.ProxyCommand != "nc %h %p" {
		t.Errorf("have %v through %v", via, first)
	}
}

// notInKey are the fields that only say what a machine is called, where else it may
// be met, and what to ask it for first.
var notInKey = []string{"Name", "Place", "JumpHost", "Names", "SharedKeys", "AlternateAddresses", "ExpectedHostKey", "PinnedHostKeyType"}

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
			*v = sshtest.Ptr(true)
		case *[]string:
			*v = []string{"changed"}
		case *time.Duration:
			*v = 99
		case *Names:
			*v = Names{"host": "changed"}
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

// variables is the layer of these variables.
func variables(env map[string]string) (Settings, error) {
	lookup := func(name string) (string, bool) {
		v, ok := env[strings.TrimPrefix(name, EnvPrefix)]
		return v, ok
	}
	return EnvSettings(lookup, time.ParseDuration)
}

func TestEnvSettings(t *testing.T) {
	s, err := variables(map[string]string{"PORT": "2222", "SUDO": "true", "HOST_KEYS": "x\n y \n", "CONNECT_TIMEOUT": "3s", "JUMP": "u@b:1, c", "PASSWORD": "p", "USER": ""})
	jump := func(names ...string) Names {
		all := Names{}
		for _, name := range names {
			all[name] = "SSHKEEPALIVE_JUMP"
		}
		return all
	}
	want := Settings{
		Names: Names{"port": "SSHKEEPALIVE_PORT", "sudo": "SSHKEEPALIVE_SUDO", "host_keys": "SSHKEEPALIVE_HOST_KEYS", "connect_timeout": "SSHKEEPALIVE_CONNECT_TIMEOUT", "password": "SSHKEEPALIVE_PASSWORD"},
		Port:  sshtest.Ptr(2222), Sudo: sshtest.Ptr(true), HostKeys: []string{"x", "y"}, SharedKeys: true, ConnectTimeout: sshtest.Ptr(3 * time.Second), Password: sshtest.Ptr(Secret("p")),
		Jump: []Settings{
			{Place: "SSHKEEPALIVE_JUMP", Names: jump("user", "host", "port"), User: sshtest.Ptr("u"), Host: sshtest.Ptr("b"), Port: sshtest.Ptr(1)},
			{Place: "SSHKEEPALIVE_JUMP", Names: jump("host"), Host: sshtest.Ptr("c")},
		},
	}
	if err != nil || !reflect.DeepEqual(s, want) {
		t.Errorf("have %+v, %v\nwant %+v", s, err, want)
	}
}

// TestErrorsNameTheVariable: also of a variable that stands for a list, and of two that
// contradict each other.
func TestErrorsNameTheVariable(t *testing.T) {
	for _, c := range []struct {
		env   map[string]string
		words []string
	}{
		{map[string]string{"PORT": "ssh"}, []string{"SSHKEEPALIVE_PORT", "whole number"}},
		{map[string]string{"SUDO": "maybe"}, []string{"SSHKEEPALIVE_SUDO", "true or false"}},
		{map[string]string{"COMMAND_TIMEOUT": "soon"}, []string{"SSHKEEPALIVE_COMMAND_TIMEOUT", "1d"}},
		{map[string]string{"JUMP": "a:b"}, []string{"SSHKEEPALIVE_JUMP", "comma between hops"}},
		{map[string]string{"JUMP": "ssh://b"}, []string{"SSHKEEPALIVE_JUMP", "not a URL"}},
		{map[string]string{"BASTION_PORT": "many", "BASTION_HOST": "b"}, []string{"SSHKEEPALIVE_BASTION_PORT"}},
		{map[string]string{"BASTION_PORT": "22"}, []string{"SSHKEEPALIVE_BASTION_PORT", "without `SSHKEEPALIVE_BASTION_HOST`"}},
		{map[string]string{"JUMP": "a", "BASTION_HOST": "b"}, []string{"SSHKEEPALIVE_JUMP", "SSHKEEPALIVE_BASTION_HOST"}},
		{map[string]string{"HOST_KEY": "a", "HOST_KEYS": "b"}, []string{"SSHKEEPALIVE_HOST_KEY`", "SSHKEEPALIVE_HOST_KEYS`"}},
	} {
		_, err := variables(c.env)
		for _, word := range c.words {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%v: want %q, have %v", c.env, word, err)
			}
		}
	}
	for v, want := range map[[2]string]string{
		{"HOST_KEYS", "ssh-ed25519 AAAA, ssh-ed25519 AAAA"}: "`SSHKEEPALIVE_HOST_KEYS, line 1`: not a public key",
		{"HOST_KEY_POLICY", "ask"}:                          "`SSHKEEPALIVE_HOST_KEY_POLICY`: \"ask\"",
		{"USER", "$(x)"}:                                    "`SSHKEEPALIVE_USER`: user",
		{"TRANSPORT", "telnet"}:                             "`SSHKEEPALIVE_TRANSPORT`: \"telnet\"",
		{"PROXY_URL", "ftp://p"}:                            "`SSHKEEPALIVE_PROXY_URL`: ",
		{"MAX_SESSIONS", "0"}:                               "`SSHKEEPALIVE_MAX_SESSIONS`: 0",
		{"JUMP", "a b"}:                                     "`SSHKEEPALIVE_JUMP`: ",
	} {
		s, err := variables(map[string]string{v[0]: v[1]})
		if err == nil {
			_, err = Resolve("web1", Settings{Host: sshtest.Ptr("web1")}, s)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want %q, have %v", v, want, err)
		}
	}
}

// The short names of Terraform's own connection block have their variables, too.
func TestEnvSettingsOfOneHop(t *testing.T) {
	s, err := variables(map[string]string{"BASTION_HOST": "b", "BASTION_PORT": "2222", "BASTION_USER": "j", "BASTION_PASSWORD": "p", "BASTION_HOST_KEY": "x", "HOST_KEY": "y"})
	if err != nil || len(s.Jump) != 1 || !slices.Equal(s.HostKeys, []string{"y"}) || s.Names["host_keys"] != "SSHKEEPALIVE_HOST_KEY" {
		t.Fatalf("have %+v, %v", s, err)
	}
	hop := s.Jump[0]
	if hop.Place != "SSHKEEPALIVE_BASTION_HOST" || *hop.Host != "b" || *hop.Port != 2222 || *hop.User != "j" || *hop.Password != "p" || !slices.Equal(hop.HostKeys, []string{"x"}) ||
		hop.Names["host_keys"] != "SSHKEEPALIVE_BASTION_HOST_KEY" || hop.Names["port"] != "SSHKEEPALIVE_BASTION_PORT" {
		t.Errorf("have %+v", hop)
	}
}

// TestEverySettingIsInTheTable: a field of Settings or of Spec that the table does not
// have would be merged, digested, logged and documented by nobody.
func TestEverySettingIsInTheTable(t *testing.T) {
	notSettings := map[string]string{
		"Place": "a name", "Names": "names", "JumpHost": "a role", "SharedKeys": "about host keys", "Jump": "machines of their own",
		"Name": "a name", "AlternateAddresses": "from state", "ExpectedHostKey": "from state", "PinnedHostKeyType": "from state",
	}
	var s Settings
	var spec Spec
	for _, c := range []struct {
		of    reflect.Value
		field func(Setting) any
	}{
		{reflect.ValueOf(&s).Elem(), func(d Setting) any { return slotOf(d, &s, &spec)[0] }},
		{reflect.ValueOf(&spec).Elem(), func(d Setting) any { return slotOf(d, &s, &spec)[1] }},
	} {
		found := map[any]string{}
		for _, d := range AllSettings() {
			at := c.field(d)
			if other := found[at]; other != "" && at != nil {
				t.Errorf("%s and %s are kept in one field of %s", d.Name, other, c.of.Type())
			}
			found[at] = d.Name
		}
		for i := range c.of.NumField() {
			name := c.of.Type().Field(i).Name
			if have := found[c.of.Field(i).Addr().Interface()]; (have == "") != (notSettings[name] != "") {
				t.Errorf("%s.%s: in the table it is %q; not a setting because it is %q", c.of.Type(), name, have, notSettings[name])
			}
		}
	}
}

// slotOf is where d is kept in s and spec.
func slotOf(d Setting, s *Settings, spec *Spec) [2]any {
	of := func(slot, inSpec any) [2]any {
		if reflect.ValueOf(inSpec).IsNil() {
			return [2]any{slot, nil}
		}
		return [2]any{slot, reflect.ValueOf(inSpec).Call([]reflect.Value{reflect.ValueOf(spec)})[0].Interface()}
	}
	switch f := d.field.(type) {
	case single[string]:
		return of(f.slot(s), f.spec)
	case single[Secret]:
		return of(f.slot(s), f.spec)
	case single[int]:
		return of(f.slot(s), f.spec)
	case single[bool]:
		return of(f.slot(s), f.spec)
	case single[time.Duration]:
		return of(f.slot(s), f.spec)
	case unsaid:
		return of(f.slot(s), f.spec)
	case list:
		return of(f.slot(s), f.spec)
	}
	panic(d.Name)
}

// TestEveryAttributeHasAVariable, but host: what is dialled is the resource's affair.
func TestEveryAttributeHasAVariable(t *testing.T) {
	asked := map[string]bool{}
	count := func(name string) (string, bool) {
		asked[name] = true
		return "", false
	}
	if _, err := EnvSettings(count, time.ParseDuration); err != nil {
		t.Fatal(err)
	}
	for _, d := range AllSettings() {
		if want := d.In != 0 && d.Name != "host"; asked[variable(d.Name)] != want || (d.Variable() != "") != want {
			t.Errorf("%s: asked for its variable %t, want %t", d.Name, asked[variable(d.Name)], want)
		}
		for _, other := range []string{d.Singular, d.Bastion} {
			if other != "" && !asked[variable(other)] {
				t.Errorf("%s is not asked for", variable(other))
			}
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	spec, err := Resolve("web1", Settings{Host: sshtest.Ptr("a"), PrivateKey: sshtest.Ptr(Secret("hunter2")), PrivateKeyPassphrase: sshtest.Ptr(Secret("hunter2")), Password: sshtest.Ptr(Secret("hunter2")),
		SudoPassword: sshtest.Ptr(Secret("hunter2")), ProxyURL: sshtest.Ptr(Secret("http://u:hunter2@p"))})
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %s %s", spec, spec, spec, spec.Key(), spec.Label(), encoded)
	if strings.Contains(all, "hunter2") {
		t.Errorf("a secret is in %s", all)
	}
	if spec.Password.Reveal() != "hunter2" {
		t.Error("the secret is lost")
	}
}

// TestLogFieldsShowNoSecret: of what is or may hold a secret only that it is given; of
// each setting that the user gave, where.
func TestLogFieldsShowNoSecret(t *testing.T) {
	var given Settings
	names := Names{}
	for _, d := range AllSettings() {
		names[d.Name] = "given." + d.Name
		switch d.Kind() {
		case SecretText:
			d.put(&given, Secret("hunter2"))
		case Text:
			if d.unshown {
				d.put(&given, "hunter2")
			}
		}
	}
	given.Names = names
	fields := given.values("web1").LogFields()
	if text := fmt.Sprintf("%+v", fields); strings.Contains(text, "hunter2") {
		t.Errorf("a secret is in %s", text)
	}
	for name, want := range map[string]any{"password": true, "proxy_command": true, "port": 22, "connect_timeout": "10s", "private_key_from": "given.private_key"} {
		if fields[name] != want {
			t.Errorf("%s: want %v, have %v", name, want, fields[name])
		}
	}
	if (Settings{}).values("web1").LogFields()["password"] != false {
		t.Error("a password that is not given is logged as given")
	}
}
