package provider

import (
	"strings"
	"testing"
)

func asRoot() values { return values{"connection": values{"user": "root", "private_key": "x"}} }

func TestProfileIsUnderOwnValues(t *testing.T) {
	t.Parallel()
	h := cloudHost()
	r := start(t, one(h), asRoot())
	config := with(values{"profile": "stig", "settings": values{"PermitRootLogin": "prohibit-password"}})
	p := r.plan(nil, config)
	r.must(nil, p.diags)
	for at, want := range map[string]string{
		"client_alive_interval":         "2m",
		"effective.ClientAliveInterval": "120",
		"effective.ClientAliveCountMax": "3",
		"effective.PermitRootLogin":     "without-password",
		"effective.X11Forwarding":       "no",
		"effective.LogLevel":            "VERBOSE",
		"max_sessions":                  "null",
	} {
		if got := get(t, p.value, at); got != want {
			t.Errorf("%s is planned as %s, not %s", at, got, want)
		}
	}
	if text := said(p.diags, warned); strings.Contains(text, "the user of this connection") {
		t.Errorf("root is let in, and the plan says %s", text)
	}
	s := r.create(config)
	s, diags := r.read(s)
	if len(diags) > 0 {
		t.Errorf("reading what was just made says %s%s", said(diags, failed), said(diags, warned))
	}
	if p := r.plan(s, config); !p.empty {
		t.Errorf("the second plan is not empty: %s", p.value)
	}
}

func TestProfileDriftIsPlannedBack(t *testing.T) {
	t.Parallel()
	h := cloudHost()
	r := start(t, one(h), asRoot())
	config := values{"host": "web1", "profile": "stig"}
	s := r.create(config)
	h.files[dropIn] = strings.Replace(h.files[dropIn], "X11Forwarding no", "X11Forwarding yes", 1)
	s, diags := r.read(s)
	mustSay(t, diags, warned, "X11Forwarding is yes, not no")
	p := r.plan(s, config)
	if got := get(t, p.value, "effective.X11Forwarding"); p.empty || got != "no" {
		t.Errorf("planned %s, empty %v", got, p.empty)
	}
}

func TestProfileThatShutsOutTheUserIsAWarning(t *testing.T) {
	t.Parallel()
	r := start(t, one(cloudHost()), asRoot())
	p := r.plan(nil, values{"host": "web1", "profile": "stig"})
	r.must(nil, p.diags)
	mustSay(t, p.diags, warned, "PermitRootLogin no shuts out the user of this connection, root", "the profile stig can lock users out", "prohibit-password")
	r = start(t, one(cloudHost()), values{"connection": values{"user": "admin", "private_key": "x"}})
	p = r.plan(nil, values{"host": "web1", "profile": "stig"})
	if text := said(p.diags, warned); strings.Contains(text, "the user of this connection") {
		t.Errorf("admin is not shut out, and the plan says %s", text)
	}
}

func TestProfileGoesAgain(t *testing.T) {
	t.Parallel()
	r := start(t, one(cloudHost()), asRoot())
	s := r.create(values{"host": "web1", "profile": "stig"})
	after, diags := r.apply(s, basic, r.plan(s, basic))
	r.must(nil, diags)
	if got := get(t, after.value, "managed_content"); strings.Contains(got, "X11Forwarding") {
		t.Errorf("the profile's lines stay: %s", got)
	}
}
