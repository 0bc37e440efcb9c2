package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

const (
	verifyType = "sshkeepalive_verify"
	pruneType  = "sshkeepalive_prune_control_sockets"
)

// TestVerify holds a host against what is declared, and fails on whatever keeps that
// from being known.
func TestVerify(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		host   func(h *fakeHost)
		config values
		fails  string // "" if it does not
	}{
		"as declared":            {config: values{"client_alive_interval": "2m"}},
		"by keyword":             {config: values{"settings": values{"PasswordAuthentication": "no"}}},
		"another value":          {config: values{"client_alive_interval": "1m"}, fails: "web1: ClientAliveInterval is 120, not 1m, because " + cloudFile + ":2"},
		"in a context":           {host: func(h *fakeHost) { h.files[mainFile] += "Match User git\n\tClientAliveInterval 0\n" }, config: values{"client_alive_interval": "2m", "contexts": []any{values{"user": "git"}}}, fails: "ClientAliveInterval is 0"},
		"a stale daemon":         {host: func(h *fakeHost) { h.stale = true }, config: values{"client_alive_interval": "2m"}, fails: "sshd has not loaded the files"},
		"files that do not load": {host: func(h *fakeHost) { h.invalid = mainFile + ": line 1: Bad configuration option: X" }, config: values{"client_alive_interval": "2m"}, fails: "Bad configuration option"},
		"a pending change":       {host: func(h *fakeHost) { h.pending = []reconcile.Pending{{ID: "x", Left: 9}} }, config: values{"client_alive_interval": "2m"}, fails: "has not confirmed"},
		"no answer":              {host: func(h *fakeHost) { h.lookErr = unreachableError("web1") }, config: values{"client_alive_interval": "2m"}, fails: "Could not verify the settings"},
	} {
		t.Run(name, func(t *testing.T) {
			h := cloudHost()
			if c.host != nil {
				c.host(h)
			}
			r := start(t, one(h), nil)
			c.config["host"] = "web1"
			told, diags := r.invoke(verifyType, c.config)
			text := said(diags, failed)
			switch {
			case c.fails == "" && (len(diags) > 0 || len(told) != 1 || !strings.HasPrefix(told[0], "web1: sshd does what is declared")):
				t.Errorf("told %q, %s", told, everyText(diags))
			case c.fails != "" && (!strings.Contains(text, c.fails) || len(told) > 0):
				t.Errorf("told %q, and %q, which lacks %q", told, text, c.fails)
			}
		})
	}
}

// TestVerifyLooksEachTime: an action is about now, not about what the plan saw.
func TestVerifyLooksEachTime(t *testing.T) {
	t.Parallel()
	h := cloudHost()
	r := start(t, one(h), nil)
	config := values{"host": "web1", "client_alive_interval": "2m"}
	_, before := r.invoke(verifyType, config)
	h.files[cloudFile] = "ClientAliveInterval 7\n"
	_, after := r.invoke(verifyType, config)
	if said(before, failed) != "" || said(after, failed) == "" {
		t.Errorf("before %q, after %q", said(before, failed), said(after, failed))
	}
}

// TestActionsAreValidated before any host is reached.
func TestActionsAreValidated(t *testing.T) {
	t.Parallel()
	r := start(t, one(cloudHost()), nil)
	server := r.server.(tfprotov6.ActionServer)
	for want, c := range map[string]struct {
		action string
		config values
	}{
		"No setting is declared": {verifyType, values{"host": "web1"}},
		"ClientAliveIntervall":   {verifyType, values{"host": "web1", "settings": values{"ClientAliveIntervall": "1"}}},
		"Not an absolute path":   {pruneType, values{"host": "web1", "path": "cm-*"}},
		"":                       {verifyType, values{"host": unknown{}, "client_alive_interval": unknown{}}},
	} {
		resp, err := server.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: c.action, Config: r.dynamic(r.actions[c.action], c.config)})
		if text := said(resp.Diagnostics, failed); err != nil || !strings.Contains(text, want) || (text == "") != (want == "") {
			t.Errorf("%v: %q, not %q", err, text, want)
		}
	}
}

// TestPrune tells of each socket, and leaves those that are not dead to themselves.
func TestPrune(t *testing.T) {
	t.Parallel()
	socket := func(name string, state sshclient.SocketState, age int64) sshclient.ControlSocket {
		return sshclient.ControlSocket{SocketCheck: sshclient.SocketCheck{Path: "/home/bob/.ssh/" + name, There: true, Age: age}, State: state}
	}
	h := &fakeHost{machineID: "m1", hostKey: "SHA256:one", sockets: sshclient.SocketFacts{Sockets: []sshclient.ControlSocket{
		socket("live", sshclient.Live, 60), socket("dead", sshclient.Stale, 60), socket("hangs", sshclient.Unclear, 60), socket("other", sshclient.NotSSH, 60),
		socket("young", sshclient.Stale, 0), socket("taken", sshclient.Stale, 60),
	}}}
	r := start(t, one(h), nil)
	told, diags := r.invoke(pruneType, values{"host": "web1", "path": "~/.ssh"})
	want := []string{
		"web1: 2 of 6 sockets can be removed", "web1: removed /home/bob/.ssh/dead",
		"web1: kept /home/bob/.ssh/taken: another socket has its name",
	}
	if !slices.Equal(told, want) || said(diags, failed) != "" || !strings.Contains(everyText(diags), "did not remove /home/bob/.ssh/taken") {
		t.Errorf("told %q, %s", told, everyText(diags))
	}
}

// TestActionExamplesFitTheSchema, which no engine here can tell: attributes that exist,
// and all that are required.
func TestActionExamplesFitTheSchema(t *testing.T) {
	t.Parallel()
	r := start(t, one(cloudHost()), nil)
	for action, typ := range r.actions {
		text, err := os.ReadFile(filepath.Join(examples, "actions", action, "action.tf"))
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(text), "\n  config {\n")
		body, _, _ = strings.Cut(body, "\n  }\n")
		names := regexp.MustCompile(`(?m)^    (\w+) +=`).FindAllStringSubmatch(body, -1)
		if len(names) < 2 || !strings.Contains(body, "host ") {
			t.Errorf("%s: found %d attributes in\n%s", action, len(names), body)
		}
		for _, name := range names {
			if _, ok := typ.(tftypes.Object).AttributeTypes[name[1]]; !ok {
				t.Errorf("%s has no %s", action, name[1])
			}
		}
	}
}
