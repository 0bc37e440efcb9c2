package provider

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

const (
	serverConfigType = "sshkeepalive_server_config"
	clientConfigType = "sshkeepalive_client_config"
	connectionType   = "sshkeepalive_connection"
	auditType        = "sshkeepalive_audit"
	sessionsType     = "sshkeepalive_sessions"
	socketsType      = "sshkeepalive_control_sockets"
	coolifySeenType  = "sshkeepalive_coolify"
)

// requiredBy is what some data sources do not do without.
var requiredBy = map[string]values{clientConfigType: {"probe_hosts": []any{"db1"}}, socketsType: {"path": "~/.ssh/cm"}}

// ask validates and reads a data source.
func (r *rpc) ask(name string, config values) (tftypes.Value, []*tfprotov6.Diagnostic) {
	r.t.Helper()
	given := r.dynamic(r.sources[name], config)
	checked, err := r.server.ValidateDataResourceConfig(r.t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: name, Config: given})
	r.must(err, nil)
	if said(checked.Diagnostics, failed) != "" {
		return tftypes.Value{}, checked.Diagnostics
	}
	resp, err := r.server.ReadDataSource(r.t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: given})
	r.must(err, nil)
	if resp.State == nil {
		return tftypes.Value{}, resp.Diagnostics
	}
	v, err := resp.State.Unmarshal(r.sources[name])
	r.must(err, nil)
	if !v.IsFullyKnown() {
		r.t.Errorf("Terraform refuses what is not known: %s", v)
	}
	return v, resp.Diagnostics
}

// answer is ask without a word said.
func (r *rpc) answer(name string, config values) tftypes.Value {
	r.t.Helper()
	v, diags := r.ask(name, config)
	r.must(nil, diags)
	if text := said(diags, tfprotov6.DiagnosticSeverityWarning); text != "" {
		r.t.Error(text)
	}
	return v
}

// expect compares what is at dotted paths.
func expect(t *testing.T, v tftypes.Value, want map[string]string) {
	t.Helper()
	for at, value := range want {
		if got := get(t, v, at); got != value && !strings.HasSuffix(got, `<"`+value+`">`) {
			t.Errorf("%s is %s, not %s", at, got, value)
		}
	}
}

func surveyedHost() *fakeHost {
	h := cloudHost()
	h.files[mainFile] += "ClientAliveInterval 30\nAcceptEnv LANG LC_*\nAcceptEnv EDITOR\nMatch User deploy\n  ClientAliveInterval 15\n  PermitTTY no\nMatch User joe\n  ClientAliveInterval 120\n"
	return h
}

func TestServerConfig(t *testing.T) {
	t.Parallel()
	e := one(surveyedHost())
	v := start(t, e, nil).answer(serverConfigType, values{"host": "web1", "contexts": []any{values{"user": "deploy"}}})
	expect(t, v, map[string]string{
		"effective.ClientAliveInterval":                       "120",
		"effective.AcceptEnv":                                 "LANG\nLC_*\nEDITOR",
		"provenance.ClientAliveInterval.0.source":             "file",
		"provenance.ClientAliveInterval.0.file":               cloudFile,
		"provenance.ClientAliveInterval.0.line":               "2",
		"provenance.ClientAliveInterval.0.block":              "null",
		"provenance.ClientAliveInterval.0.written":            "120",
		"provenance.ClientAliveCountMax.0.source":             "default",
		"provenance.ClientAliveCountMax.0.file":               "null",
		"provenance.ClientAliveCountMax.0.written":            "null",
		"provenance.AcceptEnv.1.written":                      "EDITOR",
		"by_context.0.context":                                "user=deploy",
		"by_context.0.effective.ClientAliveInterval":          "15",
		"by_context.0.effective.PermitTTY":                    "no",
		"by_context.0.provenance.ClientAliveInterval.0.block": "Match User deploy",
		"by_context.0.provenance.ClientAliveInterval.0.line":  "7",
		"overrides.0.keyword":                                 "ClientAliveInterval",
		"overrides.0.block":                                   "Match User deploy",
		"overrides.0.written":                                 "15",
		"overrides.1.keyword":                                 "PermitTTY",
		"shadowed.0.keyword":                                  "ClientAliveInterval",
		"shadowed.0.file":                                     mainFile,
		"shadowed.0.line":                                     "3",
		"files.1":                                             cloudFile,
		"main_file":                                           mainFile,
		"dead_peer_timeout":                                   "960",
		"loaded":                                              "true",
		"openssh_version":                                     "OpenSSH_9.2p1 Debian-2",
		"host_key_sha256":                                     "SHA256:one",
		"machine_id":                                          "m1",
	})
	if list := get(t, v, "overrides"); strings.Count(list, "ClientAliveInterval") != 1 {
		t.Errorf("a Match that says the same overrides nothing: %s", list)
	}
	if e.looks != 1 {
		t.Errorf("%d looks", e.looks)
	}
}

