package provider

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// overTheWire is a provider that reaches real machines, driven as Terraform 1.14 drives
// one.
func overTheWire(t *testing.T, hosts map[string]*hosttest.Machine) *rpc {
	t.Helper()
	p := New("test")
	t.Cleanup(func() { p.Close(t.Context()) })
	entries := map[string]any{}
	for name, m := range hosts {
		var keys []any
		for _, key := range m.HostKeys {
			keys = append(keys, strings.TrimSpace(key))
		}
		entries[name] = values{"host": m.Addr, "port": m.Port, "user": "root", "private_key_path": m.KeyPath, "host_keys": keys}
	}
	r := serve(t, p)
	r.configure(values{"hosts": entries}, nil)
	return r
}

// TestVerifyARealHost: its values, a drift, and files that the daemon has not loaded.
func TestVerifyARealHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	r := overTheWire(t, map[string]*hosttest.Machine{"web1": m})
	verify := func(wanted values) string {
		t.Helper()
		wanted["host"] = "web1"
		told, diags := r.invoke(verifyType, wanted)
		if text := said(diags, failed); (text == "") != (len(told) == 1) {
			t.Errorf("told %q, failed %q", told, text)
		}
		return said(diags, failed)
	}
	if text := verify(values{"client_alive_interval": "2m", "settings": values{"UsePAM": "yes"}}); text != "" {
		t.Error(text)
	}
	if text := verify(values{"client_alive_interval": "1m"}); !strings.Contains(text, "web1: ClientAliveInterval is 120, not 1m") {
		t.Errorf("another value: %q", text)
	}
	m.Sh("sleep 1; printf 'Match User git\\n  ClientAliveInterval 7\\n' >>/etc/ssh/sshd_config; sed -i 's/^ClientAliveInterval.*/ClientAliveInterval 60/' /etc/ssh/sshd_config.d/*.conf")
	if text := verify(values{"client_alive_interval": "1m"}); !strings.Contains(text, "sshd has not loaded the files") || strings.Contains(text, "is 60") {
		t.Errorf("a stale daemon: %q", text)
	}
	m.Sh("kill -HUP $(cat /run/sshd.pid); sleep 1")
	if text := verify(values{"client_alive_interval": "1m"}); text != "" {
		t.Errorf("after the reload: %q", text)
	}
	if text := verify(values{"client_alive_interval": "1m", "contexts": []any{values{"user": "git"}}}); !strings.Contains(text, "ClientAliveInterval is 7") {
		t.Errorf("in a context: %q", text)
	}
}

// TestPruneOnARealHost removes a socket that a process left behind, and no file beside it.
func TestPruneOnARealHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	m.Sh(`mkdir -m 700 /root/cm; perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("/root/cm/left")) or die $!'; touch -d '1 hour ago' /root/cm/left; touch /root/cm/file`)
	r := overTheWire(t, map[string]*hosttest.Machine{"web1": m})
	told, diags := r.invoke(pruneType, values{"host": "web1", "path": "~/cm"})
	if text := strings.Join(told, ", "); len(diags) > 0 || text != "web1: 1 of 1 sockets can be removed, web1: removed /root/cm/left" {
		t.Errorf("told %q, %s", text, everyText(diags))
	}
	if left := strings.TrimSpace(m.Sh("ls -A /root/cm")); left != "file" {
		t.Errorf("left are %q", left)
	}
}

// TestListOverTheWire of two hosts, one of which is down.
func TestListOverTheWire(t *testing.T) {
	t.Parallel()
	f := map[string]*hosttest.Machine{"a": hosttest.Start(t, hosttest.Options{}), "b": hosttest.Start(t, hosttest.Options{})}
	f["a"].Sh("kill $(cat /run/sshd.pid)")
	results, diags := overTheWire(t, f).list(nil, 100)
	if len(results) != 1 || results[0].DisplayName != "b" || said(diags, failed) != "" || !strings.Contains(everyText(diags), "a: ") {
		t.Errorf("%d results, %s", len(results), everyText(diags))
	}
}
