package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

func TestBadConfigurations(t *testing.T) {
	for name, c := range map[string]struct {
		config values
		words  []string
	}{
		"a bad time":                 {with(values{"client_alive_interval": "2 minutes"}), []string{`AttributeName("client_alive_interval")`, `"2 minutes" is not a valid time`}},
		"a bad time in a block":      {with(values{"match": []any{values{"criteria": "User git", "client_alive_interval": "x"}}}), []string{`AttributeName("match").ElementKeyInt(0).AttributeName("client_alive_interval")`, "not a valid time"}},
		"an unknown keyword":         {with(values{"settings": values{"ClientAliveIntervall": "1"}}), []string{`AttributeName("settings").ElementKeyString("ClientAliveIntervall")`, "did you mean ClientAliveInterval"}},
		"a typed keyword":            {with(values{"settings": values{"maxsessions": "3"}}), []string{`ElementKeyString("maxsessions")`, "max_sessions", "Use the attribute"}},
		"a keyword in two spellings": {with(values{"settings": values{"PermitRootLogin": "no", "permitrootlogin": "yes"}}), []string{"already set by"}},
		"a keyword not for Match":    {with(values{"match": []any{values{"criteria": "User git", "settings": values{"UsePAM": "no"}}}}), []string{`AttributeName("match").ElementKeyInt(0).AttributeName("settings").ElementKeyString("UsePAM")`}},
		"nothing":                    {values{"host": "web1"}, []string{"at least one setting"}},
		"an empty host":              {with(values{"host": ""}), []string{`AttributeName("host")`}},
		"a profile":                  {with(values{"profile": "ciz"}), []string{`AttributeName("profile")`, "pci-dss"}},
		"a key policy":               {with(values{"ssh": values{"host_key_policy": "yolo"}}), []string{`AttributeName("host_key_policy")`, "accept-new"}},
		"a relative file":            {with(values{"config_file": "sshd_config"}), []string{`AttributeName("config_file")`, "absolute"}},
		"a drop-in elsewhere":        {with(values{"drop_in_name": "../x.conf"}), []string{`AttributeName("drop_in_name")`}},
		"a placement":                {with(values{"placement": "somewhere"}), []string{`AttributeName("placement")`, "drop_in"}},
		"a policy":                   {with(values{"on_unreachable": "shrug"}), []string{`AttributeName("on_unreachable")`, "recheck"}},
		"a port":                     {with(values{"ssh": values{"port": 70000}}), []string{`AttributeName("ssh").AttributeName("port")`}},
		"a timeout of ours":          {with(values{"ssh": values{"connect_timeout": "soon"}}), []string{`AttributeName("connect_timeout")`, "Not a time"}},
		"a longest task":             {with(values{"longest_task": "long"}), []string{`AttributeName("longest_task")`, "Not a time"}},
		"a confirm timeout":          {with(values{"confirm_timeout": "-1"}), []string{`AttributeName("confirm_timeout")`, "Not a time"}},
		"two lines for one keyword":  {with(values{"settings": values{"PermitRootLogin": "no\nyes"}}), []string{"one line"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, engineOf(nil), nil)
			mustSay(t, r.validate(c.config), failed, c.words...)
		})
	}
}

// TestEachBadNumberIsOneError: a number out of its bounds is said once, by what the
// resource's own decision says of it.
func TestEachBadNumberIsOneError(t *testing.T) {
	for kind, c := range map[string]struct {
		config values
		says   string
	}{
		"server":       {values{"client_alive_count_max": -1}, `"-1" is not a whole number from 0 to 2147483647`},
		"server match": {values{"match": []any{values{"criteria": "User git", "client_alive_count_max": -1}}}, `"-1" is not a whole number from 0 to 2147483647`},
		"client":       {values{"patterns": []any{"*"}, "connection_attempts": 0}, `"0" is not a whole number from 1 to 2147483647`},
		"coolify":      {values{"max_retries": 3000000000}, `"3000000000" is not a whole number from 0 to 2147483647`},
		"host":         {values{"tcp_retries2": 256}, `"256" is not a whole number from 1 to 255`},
	} {
		t.Run(kind, func(t *testing.T) {
			c.config["host"] = "web1"
			name, _, _ := strings.Cut(kind, " ")
			diags := startKind(t, "sshkeepalive_"+name, bareHost()).validate(c.config)
			mustSay(t, diags, failed, c.says)
			if len(diags) != 1 {
				t.Errorf("%d diagnostics: %s", len(diags), said(diags, failed))
			}
		})
	}
}

func TestGoodConfigurations(t *testing.T) {
	for name, config := range map[string]values{
		"the least":               basic,
		"only a profile":          {"host": "web1", "profile": "pci-dss"},
		"a profile not known":     {"host": "web1", "profile": unknown{}},
		"a number for a time":     {"host": "web1", "client_alive_interval": "120"},
		"a heredoc":               with(values{"settings": values{"AcceptEnv": "LANG\nLC_*\n"}}),
		"a value not known":       with(values{"client_alive_interval": unknown{}}),
		"only a value not known":  {"host": "web1", "client_alive_interval": unknown{}},
		"a map not known":         {"host": "web1", "settings": unknown{}},
		"an element not known":    {"host": "web1", "settings": values{"PermitRootLogin": unknown{}}},
		"a list not known":        {"host": "web1", "match": unknown{}},
		"a block's value unknown": {"host": "web1", "match": []any{values{"criteria": unknown{}, "max_sessions": unknown{}}}},
		"a context not known":     with(values{"contexts": []any{unknown{}, values{"user": unknown{}}}}),
		"a channel timeout":       with(values{"channel_timeout": values{"session:shell": "1h", "x11-connection": "5m"}}),
		"a timeout of none":       with(values{"unused_connection_timeout": "none"}),
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, one(cloudHost()), nil)
			r.must(nil, r.validate(config))
			p := r.plan(nil, config)
			r.must(nil, p.diags)
		})
	}
}

func TestNoWatchdogIsAWarning(t *testing.T) {
	r := start(t, engineOf(nil), nil)
	for _, zero := range []string{"0", "0s"} {
		mustSay(t, r.validate(with(values{"confirm_timeout": zero})), warned, `AttributeName("confirm_timeout")`, "watchdog")
	}
	if diags := r.validate(with(values{"confirm_timeout": "90"})); len(diags) > 0 {
		t.Error(said(diags, warned))
	}
}

func TestAttributePaths(t *testing.T) {
	for text, want := range map[string]path.Path{
		"client_alive_interval":          path.Root("client_alive_interval"),
		`settings["PermitRootLogin"]`:    path.Root("settings").AtMapKey("PermitRootLogin"),
		"match[2]":                       path.Root("match").AtListIndex(2),
		"match[0].client_alive_interval": path.Root("match").AtListIndex(0).AtName("client_alive_interval"),
		`match[10].settings["Banner"]`:   path.Root("match").AtListIndex(10).AtName("settings").AtMapKey("Banner"),
		`settings["a.b"]`:                path.Root("settings").AtMapKey("a.b"),
		"":                               path.Empty(),
	} {
		if got := diagnostics.AttributePath(text); !got.Equal(want) {
			t.Errorf("%s is %s", text, got)
		}
	}
}

func FuzzAttributePath(f *testing.F) {
	f.Add(`match[0].settings["Banner"]`)
	f.Add("[")
	f.Add("a..[\"]")
	// Any text ends in a path, and no text in a panic.
	f.Fuzz(func(_ *testing.T, text string) { _ = diagnostics.AttributePath(text).String() })
}