// TestServerConfigOfKeywords: only these, as they are spelled, and none that is
// not there.
func TestServerConfigOfKeywords(t *testing.T) {
	t.Parallel()
	v := start(t, one(surveyedHost()), nil).answer(serverConfigType, values{"host": "web1", "keywords": []any{"clientAliveINTERVAL", "PermitTTY"}})
	if got := get(t, v, "effective"); got != `tftypes.Map[tftypes.String]<"clientAliveINTERVAL":tftypes.String<"120">>` {
		t.Errorf("effective is %s", got)
	}
	expect(t, v, map[string]string{"overrides.0.written": "15", "overrides.1.keyword": "PermitTTY", "shadowed.0.line": "3", "provenance.clientAliveINTERVAL.0.keyword": "ClientAliveInterval"})
}

func TestServerConfigStaleAndStopped(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]*fakeHost{"false": {stale: true}, "null": {noDaemon: true}} {
		h.files = surveyedHost().files
		expect(t, start(t, one(h), nil).answer(serverConfigType, values{"host": "web1"}), map[string]string{"loaded": want})
	}
}

func TestClientConfig(t *testing.T) {
	t.Parallel()
	h := &fakeHost{machineID: "m1", files: map[string]string{
		"/root/.ssh/config":   "Host db*\n  ServerAliveInterval 30\n  SendEnv A B\nHost *\n  ServerAliveInterval 60\n  User joe\n",
		"/etc/ssh/ssh_config": "Host *\n  SendEnv LANG\n  HashKnownHosts yes\n",
	}}
	e := one(h)
	v := start(t, e, nil).answer(clientConfigType, values{"host": "web1", "probe_hosts": []any{"db1", "bob@web1"}})
	db1, web1 := fields(t, fields(t, v)["effective"])["db1"], fields(t, fields(t, v)["effective"])["bob@web1"]
	expect(t, db1, map[string]string{"ServerAliveInterval": "30", "SendEnv": "A\nB\nLANG", "ServerAliveCountMax": "3"})
	expect(t, web1, map[string]string{"ServerAliveInterval": "60", "HashKnownHosts": "yes"})
	from := fields(t, fields(t, v)["provenance"])
	expect(t, from["db1"], map[string]string{
		"ServerAliveInterval.0.block": "Host db*", "ServerAliveInterval.0.line": "2", "ServerAliveInterval.0.file": "/root/.ssh/config",
		"SendEnv.1.file": "/etc/ssh/ssh_config", "ServerAliveCountMax.0.source": "default", "User.0.block": "Host *",
	})
	expect(t, from["bob@web1"], map[string]string{"ServerAliveInterval.0.line": "5"})
	expect(t, v, map[string]string{"files.0": "/root/.ssh/config", "files.1": "/etc/ssh/ssh_config", "openssh_version": "OpenSSH_9.2p1 Debian-2", "machine_id": "m1", "host_key_sha256": "null"})
	if e.looks != 1 {
		t.Errorf("%d looks", e.looks)
	}
}

func TestConnection(t *testing.T) {
	t.Parallel()
	met := host.HandshakeInfo{
		Identity:    host.Identity{HostKeySHA256: "SHA256:one", ServerVersion: "SSH-2.0-OpenSSH_9.2p1", Address: "web1:22"},
		HostKeyType: "ssh-ed25519", AuthMethods: []string{"publickey"}, AuthMethod: "publickey", Connect: time.Millisecond, KeyExchange: 1500 * time.Nanosecond,
	}
	h := &fakeHost{reach: probe.LoginResult{HandshakeInfo: met, RoundTrip: 2 * time.Millisecond, Attempts: 2, Elapsed: time.Second}}
	e := one(h)
	r := start(t, e, values{"connection": values{"user": "admin", "connect_wait": "1m"}})
	expect(t, r.answer(connectionType, values{"host": "web1"}), map[string]string{
		"reachable": "true", "failure": "null", "phase": "null", "error": "null", "next_step": "null", "user": "admin", "address": "web1:22",
		"server_identification": "SSH-2.0-OpenSSH_9.2p1", "host_key_sha256": "SHA256:one", "host_key_type": "ssh-ed25519", "auth_method": "publickey", "auth_methods.0": "publickey",
		"attempts": "2", "milliseconds.connect": "1", "milliseconds.key_exchange": "0.002", "milliseconds.authentication": "null", "milliseconds.round_trip": "2", "milliseconds.total": "1000",
	})
	if e.specs[0].ConnectWait != 0 {
		t.Error("it waits for a host to boot")
	}
	met.AuthMethod = ""
	h.lookErr = &host.Error{Kind: host.Auth, Phase: host.PhaseAuth, Host: "web1", Attempts: 1, Err: errors.New("no method was accepted"), Handshake: met}
	expect(t, r.answer(connectionType, values{"host": "web1"}), map[string]string{
		"reachable": "false", "failure": "authentication refused", "phase": "authentication", "error": "web1: authentication: no method was accepted", "attempts": "1",
		"next_step": diagnostics.ReachAdvice(&host.Error{Kind: host.Auth}), "host_key_sha256": "SHA256:one", "auth_method": "null", "milliseconds.round_trip": "null", "milliseconds.total": "null",
	})
	for _, kind := range []host.Kind{host.Config, host.Canceled} {
		h.lookErr = &host.Error{Kind: kind, Phase: host.PhaseAuth, Host: "web1", Err: errors.New("there is nothing to log in with")}
		_, diags := r.ask(connectionType, values{"host": "web1"})
		mustSay(t, diags, failed, "web1: ", "there is nothing to log in with")
	}
}

