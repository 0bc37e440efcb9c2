package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
)

const (
	envFile = "/data/coolify/source/.env"
	envText = "# Coolify\nAPP_KEY=base64:hunter2=\nexport SSH_MUX_PERSIST_TIME='7200' # two hours\nDB_PASSWORD=\"hun ter2\nSSH_MAX_RETRIES=9\n\"\nSSH_MAX_RETRIES=3\nSSH_MAX_RETRIES=5\nCOOLIFY_VERSION=4.3.19"
)

var coolifyBasic = values{"host": "web1", "mux_persist_time": "1h", "max_retries": 1, "settings": values{"SSH_NEW": "it's $1"}}

func coolifyHost() *fakeHost {
	return &fakeHost{machineID: "m1", hostKey: "SHA256:one", files: map[string]string{envFile: envText}}
}

func startCoolify(t *testing.T, h *fakeHost) *rpc {
	t.Helper()
	e := one(h)
	r := serveKind(t, &Provider{version: "test", start: func() (session.Engine, func(context.Context)) { return e.engine(), func(context.Context) {} }}, "sshkeepalive_coolify")
	r.configure(nil, nil)
	return r
}

func TestCoolifyLife(t *testing.T) {
	h := coolifyHost()
	r := startCoolify(t, h)
	p := r.plan(nil, coolifyBasic)
	r.must(nil, p.diags)
	for at, want := range map[string]string{
		"id": "web1" + envFile, "file": envFile, "coolify_version": "4.3.19", "machine_id": "m1",
		"managed_content":                "SSH_MUX_PERSIST_TIME=3600\nSSH_MAX_RETRIES=1\nSSH_NEW=\"it's \\$1\"\n",
		"effective.SSH_MUX_PERSIST_TIME": "3600", "effective.SSH_NEW": "it's $1", "mux_persist_time": "1h",
	} {
		if got := get(t, p.value, at); got != want {
			t.Errorf("%s is planned as %q, not %q", at, got, want)
		}
	}
	if !p.value.IsFullyKnown() || strings.Contains(p.value.String(), "hunter2") {
		t.Errorf("unknown, or secret: %s", p.value)
	}
	s, diags := r.apply(nil, coolifyBasic, p)
	mustSaySummary(t, diags, "web1: Coolify still runs with the settings that it was started with")
	want := "# Coolify\nAPP_KEY=base64:hunter2=\n# sshkeepalive took SSH_MUX_PERSIST_TIME 1: export SSH_MUX_PERSIST_TIME='7200' # two hours\nSSH_MUX_PERSIST_TIME=3600\n" +
		"DB_PASSWORD=\"hun ter2\nSSH_MAX_RETRIES=9\n\"\n# sshkeepalive took SSH_MAX_RETRIES 1: SSH_MAX_RETRIES=3\n# sshkeepalive took SSH_MAX_RETRIES 2: SSH_MAX_RETRIES=5\nSSH_MAX_RETRIES=1\n" +
		"COOLIFY_VERSION=4.3.19\n# sshkeepalive added SSH_NEW\nSSH_NEW=\"it's \\$1\"\n# sshkeepalive resource ID"
	if got := withoutIDs(h.files[envFile]); got != want {
		t.Errorf("the file is\n%s", got)
	}
	if s, diags = r.read(s); len(diags) > 0 || !r.plan(s, coolifyBasic).empty {
		t.Errorf("the second plan is not empty: %s", said(diags, warned))
	}
	respelled := values{"host": "web1", "mux_persist_time": "3600", "max_retries": 1, "settings": values{"SSH_NEW": "it's $1"}}
	if !r.plan(s, respelled).empty {
		t.Error("a time that is spelled anew is a change")
	}
	fewer := values{"host": "web1", "mux_persist_time": "2h"}
	p = r.plan(s, fewer)
	s, diags = r.apply(s, fewer, p)
	mustSay(t, diags, warned, "still runs")
	if got := h.files[envFile]; strings.Contains(got, "sshkeepalive") || got != envText {
		t.Errorf("what the file says already is written: %s", got)
	}
	if _, diags = r.destroy(s); len(diags) > 0 || h.files[envFile] != envText {
		t.Errorf("destroy left %s, and said %s", h.files[envFile], said(diags, warned))
	}
}

func TestCoolifyDestroyRestores(t *testing.T) {
	h := coolifyHost()
	r := startCoolify(t, h)
	s := r.create(coolifyBasic)
	h.files[envFile] += "\nLATER=1\n"
	_, diags := r.destroy(s)
	mustSaySummary(t, diags, "web1: Coolify still runs")
	if want := envText + "\nLATER=1\n"; h.files[envFile] != want {
		t.Errorf("left %s", h.files[envFile])
	}
}

