package provider

import (
	"strings"
	"testing"
)

// TestTwoResourcesWithTheSameLines: the second would take away what the first
// one wants, and the first one what the second.
func TestTwoResourcesWithTheSameLines(t *testing.T) {
	r := start(t, one(cloudHost()), nil)
	r.oneWalk = true
	r.must(nil, r.plan(nil, basic).diags)
	r.must(nil, r.plan(nil, basic).diags) // as when it is replaced
	r.must(nil, r.plan(nil, with(values{"drop_in_name": "01-more.conf", "client_alive_interval": nil, "client_alive_count_max": nil, "max_sessions": 5})).diags)
	p := r.plan(nil, with(values{"max_sessions": 5}))
	mustSay(t, p.diags, failed, "web1: two resources are about the same lines, 00-sshkeepalive.conf", "drop_in_name")
}

// TestSameLinesThroughOtherConnections: it is one host, however it is reached.
func TestSameLinesThroughOtherConnections(t *testing.T) {
	r := start(t, one(cloudHost()), nil)
	r.oneWalk = true
	r.must(nil, r.plan(nil, basic).diags)
	p := r.plan(nil, with(values{"max_sessions": 5, "ssh": values{"keepalive_count_max": 9}}))
	mustSay(t, p.diags, failed, "web1: two resources are about the same lines, 00-sshkeepalive.conf", "drop_in_name")
}

// TestTwoResourcesWithTheSameKeyword would move their lines one above the other at
// each apply.
func TestTwoResourcesWithTheSameKeyword(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	r.create(basic)
	p := r.plan(nil, with(values{"drop_in_name": "01-more.conf", "client_alive_interval": "5m", "client_alive_count_max": nil}))
	r.must(nil, p.diags)
	mustSaySummary(t, p.diags, "ClientAliveInterval is 2m by lines of another resource, those of 00-sshkeepalive.conf")
	r.walk()
	p = r.plan(nil, with(values{"drop_in_name": "01-more.conf", "client_alive_count_max": nil})) // the same value
	if text := said(p.diags, failed) + said(p.diags, warned); strings.Contains(text, "other lines") {
		t.Error(text)
	}
}

// TestReplacedByTheSameLines: create_before_destroy makes the new one first, and
// what the old one leaves must not take its lines along.
func TestReplacedByTheSameLines(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	old := r.create(basic)
	r.oneWalk = true
	s := r.create(basic)
	_, diags := r.destroy(old)
	r.must(nil, diags)
	if !strings.Contains(h.files[dropIn], "ClientAliveInterval 2m") {
		t.Errorf("the lines are gone: %v", h.files)
	}
	r.oneWalk = false
	r.walk()
	_, diags = r.destroy(old)
	mustSay(t, diags, warned, "web1: the lines were left on the host, because another resource has taken them over")
	if !strings.Contains(h.files[dropIn], "ClientAliveInterval 2m") {
		t.Errorf("the lines are gone: %v", h.files)
	}
	_, diags = r.destroy(s)
	r.must(nil, diags)
	if h.files[dropIn] != "" {
		t.Errorf("the lines are still there: %v", h.files)
	}
}

// TestEarlierResourceMovesLines: Terraform plans again before it applies, and takes
// anything that is not as it was planned for a bug.
func TestEarlierResourceMovesLines(t *testing.T) {
	h := cloudHost()
	h.files[mainFile] += "X11Forwarding yes\n"
	r := start(t, one(h), nil)
	later := with(values{"drop_in_name": "20-b.conf", "settings": values{"X11Forwarding": "no"}})
	planned := r.plan(nil, later)
	r.must(nil, planned.diags)
	r.create(values{"host": "web1", "drop_in_name": "10-a.conf", "placement": "in_place", "settings": values{"Banner": "/etc/issue"}})
	again := r.plan(nil, later)
	r.must(nil, again.diags)
	if !again.value.Equal(planned.value) {
		t.Errorf("planned\n%s, and then\n%s", planned.value, again.value)
	}
}

// TestNewDropInMovesOurLines: what was reviewed is another place.
func TestNewDropInMovesOurLines(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	s := r.create(basic)
	r = start(t, one(h), nil)
	s, _ = r.read(s)
	config := with(values{"client_alive_interval": "5m"})
	r.must(nil, r.plan(s, config).diags)
	h.files["/etc/ssh/sshd_config.d/00-aaa.conf"] = "# nothing that matters\n"
	r.must(nil, r.plan(s, config).diags)
	h.files["/etc/ssh/sshd_config.d/00-aaa.conf"] = "ClientAliveInterval 7\n"
	mustSay(t, r.plan(s, config).diags, failed, "web1: changed since the plan: /etc/ssh/sshd_config.d/00-aaa.conf")
}

// TestImportWithoutID used to end in the words of the framework.
func TestImportWithoutID(t *testing.T) {
	r := start(t, one(cloudHost()), nil)
	_, diags := r.importID("")
	mustSay(t, diags, failed, "Bad import ID", "[user@]host[:port]")
}

// TestPlanAfterAnImport says nothing of lines that never were.
func TestPlanAfterAnImport(t *testing.T) {
	r := start(t, one(cloudHost()), nil)
	s, diags := r.importID("web1")
	r.must(nil, diags)
	if s, diags = r.read(s); len(diags) != 1 || strings.Contains(said(diags, warned), "gone") {
		t.Error(said(diags, warned))
	}
	if _, diags = r.read(s); len(diags) > 0 {
		t.Error(said(diags, warned))
	}
}

// TestAnotherDropInName: while Terraform plans, the old lines are there and would
// be in the way of the new ones; when it creates, they are gone.
func TestAnotherDropInName(t *testing.T) {
	h := cloudHost()
	h.files[cloudFile] = ""
	r := start(t, one(h), nil)
	s := r.create(basic)
	later := with(values{"drop_in_name": "zz.conf", "client_alive_interval": "5m"})
	if p := r.plan(s, later); len(p.replace) == 0 {
		t.Fatalf("no replacement: %s", said(p.diags, failed))
	}
	planned := r.plan(nil, later)
	r.must(nil, planned.diags)
	if got := get(t, planned.value, "managed_file"); got != "unknown" {
		t.Errorf("managed_file is planned as %s", got)
	}
	r.walk()
	_, diags := r.destroy(s)
	r.must(nil, diags)
	again := r.plan(nil, later)
	r.must(nil, again.diags)
	if got := get(t, again.value, "managed_file"); got != "/etc/ssh/sshd_config.d/zz.conf" {
		t.Errorf("managed_file is %s", got)
	}
}