// TestSourcesRefuse: what is wrong is said before anything is dialled.
func TestSourcesRefuse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source string
		config values
		words  []string
	}{
		"an empty host":        {serverConfigType, values{"host": ""}, []string{`AttributeName("host")`}},
		"an unknown keyword":   {serverConfigType, values{"host": "web1", "keywords": []any{"Port", "Prot"}}, []string{`AttributeName("keywords").ElementKeyInt(1)`, "did you mean Port"}},
		"a block":              {serverConfigType, values{"host": "web1", "keywords": []any{"Match"}}, []string{"Match is not a setting"}},
		"a relative file":      {serverConfigType, values{"host": "web1", "config_file": "sshd_config"}, []string{`AttributeName("config_file")`, "absolute"}},
		"a policy":             {serverConfigType, values{"host": "web1", "on_unreachable": "recheck"}, []string{`AttributeName("on_unreachable")`}},
		"no name":              {clientConfigType, values{"host": "web1", "probe_hosts": []any{}}, []string{`AttributeName("probe_hosts")`}},
		"an option for a name": {clientConfigType, values{"host": "web1", "probe_hosts": []any{"db1", "-oProxyCommand=x"}}, []string{`AttributeName("probe_hosts").ElementKeyInt(1)`, "as it is typed after ssh"}},
		"a server's keyword":   {clientConfigType, values{"host": "web1", "probe_hosts": []any{"db1"}, "keywords": []any{"ClientAliveInterval"}}, []string{`AttributeName("keywords").ElementKeyInt(0)`, "nknown keyword ClientAliveInterval in ssh_config"}},
		"a file with blanks":   {clientConfigType, values{"host": "web1", "probe_hosts": []any{"db1"}, "config_file": "~/a b"}, []string{`AttributeName("config_file")`}},
		"an account":           {clientConfigType, values{"host": "web1", "probe_hosts": []any{"db1"}, "user": "a;b"}, []string{`AttributeName("user")`}},
		"an image's ssh":       {clientConfigType, values{"host": "image", "probe_hosts": []any{"db1"}}, []string{"an image does not run ssh"}},
		"an image's sshd":      {connectionType, values{"host": "image"}, []string{"an image cannot be logged in to"}},
		"a profile":            {auditType, values{"host": "web1", "profiles": []any{"cis", "csi"}}, []string{`AttributeName("profiles").ElementKeyInt(1)`, "pci-dss"}},
		"a profile twice":      {auditType, values{"host": "web1", "profiles": []any{"cis", "cis"}}, []string{`AttributeName("profiles")`}},
		"no profile":           {auditType, values{"host": "web1", "profiles": []any{}}, []string{`AttributeName("profiles")`}},
		"a relative path":      {socketsType, values{"host": "web1", "path": ".ssh/cm-*"}, []string{`AttributeName("path")`, "~/"}},
		"a token in a path":    {socketsType, values{"host": "web1", "path": "~/.ssh/cm-%C"}, []string{`AttributeName("path")`, "write * for it"}},
		"two lines for a path": {socketsType, values{"host": "web1", "path": "/a\nb"}, []string{`AttributeName("path")`}},
		"a socket in an image": {socketsType, values{"host": "image", "path": "/a"}, []string{"an image does not run ssh"}},
		"an image's probe":     {probeType, values{"host": "image"}, []string{"an image cannot be logged in to"}},
		"a bad address":        {connectionType, values{"host": "web1:ssh:2"}, []string{"web1:ssh:2"}},
		"a host key policy":    {serverConfigType, values{"host": "web1", "ssh": values{"host_key_policy": "yolo"}}, []string{`AttributeName("host_key_policy")`}},
		"a port in a context":  {serverConfigType, values{"host": "web1", "contexts": []any{values{"local_port": 0}}}, []string{`AttributeName("local_port")`}},
		"a bad host":           {serverConfigType, values{"host": "web1:ssh:2"}, []string{"web1:ssh:2"}},
		"a bad time for ours":  {serverConfigType, values{"host": "web1", "ssh": values{"connect_timeout": "soon"}}, []string{`AttributeName("connect_timeout")`}},
		"a bad time to look":   {serverConfigType, values{"host": "web1", "timeouts": values{"read": "soon"}}, []string{`AttributeName("timeouts")`}},
		"a port":               {serverConfigType, values{"host": "web1", "ssh": values{"port": 70000}}, []string{`AttributeName("port")`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := one(cloudHost())
			_, diags := start(t, e, values{"hosts": values{"image": values{"transport": "image", "root": "/mnt"}}}).ask(c.source, c.config)
			mustSay(t, diags, failed, c.words...)
			if e.looks != 0 {
				t.Error("somebody was dialled")
			}
		})
	}
}

