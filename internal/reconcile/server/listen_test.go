package server

import (
	"net"
	"slices"
	"strconv"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/plantest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func listening(text string) sshconf.Tree {
	return sshconf.Tree{Dialect: sshconf.Server, Version: sshconf.Version{Major: 9, Minor: 2}, Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh",
		Files: map[string][]byte{"/etc/ssh/sshd_config": []byte(text)}}
}

// sshd -T prints every address with its port.
func TestEndpointsAsSSHDListsThem(t *testing.T) {
	oracle, _ := plantest.NewOracle(t, "bookworm")
	for _, text := range []string{
		"",
		"Port 2222\n",
		"Port 22\nPort 2222\n",
		"ListenAddress 10.0.0.5\nPort 2222\n",
		"ListenAddress 10.0.0.5:2200\nPort 2222\n",
		"ListenAddress 10.0.0.5:2200\nListenAddress 10.0.0.6\nPort 22\nPort 2222\n",
		"ListenAddress ::1\n",
		"ListenAddress [::1]:2200\n",
		"ListenAddress [fe80::1]\nListenAddress 0.0.0.0\n",
		"ListenAddress \"10.0.0.5:2200\"\n",
		"listenaddress=[::]:2200\nport=2222\n",
		"Match User bob\n\tX11Forwarding no\nMatch all\n\tPermitTTY yes\n",
	} {
		tree := listening(text)
		var want []string
		for _, e := range sshdListens(t, oracle, tree) {
			if !slices.Contains(want, e) {
				want = append(want, e)
			}
		}
		var have []string
		for _, e := range endpoints(tree) {
			have = append(have, net.JoinHostPort(e.Address, strconv.Itoa(e.Port)))
		}
		slices.Sort(have)
		slices.Sort(want)
		if !slices.Equal(have, want) {
			t.Errorf("%q: have %q, sshd listens at %q", text, have, want)
		}
	}
}

func sshdListens(t *testing.T, oracle *hosttest.Oracle, tree sshconf.Tree) []string {
	t.Helper()
	out, errs, exit := oracle.Run(tree.Files, "sshd", "-T", "-f", tree.Main)
	if exit != 0 {
		t.Fatalf("sshd -T: %s", errs)
	}
	var list []string
	for _, value := range sshconf.ParseDump(out)["listenaddress"] {
		host, port, err := net.SplitHostPort(value)
		if err != nil {
			t.Fatal(err)
		}
		if net.ParseIP(host).IsUnspecified() {
			host = ""
		}
		list = append(list, net.JoinHostPort(host, port))
	}
	return list
}

func TestOpened(t *testing.T) {
	for _, c := range []struct {
		before, after string
		want          []endpoint
	}{
		{"", "Port 2222\n", []endpoint{{"", 2222}}},
		{"Port 2222\n", "", []endpoint{{"", 22}}},
		{"", "Port 22\nClientAliveInterval 7\n", nil},
		{"", "ListenAddress 10.0.0.6\n", []endpoint{{"10.0.0.6", 22}}},
		{"Port 22\n", "Port 22\nPort 2222\n", []endpoint{{"", 2222}}},
	} {
		if have := newEndpoints(listening(c.before), listening(c.after)); !slices.Equal(have, c.want) {
			t.Errorf("%q to %q: have %v, want %v", c.before, c.after, have, c.want)
		}
	}
}
