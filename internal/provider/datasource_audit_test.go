package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
)

// found is the finding about a keyword, by its place in the list.
func found(t *testing.T, v tftypes.Value, keyword string, n int) tftypes.Value {
	t.Helper()
	var list []tftypes.Value
	if err := fields(t, v)["findings"].As(&list); err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if get(t, f, "keyword") == text(tftypes.NewValue(tftypes.String, keyword)) {
			if n == 0 {
				return f
			}
			n--
		}
	}
	t.Fatalf("nothing was found about %s", keyword)
	return tftypes.Value{}
}

func TestAudit(t *testing.T) {
	t.Parallel()
	h := cloudHost()
	h.files[mainFile] += "PermitRootLogin no\nMatch User deploy\n  PermitRootLogin yes\n  ClientAliveInterval 600\n"
	e := one(h)
	r := start(t, e, nil)
	v := r.answer(auditType, values{"host": "web1", "profiles": []any{"cis", "stig"}, "contexts": []any{values{"user": "deploy"}}})
	expect(t, v, map[string]string{
		"compliant.cis": "false", "compliant.stig": "false", "counts.cis.not_applicable": "1", // GSSAPI, which the host does not print
		"warnings.0.keyword": "ClientAliveInterval", "warnings.0.context": "null", "warnings.0.file": cloudFile, "warnings.0.line": "2",
		"warnings.0.text":      "OpenSSH 9.2 probes only every second interval: every 240 s instead of 120 s",
		"warnings.0.advice":    "Halve `client_alive_interval` for these releases if the time matters, or declare `idle_limit`: then the plan says whether it does.",
		"warnings.2.context":   "user=deploy",
		"exceptions.0.keyword": "PermitRootLogin", "exceptions.0.written": "yes", "exceptions.0.block": "Match User deploy", "exceptions.0.line": "5", "exceptions.0.profile": "cis",
		"loaded": "true", "dead_peer_timeout": "960", "openssh_version": "OpenSSH_9.2p1 Debian-2", "host_key_sha256": "SHA256:one", "machine_id": "m1",
	})
	expect(t, found(t, v, "ClientAliveInterval", 0), map[string]string{
		"profile": "cis", "status": "pass", "wanted": "15", "effective": "120", "source": "file", "file": cloudFile, "line": "2", "written": "120", "block": "null",
		"why": "null", "context": "null", "risk": "null", "rule": "CIS Ubuntu Linux 24.04 LTS Benchmark 1.0.0, 5.1.7", "reason": "a peer that is gone is noticed and its session ends",
	})
	expect(t, found(t, v, "PermitRootLogin", 1), map[string]string{
		"profile": "cis", "status": "fail", "context": "user=deploy", "effective": "yes", "block": "Match User deploy", "risk": "root, and everything that logs in as root",
	})
	expect(t, found(t, v, "GSSAPIAuthentication", 0), map[string]string{"status": "not applicable", "why": "the host's sshd was built without it", "effective": "null", "source": "null", "line": "null"})
	expect(t, found(t, v, "Banner", 0), map[string]string{"status": "unknown", "why": "sshd -T does not print it", "conflicts_with.0": "stig", "conflicts_with.1": "dev-sec"})
	if e.looks != 1 {
		t.Errorf("%d looks", e.looks)
	}
	all := fields(t, fields(t, r.answer(auditType, values{"host": "web1"}))["compliant"])
	if len(all) != len(baseline.Names()) || text(all["ssh-audit"]) != text(tftypes.NewValue(tftypes.Bool, nil)) {
		t.Errorf("by default: %v", all)
	}
}

func TestAuditOfABrokenHost(t *testing.T) {
	t.Parallel()
	h := cloudHost()
	h.invalid = mainFile + ": line 1: Bad configuration option: Prot"
	_, diags := start(t, one(h), nil).ask(auditType, values{"host": "web1"})
	mustSay(t, diags, failed, "web1: ", "refuses its own configuration", "Prot")
}
