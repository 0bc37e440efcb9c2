package host

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
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
	s, err := ResolveWith(b.lookup, name, append(layers, Settings{Host: &name, SSHConfigFile: ptr("config")})...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLookupIsTheLastLayer(t *testing.T) {
	b := book{"web": {
		Host: ptr("10.0.0.9"), Port: ptr(2222), User: ptr("file"), IdentityFiles: []string{"/k"}, HostKeyPolicy: ptr("accept-new"),
		DefaultKnownHosts: []string{"/kh"}, HostKeyAlias: ptr("alias"), ConnectTimeout: ptr(time.Second), KeepaliveInterval: ptr(time.Minute),
	}}
	s := b.resolve(t, "web")
	if s.String() != "file@10.0.0.9:2222" || s.Name != "web" || s.HostKeyPolicy != "accept-new" || s.HostKeyAlias != "alias" ||
		!reflect.DeepEqual(s.IdentityFiles, []string{"/k"}) || s.ConnectTimeout != time.Second || s.KeepaliveInterval != time.Minute {
		t.Errorf("have %+v", s)
	}
	s = b.resolve(t, "web", Settings{User: ptr("me"), Port: ptr(22), PrivateKey: ptr(Secret("k")), HostKeyPolicy: ptr("strict"), ConnectTimeout: ptr(time.Hour)})
	if s.String() != "me@10.0.0.9:22" || s.IdentityFiles != nil || s.HostKeyPolicy != "strict" || s.ConnectTimeout != time.Hour || s.KeepaliveInterval != time.Minute {
		t.Errorf("have %+v", s)
	}
	if s = b.resolve(t, "web", Settings{SSHConfigFile: ptr("none")}); s.Host != "web" {
		t.Errorf("have %v", s)
	}
}

func TestLookupIsNotAskedInVain(t *testing.T) {
	ask := func(string, Settings, string) (Settings, error) { return Settings{}, errors.New("asked") }
	if _, err := ResolveWith(ask, "here", Settings{Transport: ptr("local"), SSHConfigFile: ptr("x")}); err != nil {
		t.Error(err)
	}
	if _, err := ResolveWith(ask, "a", Settings{Host: ptr("a")}); err != nil {
		t.Error(err)
	}
	for name, s := range map[string]Settings{"asked": {Host: ptr("a")}, "dash": {Host: ptr("-oProxyCommand=x")}} {
		s.SSHConfigFile = ptr("x")
		if _, err := ResolveWith(ask, "a", s); err == nil || !strings.Contains(err.Error(), name) || !IsRefused(err) {
			t.Errorf("%s: have %v", name, err)
		}
	}
	if _, err := Resolve("a", Settings{Host: ptr("a"), SSHConfigFile: ptr("x")}); err == nil {
		t.Error("a file that nobody reads is passed over")
	}
}

// way spells the machines that s is reached through, and the proxy before them.
func way(s Spec) string {
	var hops []string
	for last := s; ; {
		via, ok := last.hop()
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
		"web":     {Host: ptr("10.0.0.9"), Jump: []Settings{{Host: ptr("gate")}, {Host: ptr("inner"), User: ptr("u"), Port: ptr(99)}}, User: ptr("file")},
		"gate":    {Host: ptr("192.0.2.1"), User: ptr("jumper"), Jump: []Settings{{Host: ptr("outer")}}, IdentityFiles: []string{"/gate"}},
		"outer":   {Host: ptr("192.0.2.9"), User: ptr("o"), ProxyCommand: ptr("nc %h %p")},
		"inner":   {Host: ptr("192.0.2.2"), User: ptr("other"), Jump: []Settings{{Host: ptr("never")}}, ProxyCommand: ptr("never")},
		"command": {ProxyCommand: ptr("file %h")},
	}
	explicit := []Settings{{Host: ptr("gate")}}
	me := Settings{User: ptr("me"), PrivateKey: ptr(Secret("k")), HostKeyPolicy: ptr("strict")}
	for name, c := range map[string]struct {
		host string
		own  Settings
		want string
	}{
		"through the file":               {"web", me, "u@192.0.2.2:99 jumper@192.0.2.1:22 o@192.0.2.9:22 nc %h %p"},
		"own jump instead of the file's": {"web", Settings{Jump: explicit}, "jumper@192.0.2.1:22 o@192.0.2.9:22 nc %h %p"},
		"own jump instead of a command":  {"command", Settings{Jump: []Settings{{Host: ptr("b"), User: ptr("x")}}}, "x@b:22"},
		"own command":                    {"web", Settings{ProxyCommand: ptr("mine")}, "mine"},
		"no command":                     {"command", Settings{ProxyCommand: ptr("none")}, ""},
		"command of the file":            {"command", me, "file %h"},
		"own command and jump":           {"web", Settings{Jump: explicit, ProxyCommand: ptr("mine")}, "jumper@192.0.2.1:22 mine"},
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
		"web":  {User: ptr("file"), IdentityFiles: []string{"/web"}, HostKeyAlias: ptr("web"), DefaultKnownHosts: []string{"/kh"}, Jump: []Settings{{Host: ptr("gate"), User: ptr("g")}}},
		"gate": {Agent: ptr(false)},
	}
	gate := b.resolve(t, "web", Settings{PrivateKey: ptr(Secret("k"))}).Jump[0]
	if gate.User != "g" || gate.IdentityFiles != nil || gate.HostKeyAlias != "" || gate.DefaultKnownHosts != nil || gate.PrivateKey != "k" || *gate.Agent {
		t.Errorf("have %+v", gate)
	}
}

func TestJumpHostsInACircle(t *testing.T) {
	everywhere := []Settings{{Host: ptr("gate")}}
	b := book{"web": {Jump: everywhere}, "gate": {Jump: everywhere}, "a": {Jump: []Settings{{Host: ptr("b")}}}, "b": {Jump: []Settings{{Host: ptr("a")}}}}
	endless := func(_ string, said Settings, _ string) (Settings, error) {
		return Settings{Host: said.Host, Jump: []Settings{{Host: ptr("x" + *said.Host)}}}, nil
	}
	for name, lookup := range map[string]ConfigLookup{"web": b.lookup, "gate": b.lookup, "a": b.lookup, "endless": endless} {
		_, err := ResolveWith(lookup, name, Settings{Host: &name, SSHConfigFile: ptr("config")})
		if err == nil || !strings.Contains(err.Error(), "go on for ever") || !strings.Contains(err.Error(), " -> ") {
			t.Errorf("%s: have %v", name, err)
		}
	}
}

func TestOnlyTheFirstHopHasAProxy(t *testing.T) {
	hops := []Settings{{Host: ptr("a"), ProxyCommand: ptr("nc %h %p")}, {Host: ptr("b")}}
	s, err := Resolve("web", Settings{Host: ptr("web"), User: ptr("u"), Jump: hops})
	if err != nil || way(s) != "u@b:22 u@a:22 nc %h %p" {
		t.Errorf("have %q, %v", way(s), err)
	}
	hops[0], hops[1] = hops[1], hops[0]
	if _, err := Resolve("web", Settings{Host: ptr("web"), Jump: hops}); err == nil || !strings.Contains(err.Error(), "first hop") {
		t.Errorf("have %v", err)
	}
}

// Trust in one machine is not trust in another: a jump host is judged by its own
// policy, and by none of the target's keys.
func TestJumpHostHasItsOwnPolicy(t *testing.T) {
	b := book{"web": {Jump: []Settings{{Host: ptr("gate")}}}, "lenient": {Jump: []Settings{{Host: ptr("knows")}}}, "knows": {HostKeyPolicy: ptr(policyAcceptNew)}}
	for _, policy := range []string{policyInsecure, policyAcceptNew} {
		own := Settings{HostKeyPolicy: ptr(policy), HostKeys: []string{authorized(rsaHostKey)}, CheckHostIP: ptr(true)}
		for _, s := range []Spec{
			b.resolve(t, "web", own),
			must(Resolve("a", own, Settings{Host: ptr("a"), Jump: []Settings{{Host: ptr("gate")}}})),
		} {
			if gate := s.Jump[0]; s.HostKeyPolicy != policy || gate.HostKeyPolicy != policyStrict || gate.HostKeys != nil || gate.CheckHostIP || !gate.JumpHost {
				t.Errorf("%s: have %+v", policy, gate)
			}
		}
	}
	if gate := b.resolve(t, "lenient", Settings{HostKeyPolicy: ptr(policyStrict)}).Jump[0]; gate.HostKeyPolicy != policyAcceptNew {
		t.Errorf("what the file says of the jump host: have %s", gate.HostKeyPolicy)
	}
	if gate := must(Resolve("a", Settings{Host: ptr("a"), Jump: []Settings{{Host: ptr("g"), HostKeyPolicy: ptr(policyInsecure)}}})).Jump[0]; gate.HostKeyPolicy != policyInsecure {
		t.Errorf("its own: have %s", gate.HostKeyPolicy)
	}
}
