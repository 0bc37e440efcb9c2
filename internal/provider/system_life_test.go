package provider

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
)

var hostBasic = values{"host": "web1", "tcp_retries2": 5, "tcp_keepalive_time": "2m", "kill_user_processes": true, "kill_exclude_users": []any{"root", "deploy"}}

// TestHostLife: values are known at plan with their seconds, equal spellings are no change,
// drift of the kernel is one, and a destroy removes both files.
func TestHostLife(t *testing.T) {
	h := bareHost()
	r := startKind(t, "sshkeepalive_host", h)
	p := r.plan(nil, hostBasic)
	r.must(nil, p.diags)
	mustSay(t, p.diags, warned, "for about 13 s", "795 s after its peer is gone", "jobs under nohup, setsid, tmux and screen included")
	for at, want := range map[string]string{
		"id": "web1", "machine_id": "m1", "unacknowledged_timeout": `tftypes.Number<"13">`, "keepalive_timeout": `tftypes.Number<"795">`,
		"managed_content":                       "net.ipv4.tcp_retries2 = 5\nnet.ipv4.tcp_keepalive_time = 120\nKillUserProcesses=yes\nKillExcludeUsers=\nKillExcludeUsers=deploy root\n",
		"effective.net.ipv4.tcp_keepalive_time": "120", "effective.KillExcludeUsers": "deploy root",
	} {
		if got := get(t, p.value, at); got != want && !strings.HasPrefix(at, "effective.net") {
			t.Errorf("%s is planned as %q, not %q", at, got, want)
		}
	}
	if !p.value.IsFullyKnown() {
		t.Errorf("unknown: %s", p.value)
	}
	s, diags := r.apply(nil, hostBasic, p)
	r.must(nil, diags)
	if s, diags = r.read(s); len(diags) > 0 || !r.plan(s, hostBasic).empty {
		t.Errorf("the second plan is not empty: %s", said(diags, warned))
	}
	if !r.plan(s, changed(changed(hostBasic, "tcp_keepalive_time", "120"), "kill_exclude_users", []any{"deploy", "root"})).empty {
		t.Error("another spelling is a change")
	}
	h.drift = map[string]string{"net.ipv4.tcp_retries2": "15", "KillExcludeUsers": "root"}
	s, diags = r.read(s)
	mustSay(t, diags, warned, `net.ipv4.tcp_retries2 is "15", not "5"`, `KillExcludeUsers is "root", not "deploy root"`)
	if got := get(t, s.value, "tcp_retries2") + get(t, s.value, "unacknowledged_timeout"); got != `tftypes.Number<"15">tftypes.Number<"925">` {
		t.Errorf("state has %s", got)
	}
	p = r.plan(s, hostBasic)
	if p.empty {
		t.Fatal("drift plans nothing")
	}
	h.drift = nil
	s, diags = r.apply(s, hostBasic, p)
	r.must(nil, diags)
	delete(h.files, system.LogindFile)
	if s, diags = r.read(s); r.plan(s, hostBasic).empty {
		t.Errorf("a file that is gone plans nothing: %s", said(diags, warned))
	}
	if _, diags = r.destroy(s); len(diags) > 0 || len(h.files) > 0 {
		t.Errorf("destroy left %v, and said %s", h.files, said(diags, warned))
	}
}

// TestHostRefuses: what a host cannot do is an error of the plan, with a remedy.
func TestHostRefuses(t *testing.T) {
	h := bareHost()
	h.lacks = map[string]string{"logind": "systemd does not run on this host, so no logind ends processes"}
	r := startKind(t, "sshkeepalive_host", h)
	mustSay(t, r.plan(nil, hostBasic).diags, failed, "KillUserProcesses cannot be set: systemd does not run on this host", "Leave the attribute out for this host")
	r.walk()
	h.files["/etc/sysctl.d/zz.conf"] = "net.ipv4.tcp_retries2 = 8\n"
	mustSay(t, r.plan(nil, values{"host": "web1", "tcp_retries2": 5}).diags, failed, `/etc/sysctl.d/zz.conf:1 sets net.ipv4.tcp_retries2 to "8"`, "comes before ours")
	for says, config := range map[string]values{
		"No setting is declared":           {"host": "web1"},
		"from 1 to 255":                    {"host": "web1", "tcp_retries2": 0},
		`"1x" is not a time from 1`:        {"host": "web1", "tcp_keepalive_time": "1x"},
		`"@wheel" is not the name of a`:    {"host": "web1", "kill_exclude_users": []any{"@wheel"}},
		"from 1 to 2147483 seconds; use a": {"host": "web1", "tcp_keepalive_intvl": "3000h"},
	} {
		mustSay(t, r.validate(config), failed, says)
	}
}

// TestHostImport: an import declares what the files of the host set, as it is in use.
func TestHostImport(t *testing.T) {
	h := bareHost()
	r := startKind(t, "sshkeepalive_host", h)
	s, diags := r.importID("web1")
	r.must(nil, diags)
	_, diags = r.read(s)
	mustSay(t, diags, failed, "no setting of the host to import")
	r.create(hostBasic)
	s, diags = r.importID("web1")
	r.must(nil, diags)
	s, diags = r.read(s)
	r.must(nil, diags)
	if p := r.plan(s, hostBasic); !p.empty {
		t.Errorf("after the import the plan is not empty: %s, not %s", p.value, s.value)
	}
	_, diags = r.importID("web1/etc/sysctl.conf")
	mustSay(t, diags, failed, "is not the ID of a host")
}
