package provider

import (
	"strings"
	"testing"
)

// The three resources were three copies of one lifecycle once, and had drifted apart. The
// cases here say of each what was true of one or two of them only.

// TestImportWithoutIDOfEachKind ended in "This is always an error in the provider" for
// sshkeepalive_coolify.
func TestImportWithoutIDOfEachKind(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			_, diags := startKind(t, f.kind, f.host()).importID("")
			mustSay(t, diags, failed, "Bad import ID", "[user@]host[:port]")
			if text := said(diags, failed); strings.Contains(text, "error in the provider") {
				t.Error(text)
			}
		})
	}
}

// TestOneHostUnderTwoNames: two resources of sshkeepalive_client for one block were not
// seen to be about the same lines if one named the host by its entry in hosts.
func TestOneHostUnderTwoNames(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			h := f.host()
			r := startKindOn(t, f.kind, engineOf(map[string]*fakeHost{"web1": h, "alias": h}), values{"hosts": values{"alias": values{"host": "web1"}}})
			r.oneWalk = true
			r.must(nil, r.plan(nil, f.config).diags)
			p := r.plan(nil, changed(changed(f.config, "host", "alias"), f.key, f.other))
			mustSay(t, p.diags, failed, "alias: two resources are about the same lines")
		})
	}
}

// TestIDWhileThePortIsUnknown: the id was planned without the port, and state kept it so.
func TestIDWhileThePortIsUnknown(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			r := startKind(t, f.kind, f.host())
			p := r.plan(nil, changed(f.config, "ssh", values{"port": unknown{}}))
			r.must(nil, p.diags)
			if id := get(t, p.value, "id"); id != "unknown" {
				t.Errorf("id is planned as %s", id)
			}
		})
	}
}

// TestIDWhileTheFileIsUnknown: the same of the main file of sshkeepalive_server.
func TestIDWhileTheFileIsUnknown(t *testing.T) {
	for kind, attribute := range map[string]string{"sshkeepalive_server": "config_file", "sshkeepalive_client": "config_file", "sshkeepalive_coolify": "file"} {
		for _, f := range forms {
			if f.kind != kind {
				continue
			}
			r := startKind(t, kind, f.host())
			p := r.plan(nil, changed(f.config, attribute, unknown{}))
			r.must(nil, p.diags)
			if id := get(t, p.value, "id"); id != "unknown" {
				t.Errorf("%s: id is planned as %s", kind, id)
			}
		}
	}
}

// TestNewPortOfAnIgnoredHost: the port is in the id, and a client or Coolify whose port
// alone was changed was taken for one whose settings are to be changed.
func TestNewPortOfAnIgnoredHost(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			h := f.host()
			r := startKind(t, f.kind, h)
			config := changed(f.config, "on_unreachable", "ignore")
			s := r.create(config)
			s, _ = r.read(s)
			h.lookErr = unreachableError("web1")
			config = changed(config, "ssh", values{"port": 2222})
			p := r.plan(s, config)
			r.must(nil, p.diags)
			after, diags := r.apply(s, config, p)
			r.must(nil, diags)
			mustSay(t, diags, warned, "web1: could not look")
			if id := get(t, after.value, "id"); !strings.HasPrefix(id, "web1:2222") {
				t.Errorf("id is %s", id)
			}
		})
	}
}

// TestImportedLinesOfOthers: what another program wrote and an apply would rewrite is
// imported as not managed. sshkeepalive_coolify said that the lines were its own.
func TestImportedLinesOfOthers(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			h := f.host()
			id := "web1"
			if f.kind == "sshkeepalive_client" {
				h.files[f.file] = "Host *.example.org\n\tServerAliveInterval 60\n"
				id = "web1#Host *.example.org"
			}
			if f.kind == "sshkeepalive_host" {
				h.files["/etc/sysctl.d/10-corp.conf"] = "net.ipv4.tcp_retries2 = 5\n"
			}
			r := startKind(t, f.kind, h)
			s, diags := r.importID(id)
			r.must(nil, diags)
			s, diags = r.read(s)
			r.must(nil, diags)
			if got := get(t, s.value, "managed_content"); got != "null" {
				t.Errorf("managed_content is imported as %q", got)
			}
		})
	}
}

// TestSiblingConflictNamesAWayOut: the advice named attributes of other resources.
func TestSiblingConflictNamesAWayOut(t *testing.T) {
	for kind, says := range map[string]string{
		"sshkeepalive_server": "`drop_in_name`", "sshkeepalive_client": "`patterns`", "sshkeepalive_coolify": "Put the settings into one resource.",
		"sshkeepalive_host": "Put the settings into one resource.",
	} {
		for _, f := range forms {
			if f.kind != kind {
				continue
			}
			r := startKind(t, kind, f.host())
			r.oneWalk = true
			r.must(nil, r.plan(nil, f.config).diags)
			p := r.plan(nil, changed(f.config, f.key, f.other))
			mustSay(t, p.diags, failed, "two resources are about the same lines", says)
			if text := said(p.diags, failed); kind != "sshkeepalive_server" && strings.Contains(text, "drop_in_name") {
				t.Errorf("%s: %s", kind, text)
			}
		}
	}
}