// TestSourcesWhenUnreachable: an error, unless nothing is asked for instead. Who
// answers and refuses us is an error in any case.
func TestSourcesWhenUnreachable(t *testing.T) {
	t.Parallel()
	warned := tfprotov6.DiagnosticSeverityWarning
	for name, c := range map[string]struct {
		provider, own string
		refused       bool
		warns         bool
	}{
		"by default": {}, "recheck": {provider: "recheck"}, "error": {provider: "error"},
		"ignore": {provider: "ignore", warns: true}, "own ignore": {provider: "error", own: "ignore", warns: true}, "own error": {provider: "ignore", own: "error"},
		"refused": {provider: "ignore", refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &fakeHost{lookErr: unreachableError("web1")}
			if c.refused {
				h.lookErr = authError("web1")
			}
			provider, config := values{}, values{"host": "web1"}
			if c.provider != "" {
				provider["on_unreachable"] = c.provider
			}
			if c.own != "" {
				config["on_unreachable"] = c.own
			}
			r := start(t, one(h), provider)
			for _, source := range []string{serverConfigType, clientConfigType, auditType, socketsType} {
				config := maps.Clone(config)
				maps.Copy(config, requiredBy[source])
				v, diags := r.ask(source, config)
				if !c.warns {
					mustSay(t, diags, failed, "web1: ")
					continue
				}
				r.must(nil, diags)
				mustSay(t, diags, warned, "web1: could not look: no answer (connect)")
				for attribute, value := range fields(t, v) {
					if _, given := config[attribute]; !value.IsNull() && !given {
						t.Errorf("%s: %s is %s", source, attribute, text(value))
					}
				}
			}
		})
	}
}

// TestSourcesNeverDialWhatIsNotKnown: how to reach the host may be unknown,
// though all that the data source says is known.
func TestSourcesNeverDialWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	e := one(cloudHost())
	r := start(t, e, values{"connection": values{"password": unknown{}}})
	for source := range maps.Keys(r.sources) {
		config := values{"host": "web1"}
		maps.Copy(config, requiredBy[source])
		_, diags := r.ask(source, config)
		mustSay(t, diags, failed, "web1: connection.password is not known yet", "depends_on")
	}
	if len(e.specs) > 0 {
		t.Error("somebody was dialled")
	}
}

// TestSourceSchemas: each is documented throughout, and what is common with the
// resources has the same type there.
func TestSourceSchemas(t *testing.T) {
	t.Parallel()
	for _, build := range New("test").DataSources(t.Context()) {
		var named datasource.MetadataResponse
		build().Metadata(t.Context(), datasource.MetadataRequest{ProviderTypeName: "sshkeepalive"}, &named)
		var resp datasource.SchemaResponse
		build().Schema(t.Context(), datasource.SchemaRequest{}, &resp)
		if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
			t.Fatal(diags)
		}
		for name, a := range resp.Schema.Attributes {
			if a.GetMarkdownDescription() == "" {
				t.Errorf("%s: %s is not documented", named.TypeName, name)
			}
		}
		if got, want := attribute.ObjectOf(resp.Schema.Attributes["ssh"].(schema.SingleNestedAttribute).Attributes), attribute.ObjectOf(connection.SSHSchema()); !got.Equal(want) {
			t.Errorf("%s: ssh is %s, and in a resource %s", named.TypeName, got, want)
		}
	}
}
