package host

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// book is an ssh_config: what it says of names.
type book map[string]Settings

func (b book) lookup(_ string, said Settings, _ string) (Settings, error) {
	s := b[*said.Host]
	if s.Host == nil {
		s.Host = said.Host
	}
	return s, nil
}

func (b book) resolve(t *testing.T, name string, layers ...Settings) Spec {
	t.Helper()
	s, err := ResolveWith(b.lookup, name, append(layers, Settings{Host: &name, SSHConfigFile: sshtest.Ptr("config")})...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLookupIsTheLastLayer(t *testing.T) {
	b := book{"web": {
		Host: sshtest.Ptr("10.0.0.9"), Port: sshtest.Ptr(2222), User: sshtest.Ptr("file"), IdentityFiles: []string{"/k"}, HostKeyPolicy: sshtest.Ptr("accept-new"),
		DefaultKnownHosts: []string{"/kh"}, HostKeyAlias: sshtest.Ptr("alias"), ConnectTimeout: sshtest.Ptr(time.Second), KeepaliveInterval: sshtest.Ptr(time.Minute),
	}}
	s := b.resolve(t, "web")
	if s.String() != "file@10.0.0.9:2222" || s.Name != "web" || s.HostKeyPolicy != "accept-new" || s.HostKeyAlias != "alias" ||
		!reflect.DeepEqual(s.IdentityFiles, []string{"/k"}) || s.ConnectTimeout != time.Second || s.KeepaliveInterval != time.Minute {
		t.Errorf("have %+v", s)
	}
	s = b.resolve(t, "web", Settings{User: sshtest.Ptr("me"), Port: sshtest.Ptr(22), PrivateKey: sshtest.Ptr(Secret("k")), HostKeyPolicy: sshtest.Ptr("strict"), ConnectTimeout: sshtest.Ptr(time.Hour)})
	if s.String() != "me@10.0.0.9:22" || s.IdentityFiles != nil || s.HostKeyPolicy != "strict" || s.ConnectTimeout != time.Hour || s.KeepaliveInterval != time.Minute {
		t.Errorf("have %+v", s)
	}
	if s = b.resolve(t, "web", Settings{SSHConfigFile: sshtest.Ptr("none")}); s.Host != "web" {
		t.Errorf("have %v", s)
	}
}

func TestLookupIsNotAskedInVain(t *testing.T) {
	ask := func(string, Settings, string) (Settings, error) { return Settings{}, errors.New("asked") }
	if _, err := ResolveWith(ask, "here", Settings{Transport: sshtest.Ptr("local"), SSHConfigFile: sshtest.Ptr("x")}); err != nil {
		t.Error(err)
	}
	if _, err := ResolveWith(ask, "a", Settings{Host: sshtest.Ptr("a")}); err != nil {
		t.Error(err)
	}
	for name, s := range map[string]Settings{"asked": {Host: sshtest.Ptr("a")}, "dash": {Host: sshtest.Ptr("-oProxyCommand=x")}} {
		s.SSHConfigFile = sshtest.Ptr("x")
		if _, err := ResolveWith(ask, "a", s); err == nil || !strings.Contains(err.Error(), name) || !isConfig(err) {
			t.Errorf("%s: have %v", name, err)
		}
	}
	if _, err := Resolve("a", Settings{Host: sshtest.Ptr("a"), SSHConfigFile: sshtest.Ptr("x")}); err == nil {
		t.Error("a file that nobody reads is passed over")
	}
}

// way spells the machines that s is reached through, and the proxy before them.
func way(s Spec) string {
	var hops []string
	for last := s; ; {
		via, ok := last.LastJump()
		if !ok {
			hops = append(hops, last.ProxyCommand)
			break
		}
		hops = append(hops, via.String())
		last = via
	}
	return strings.TrimSpace(strings.Join(hops, " "))
}

func TestJumpHostsAreLookedUp(t *testing.T) {
	b := book{
		"web":     {Host: sshtest.Ptr("10.0.0.9"), Jump: []Settings{{Host: sshtest.Ptr("gate")}, {Host: sshtest.Ptr("inner"), User: sshtest.Ptr("u"), Port: sshtest.Ptr(99)}}, User: sshtest.Ptr("file")},
		"gate":    {Host: sshtest.Ptr("192.0.2.1"), User: sshtest.Ptr("jumper"), Jump: []Settings{{Host: sshtest.Ptr("outer")}}, IdentityFiles: []string{"/gate"}},
		"outer":   {Host: sshtest.Ptr("192.0.2.9"), User: sshtest.Ptr("o"), ProxyCommand: sshtest.Ptr("nc %h %p")},
		"inner":   {Host: sshtest.Ptr("192.0.2.2"), User: sshtest.Ptr("other"), Jump: []Settings{{Host: sshtest.Ptr("never")}}, ProxyCommand: sshtest.Ptr("never")},
		"command": {ProxyCommand: sshtest.Ptr("file %h")},
	}
	explicit := []Settings{{Host: sshtest.Ptr("gate")}}
	me := Settings{User: sshtest.Ptr("me"), PrivateKey: sshtest.Ptr(Secret("k")), HostKeyPolicy: sshtest.Ptr("strict")}
	for name, c := range map[string]struct {
		host string
		own  Settings
		want string
	}{
		"through the file":               {"web", me, "u@192.0.2.2:99 jumper@192.0.2.1:22 o@192.0.2.9:22 nc %h %p"},
		"own jump instead of the file's": {"web", Settings{Jump: explicit}, "jumper@192.0.2.1:22 o@192.0.2.9:22 nc %h %p"},
		"own jump instead of a command":  {"command", Settings{Jump: []Settings{{Host: sshtest.Ptr("b"), User: sshtest.Ptr("x")}}}, "x@b:22"},
		"own command":                    {"web", Settings{ProxyCommand: sshtest.Ptr("mine")}, "mine"},
		"no command":                     {"command", Settings{ProxyCommand: sshtest.Ptr("none")}, ""},
		"command of the file":            {"command", me, "file %h"},
		"own command and jump":           {"web", Settings{Jump: explicit, ProxyCommand: sshtest.Ptr("mine")}, "jumper@192.0.2.1:22 mine"},
	} {
		s := b.resolve(t, c.host, c.own)
		if have := way(s); have != c.want {
			t.Errorf("%s: want %q, have %q", name, c.want, have)
		}
	}
	s := b.resolve(t, "web", me)
	for i, want := range []string{"o@192.0.2.9:22 key [] strict", "jumper@192.0.2.1:22 no key [/gate] strict", "u@192.0.2.2:99 key [] strict"} {
		hop, key := s.Jump[i], "no key"
		if hop.PrivateKey != "" {
			key = "key"
		}
		if have := fmt.Sprint(hop, " ", key, " ", hop.IdentityFiles, " ", hop.HostKeyPolicy); have != want {
			t.Errorf("hop %d: want %q, have %q", i, want, have)
		}
	}
}

// What only the file says about the target is not about its jump hosts.
func TestJumpHostsInheritNothingFromTheFile(t *testing.T) {
	b := book{
		"web":  {User: sshtest.Ptr("file"), IdentityFiles: []string{"/web"}, HostKeyAlias: sshtest.Ptr("web"), DefaultKnownHosts: []string{"/kh"}, Jump: []Settings{{Host: sshtest.Ptr("gate"), User: sshtest.Ptr("g")}}},
		"gate": {Agent: sshtest.Ptr(false)},
	}
	gate := b.resolve(t, "web", Settings{PrivateKey: sshtest.Ptr(Secret("k"))}).Jump[0]
	if gate.User != "g" || gate.IdentityFiles != nil || gate.HostKeyAlias != "" || gate.DefaultKnownHosts != nil || gate.PrivateKey != "k" || *gate.Agent {
		t.Errorf("have %+v", gate)
	}
}

func TestJumpHostsInACircle(t *testing.T) {
	everywhere := []Settings{{Host: sshtest.Ptr("gate")}}
	b := book{"web": {Jump: everywhere}, "gate": {Jump: everywhere}, "a": {Jump: []Settings{{Host: sshtest.Ptr("b")}}}, "b": {Jump: []Settings{{Host: sshtest.Ptr("a")}}}}
	endless := func(_ string, said Settings, _ string) (Settings, error) {
		return Settings{Host: said.Host, Jump: []Settings{{Host: sshtest.Ptr("x" + *said.Host)}}}, nil
	}
	for name, lookup := range map[string]ConfigLookup{"web": b.lookup, "gate": b.lookup, "a": b.lookup, "endless": endless} {
		_, err := ResolveWith(lookup, name, Settings{Host: &name, SSHConfigFile: sshtest.Ptr("config")})
		if err == nil || !strings.Contains(err.Error(), "does not end") || !strings.Contains(err.Error(), " -> ") {
			t.Errorf("%s: have %v", name, err)
		}
	}
}

func TestOnlyTheFirstHopHasAProxy(t *testing.T) {
	hops := []Settings{{Host: sshtest.Ptr("a"), ProxyCommand: sshtest.Ptr("nc %h %p")}, {Host: sshtest.Ptr("b")}}
	s, err := Resolve("web", Settings{Host: sshtest.Ptr("web"), User: sshtest.Ptr("u"), Jump: hops})
	if err != nil || way(s) != "u@b:22 u@a:22 nc %h %p" {
		t.Errorf("have %q, %v", way(s), err)
	}
	hops[0], hops[1] = hops[1], hops[0]
	if _, err := Resolve("web", Settings{Host: sshtest.Ptr("web"), Jump: hops}); err == nil || !strings.Contains(err.Error(), "first hop") {
		t.Errorf("have %v", err)
	}
}

// Trust in one machine is not trust in another: a jump host is judged by its own
// policy, and by none of the target's keys.
func TestJumpHostHasItsOwnPolicy(t *testing.T) {
	b := book{"web": {Jump: []Settings{{Host: sshtest.Ptr("gate")}}}, "lenient": {Jump: []Settings{{Host: sshtest.Ptr("knows")}}}, "knows": {HostKeyPolicy: sshtest.Ptr(PolicyAcceptNew)}}
	for _, policy := range []string{PolicyInsecure, PolicyAcceptNew} {
		own := Settings{HostKeyPolicy: sshtest.Ptr(policy), HostKeys: []string{sshtest.Authorized(sshtest.RSAHostKey)}, CheckHostIP: sshtest.Ptr(true)}
		for _, s := range []Spec{
			b.resolve(t, "web", own),
			sshtest.Must(Resolve("a", own, Settings{Host: sshtest.Ptr("a"), Jump: []Settings{{Host: sshtest.Ptr("gate")}}})),
		} {
			if gate := s.Jump[0]; s.HostKeyPolicy != policy || gate.HostKeyPolicy != PolicyStrict || gate.HostKeys != nil || gate.CheckHostIP || !gate.JumpHost {
				t.Errorf("%s: have %+v", policy, gate)
			}
		}
	}
	if gate := b.resolve(t, "lenient", Settings{HostKeyPolicy: sshtest.Ptr(PolicyStrict)}).Jump[0]; gate.HostKeyPolicy != PolicyAcceptNew {
		t.Errorf("what the file says of the jump host: have %s", gate.HostKeyPolicy)
	}
	if gate := sshtest.Must(Resolve("a", Settings{Host: sshtest.Ptr("a"), Jump: []Settings{{Host: sshtest.Ptr("g"), HostKeyPolicy: sshtest.Ptr(PolicyInsecure)}}})).Jump[0]; gate.HostKeyPolicy != PolicyInsecure {
		t.Errorf("its own: have %s", gate.HostKeyPolicy)
	}
}

func isConfig(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == Config
}
