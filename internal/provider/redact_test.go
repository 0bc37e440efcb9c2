package provider

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
)

const echoed = "hunter2-horse"

// echoes are what a host makes of the password that it was given, and text for a
// terminal.
func echoes() []string {
	return []string{
		echoed, base64.StdEncoding.EncodeToString([]byte("admin:" + echoed)), url.QueryEscape(echoed + "/"),
		"\x1b[2J", "\u202e", "\u200b", "\u2028", "\u009b",
	}
}

func secretProvider() values {
	return values{"connection": values{"user": "admin", "password": echoed}}
}

// clean fails on what no answer may have in it. Values are searched as they go over
// the wire.
func clean(t *testing.T, where, text string) {
	t.Helper()
	for _, no := range echoes() {
		if strings.Contains(text, no) {
			t.Errorf("%s has %q in it: %q", where, no, text)
		}
	}
	if !strings.Contains(text, "***") || !strings.Contains(text, `\x1b`) {
		t.Errorf("%s does not tell what the host said: %q", where, text)
	}
}

func everyText(diags []*tfprotov6.Diagnostic) string {
	return said(diags, failed) + said(diags, tfprotov6.DiagnosticSeverityWarning)
}

// every is each text in v, keys of maps included.
func every(v tftypes.Value) string {
	var b strings.Builder
	_ = tftypes.Walk(v, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		var text string
		if v.Type().Is(tftypes.String) && v.As(&text) == nil {
			b.WriteString(text + "\n")
		}
		for _, step := range at.Steps() {
			if key, ok := step.(tftypes.ElementKeyString); ok {
				b.WriteString(string(key) + "\n")
			}
		}
		return true, nil
	})
	return b.String()
}

// TestWhatAHostRepeats: errors, warnings and values, of each kind of answer.
func TestWhatAHostRepeats(t *testing.T) {
	all := strings.Join(echoes(), " ")
	quoted := `"` + strings.NewReplacer("\x1b", "\x1b").Replace(all) + `"`
	evil := func() *fakeHost {
		h := cloudHost()
		h.files["/etc/ssh/sshd_config.d/"+strings.ReplaceAll(all, "/", "")+".conf"] = "Banner " + quoted + "\nClientAliveInterval 7\n"
		h.reach.ServerVersion = "SSH-2.0-" + all
		h.reach.AuthMethods = echoes()
		return h
	}
	t.Run("data source", func(t *testing.T) {
		e := one(evil())
		r := start(t, e, secretProvider())
		v, _ := r.ask(serverConfigType, values{"host": "web1"})
		clean(t, "server_config", every(v))
		v, _ = r.ask(connectionType, values{"host": "web1"})
		clean(t, "connection", every(v))
	})
	t.Run("failures", func(t *testing.T) {
		for name, err := range map[string]error{
			"of the host":     &host.Error{Kind: host.Auth, Phase: host.PhaseAuth, Host: "web1", Err: errors.New(all)},
			"of a script":     errors.New(all),
			"of another kind": &host.Error{Kind: host.Unreachable, Phase: host.PhaseTCP, Host: "web1", Stderr: all, Err: errors.New("x")},
		} {
			h := cloudHost()
			h.lookErr = err
			r := start(t, one(h), secretProvider())
			clean(t, "the plan, "+name, everyText(r.plan(nil, basic).diags))
			v, diags := r.ask(connectionType, values{"host": "web1"})
			if len(diags) == 0 {
				clean(t, "connection, "+name, every(v))
			} else {
				clean(t, "connection, "+name, everyText(diags))
			}
		}
	})
	t.Run("resource", func(t *testing.T) {
		h := evil()
		r := start(t, one(h), secretProvider())
		s := r.create(with(values{"settings": values{"Banner": "/etc/issue"}}))
		h.files[dropIn] = strings.Replace(h.files[dropIn], "/etc/issue", quoted, 1)
		h.files["/etc/ssh/sshd_config.d/!"+strings.ReplaceAll(all, "/", "")+".conf"] = "ClientAliveInterval 9\n"
		r.walk()
		after, diags := r.read(s)
		clean(t, "the drift", every(after.value)+everyText(diags))
	})
}

// TestWhatAHostRepeatsToListsAndActions: results, their warnings, and what an action
// tells while it runs.
func TestWhatAHostRepeatsToListsAndActions(t *testing.T) {
	t.Parallel()
	all := strings.Join(echoes(), " ")
	config := secretProvider()
	config["hosts"] = map[string]any{"down": values{}, "web1": values{}}
	down, h := cloudHost(), cloudHost()
	down.lookErr = errors.New(all)
	h.files["/etc/ssh/sshd_config.d/99-"+strings.ReplaceAll(all, "/", "")+".conf"] = "LoginGraceTime 7\n"
	// What has control characters in it is not imported.
	h.files[dropIn] = marks.ServerHeader + "\nBanner \"" + strings.Join(echoes()[:3], " ") + "\"\nVersionAddendum \"" + all + "\"\n"
	h.sockets.Sockets = []sshclient.ControlSocket{
		{SocketCheck: sshclient.SocketCheck{Path: "/tmp/" + all, There: true, Age: 9}, State: sshclient.Stale},
		{SocketCheck: sshclient.SocketCheck{Path: "/tmp/taken" + all, There: true, Age: 9}, State: sshclient.Stale},
	}
	r := start(t, engineOf(map[string]*fakeHost{"web1": h, "down": down}), config)
	results, diags := r.list(nil, 0)
	if len(results) != 1 {
		t.Fatalf("%d results, %s", len(results), everyText(diags))
	}
	result := every(r.decode(results[0].Resource))
	clean(t, "the result", result+everyText(results[0].Diagnostics))
	if !strings.Contains(result, "***") || strings.Contains(result, `\x1b`) {
		t.Errorf("the Banner is not in the result, or the VersionAddendum is: %q", result)
	}
	clean(t, "the warnings of a list", everyText(diags))
	_, diags = r.invoke(verifyType, values{"host": "web1", "login_grace_time": "9"})
	clean(t, "a verification", everyText(diags))
	_, diags = r.invoke(verifyType, values{"host": "down", "login_grace_time": "9"})
	clean(t, "a verification of another host", everyText(diags))
	told, diags := r.invoke(pruneType, values{"host": "web1", "path": "/tmp"})
	clean(t, "the progress", strings.Join(told, " "))
	clean(t, "the warnings of an action", everyText(diags))
}

// TestGivenTextStays: what the configuration says itself is neither masked nor
// spelled out, so that Terraform sees the value that it gave; and a plan that
// changes nothing stays empty.
func TestGivenTextStays(t *testing.T) {
	given := "/etc/" + echoed + "\u00a0issue"
	r := start(t, one(cloudHost()), secretProvider())
	wish := with(values{"settings": values{"Banner": given}})
	s := r.create(wish)
	if got := get(t, s.value, "settings.Banner"); got != given {
		t.Errorf("it became %q", got)
	}
	s, _ = r.read(s)
	if p := r.plan(s, wish); !p.empty {
		t.Errorf("a plan that changes nothing: %s", p.value)
	}
}
