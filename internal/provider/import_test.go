package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TestImportAdoptsWhatIsManaged(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	config := with(values{
		"settings": values{"PermitRootLogin": "no"},
		"match":    []any{values{"criteria": "User git", "client_alive_interval": "30", "settings": values{"X11Forwarding": "no"}}},
	})
	made := r.create(config)
	s, diags := r.importID("web1")
	r.must(nil, diags)
	s, diags = r.read(s)
	r.must(nil, diags)
	if p := r.plan(s, config); !p.empty {
		want, got := fields(t, p.value), fields(t, s.value)
		for name := range want {
			if !want[name].Equal(got[name]) {
				t.Errorf("after the import %s is to change from %s to %s", name, got[name], want[name])
			}
		}
	}
	for _, name := range []string{"managed_file", "managed_content", "machine_id", "dead_peer_timeout", "id"} {
		if a, b := get(t, made.value, name), get(t, s.value, name); a != b {
			t.Errorf("%s was %s and was imported as %s", name, a, b)
		}
	}
}

func TestImportOfAHostThatNobodyManages(t *testing.T) {
	r := start(t, one(cloudHost()), nil)
	s, _ := r.importID("web1")
	s, diags := r.read(s)
	r.must(nil, diags)
	for name, want := range map[string]string{"client_alive_interval": "120", "client_alive_count_max": "null", "tcp_keep_alive": "null"} {
		if got := get(t, s.value, name); got != want {
			t.Errorf("%s is imported as %s, not %s", name, got, want)
		}
	}
	mustSay(t, diags, warned, "lines that this provider did not write were imported, and the first apply writes lines of its own to "+dropIn, cloudFile+":2: ClientAliveInterval 120")
	if got := get(t, s.value, "managed_content"); got != "null" {
		t.Errorf("managed_content is %q on a host that nobody manages", got)
	}
	if p := r.plan(s, basic); p.empty || len(p.replace) > 0 {
		t.Error("the next plan does not write our lines, or replaces the resource")
	}
}

func TestImportIDs(t *testing.T) {
	r := start(t, engineOf(nil), nil)
	for id, want := range map[string]struct{ host, file, port, id string }{
		"web1":                         {"web1", "null", "null", "web1"},
		"web1:2222":                    {"web1:2222", "null", "2222", "web1:2222"},
		"admin@10.0.0.5:2222":          {"admin@10.0.0.5:2222", "null", "2222", "10.0.0.5:2222"},
		"[2001:db8::1]:22/etc/x":       {"[2001:db8::1]:22", "/etc/x", "22", "[2001:db8::1]:22/etc/x"},
		"2001:db8::1":                  {"2001:db8::1", "null", "null", "2001:db8::1"},
		"a@web1/opt/ssh/sshd_config":   {"a@web1", "/opt/ssh/sshd_config", "null", "web1/opt/ssh/sshd_config"},
		"joe@corp.com@web1:22/etc/x/y": {"joe@corp.com@web1:22", "/etc/x/y", "22", "web1:22/etc/x/y"},
	} {
		s, diags := r.importID(id)
		r.must(nil, diags)
		if got := get(t, s.value, "host"); got != want.host {
			t.Errorf("%s: host is %s", id, got)
		}
		if got := get(t, s.value, "config_file"); got != want.file {
			t.Errorf("%s: config_file is %s", id, got)
		}
		identity := identityOf(t, r, s.identity)
		if got := get(t, identity, "port"); got != want.port && got != "tftypes.Number<\""+want.port+"\">" {
			t.Errorf("%s: port is %s", id, got)
		}
	}
	for _, id := range []string{"", "@web1", "web1:", "web1:70000", "/etc/ssh/sshd_config", "-oProxyCommand=x", "a b"} {
		s, diags := r.importID(id)
		if s != nil || said(diags, failed) == "" {
			t.Errorf("%q was accepted", id)
		}
		mustSay(t, diags, failed, "Bad import ID", "Write [user@]host[:port]")
	}
}

func identityOf(t *testing.T, r *rpc, data *tfprotov6.ResourceIdentityData) tftypes.Value {
	t.Helper()
	resp, err := r.server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	r.must(err, nil)
	v, err := data.IdentityData.Unmarshal(resp.IdentitySchemas["sshkeepalive_server"].ValueType())
	r.must(err, nil)
	return v
}

func TestImportByIdentity(t *testing.T) {
	r := start(t, engineOf(nil), nil)
	made, _ := r.importID("web1:2222/etc/x")
	resp, err := r.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: "sshkeepalive_server", Identity: made.identity,
	})
	r.must(err, resp.Diagnostics)
	again := r.decode(resp.ImportedResources[0].State)
	if get(t, again, "host") != "web1:2222" || get(t, again, "config_file") != "/etc/x" {
		t.Errorf("imported %s", again)
	}
}

func TestImportOfAHostThatDoesNotAnswer(t *testing.T) {
	r := start(t, engineOf(nil), values{"on_unreachable": "ignore"})
	s, _ := r.importID("web1")
	if _, diags := r.read(s); said(diags, failed) == "" {
		t.Error("a host was imported without having been looked at")
	}
}