func TestCoolifyDrift(t *testing.T) {
	for name, x := range map[string]struct{ text, says, attribute, value string }{
		"a value by hand":       {strings.Replace(envText, "'7200'", "60", 1), `SSH_MUX_PERSIST_TIME is "60", not "3600", because of ` + envFile + ":3", "mux_persist_time", "60"},
		"a duplicate that wins": {envText + "\nSSH_MAX_RETRIES=7\n", `SSH_MAX_RETRIES is "7", not "1", because of ` + envFile + ":10", "max_retries", `tftypes.Number<"7">`},
		"no line any more":      {strings.ReplaceAll(envText, "SSH_MAX", "SSH_MIN"), "SSH_MAX_RETRIES is no longer set in " + envFile, "max_retries", "null"},
		"the older key":         {envText + "\nMUX_ENABLED=0", `SSH_MUX_ENABLED is "0", not "true", because of ` + envFile + ":10, where MUX_ENABLED overrides it", "mux_enabled", `tftypes.Bool<"false">`},
		"no number":             {envText + "\nSSH_MAX_RETRIES=many\n", `SSH_MAX_RETRIES is "many"`, "max_retries", "null"},
	} {
		t.Run(name, func(t *testing.T) {
			config := values{"host": "web1", "mux_persist_time": "1h", "max_retries": 1, "mux_enabled": true}
			h := coolifyHost()
			r := startCoolify(t, h)
			s := r.create(config)
			h.files[envFile] = x.text
			s, diags := r.read(s)
			mustSay(t, diags, warned, x.says)
			if got := get(t, s.value, x.attribute); got != x.value {
				t.Errorf("%s is %s", x.attribute, got)
			}
			p := r.plan(s, config)
			if p.empty {
				t.Fatal("drift plans nothing")
			}
			s, diags = r.apply(s, config, p)
			mustSay(t, diags, warned, "still runs")
			if s, _ = r.read(s); !r.plan(s, config).empty {
				t.Error("the repair did not last")
			}
			if _, diags = r.destroy(s); said(diags, failed) != "" || h.files[envFile] != x.text {
				t.Errorf("destroy: %s %s", said(diags, failed), h.files[envFile])
			}
		})
	}
}

func TestCoolifyImport(t *testing.T) {
	h := coolifyHost()
	r := startCoolify(t, h)
	made := r.create(coolifyBasic)
	for _, id := range []string{"web1", "web1" + envFile} {
		s, diags := r.importID(id)
		r.must(nil, diags)
		s, diags = r.read(s)
		r.must(nil, diags)
		if p := r.plan(s, coolifyBasic); !p.empty {
			t.Errorf("after the import of %s the plan is not empty: %s, not %s", id, p.value, s.value)
		}
		for _, name := range []string{"id", "managed_content", "settings.SSH_NEW", "coolify_version"} {
			if a, b := get(t, made.value, name), get(t, s.value, name); a != b {
				t.Errorf("%s was %s and was imported as %s", name, a, b)
			}
		}
	}
	h.files[envFile] = "SSH_MUX_ENABLED=off\nSSH_RETRY_MULTIPLIER=\"1.5\"\n"
	s, _ := r.importID("web1")
	s, diags := r.read(s)
	r.must(nil, diags)
	if got := get(t, s.value, "mux_enabled") + get(t, s.value, "retry_multiplier"); got != `tftypes.Bool<"true">1.5` {
		t.Errorf("by hand: imported as %s", got)
	}
	if !r.plan(s, values{"host": "web1", "mux_enabled": true, "retry_multiplier": "1.5"}).empty {
		t.Error("what was written by hand plans a change")
	}
	h.files[envFile] = "APP_KEY=hunter2\n"
	s, _ = r.importID("web1")
	_, diags = r.read(s)
	mustSay(t, diags, failed, "no SSH setting in "+envFile)
	_, diags = r.importID("web 1/x")
	mustSay(t, diags, failed, "Bad import ID")
}

func TestCoolifyUnreachable(t *testing.T) {
	h := coolifyHost()
	r := startCoolify(t, h)
	s := r.create(coolifyBasic)
	s, _ = r.read(s)
	h.lookErr = unreachableError("web1")
	s, diags := r.read(s)
	mustSaySummary(t, diags, "web1: could not look: no answer (connect)")
	if p := r.plan(s, coolifyBasic); p.empty || get(t, s.value, "mux_persist_time") != "1h" {
		t.Error("a green plan, or no state, without having looked")
	}
	if left, diags := r.destroy(s); left == nil || said(diags, failed) == "" {
		t.Error("forgotten")
	}
}

func TestCoolifyRefusals(t *testing.T) {
	for says, config := range map[string]values{
		"No setting is declared":             {"host": "web1"},
		"SSH_MAX_RETRIES belongs to":         {"host": "web1", "settings": values{"SSH_MAX_RETRIES": "1"}},
		"MUX_ENABLED belongs to":             {"host": "web1", "settings": values{"MUX_ENABLED": "1"}},
		`"APP_KEY" is not the key of an SSH`: {"host": "web1", "settings": values{"APP_KEY": "x"}},
		"control character or a line break":  {"host": "web1", "settings": values{"SSH_X": "a\nAPP_KEY=b"}},
		`"soon" is not a valid time`:         {"host": "web1", "command_timeout": "soon"},
		`"0.5" is not a valid multiplier`:    {"host": "web1", "retry_multiplier": "0.5"},
		`"/etc/shadow" is not the name of`:   {"host": "web1", "max_retries": 1, "file": "/etc/shadow"},
		"does not begin with a slash":        {"host": "web1", "max_retries": 1, "file": ".env"},
		`"/data/../.env" has . or .. in it`:  {"host": "web1", "max_retries": 1, "file": "/data/../.env"},
		`"-1" is not a whole number from 0`:  {"host": "web1", "max_retries": -1},
	} {
		r := startCoolify(t, coolifyHost())
		mustSay(t, r.validate(config), failed, says)
	}
	h := coolifyHost()
	h.files[envFile] = "PEM=\"abc\nSSH_MAX_RETRIES=3\n"
	r := startCoolify(t, h)
	mustSay(t, r.plan(nil, coolifyBasic).diags, failed, "a quote opens in "+envFile+":1 and is never closed")
	h.files[envFile] = "SSH_MAX_RETRIES=\"1\n2\"\n"
	mustSay(t, r.plan(nil, coolifyBasic).diags, failed, "the value of SSH_MAX_RETRIES on line 1 spans several lines")
	mustSay(t, r.validate(values{"host": unknown{}, "settings": unknown{}}), warned)
}
