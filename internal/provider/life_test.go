package provider

import (
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

const (
	failed = tfprotov6.DiagnosticSeverityError
	warned = tfprotov6.DiagnosticSeverityWarning
)

var basic = values{"host": "web1", "client_alive_interval": "2m", "client_alive_count_max": 3}

// with returns basic with some values replaced.
func with(more values) values {
	v := maps.Clone(basic)
	maps.Copy(v, more)
	return v
}

func one(h *fakeHost) *fakeEngine { return engineOf(map[string]*fakeHost{"web1": h}) }

func TestCreateShowsEverythingAtPlan(t *testing.T) {
	r := start(t, one(cloudHost()), nil)
	p := r.plan(nil, basic)
	r.must(nil, p.diags)
	for at, want := range map[string]string{
		"id":                            "web1",
		"managed_file":                  dropIn,
		"effective.ClientAliveInterval": "120",
		"effective.ClientAliveCountMax": "3",
		"dead_peer_timeout":             "",
		"openssh_version":               "OpenSSH_9.2p1 Debian-2",
		"machine_id":                    "m1",
		"host_key_sha256":               "SHA256:one",
		"client_alive_interval":         "2m",
		"max_sessions":                  "null",
	} {
		if got := get(t, p.value, at); want != "" && got != want {
			t.Errorf("%s is planned as %s, not %s", at, got, want)
		}
	}
	if !p.value.IsFullyKnown() {
		t.Errorf("something is unknown although the host could be looked at: %s", p.value)
	}
	if content := get(t, p.value, "managed_content"); !strings.Contains(content, "ClientAliveInterval 2m\n") {
		t.Errorf("managed_content does not show the lines: %q", content)
	}
}

func TestSecondPlanIsEmpty(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	s := r.create(basic)
	s, diags := r.read(s)
	if len(diags) > 0 {
		t.Errorf("reading what was just made says %s%s", said(diags, failed), said(diags, warned))
	}
	if p := r.plan(s, basic); !p.empty {
		t.Errorf("the second plan is not empty: %s", p.value)
	}
}

func TestRespellingATimePlansNothing(t *testing.T) {
	r := start(t, one(cloudHost()), nil)
	s := r.create(basic)
	for _, spelled := range []string{"120", "120s", "2M"} {
		if p := r.plan(s, with(values{"client_alive_interval": spelled})); !p.empty {
			t.Errorf("%q instead of 2m plans a change", spelled)
		}
	}
	if p := r.plan(s, with(values{"client_alive_interval": "3m"})); p.empty {
		t.Error("3m instead of 2m plans nothing")
	}
}

func TestDriftIsAnUpdateThatNamesFileAndLine(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	s := r.create(basic)
	h.files["/etc/ssh/sshd_config.d/00-aaa.conf"] = "# by hand\nClientAliveInterval 600\n"
	s, diags := r.read(s)
	mustSaySummary(t, diags, "ClientAliveInterval is 600, not 2m, because /etc/ssh/sshd_config.d/00-aaa.conf:2")
	if got := get(t, s.value, "client_alive_interval"); got != "600" {
		t.Errorf("state holds %s, not the effective value", got)
	}
	p := r.plan(s, basic)
	if p.empty || get(t, p.value, "effective.ClientAliveInterval") != "120" {
		t.Errorf("the plan does not repair: %s", p.value)
	}
	if strings.Contains(said(p.diags, warned), "adopted") {
		t.Errorf("lines are adopted that were not asked for: %s", said(p.diags, warned))
	}
	s, diags = r.apply(s, basic, p)
	r.must(nil, diags)
	if s, _ = r.read(s); !r.plan(s, basic).empty {
		t.Error("the repair did not last")
	}
}

func TestLinesGoneArePlannedAgain(t *testing.T) {
	h := cloudHost()
	h.files[cloudFile] = ""
	r := start(t, one(h), nil)
	s := r.create(basic)
	delete(h.files, dropIn)
	s, diags := r.read(s)
	mustSaySummary(t, diags, "web1: our lines are gone from "+dropIn)
	p := r.plan(s, basic)
	if p.empty {
		t.Fatal("the plan is empty although our lines are gone")
	}
	if got := get(t, s.value, "managed_content"); got != "null" {
		t.Errorf("managed_content is %q although nothing is managed", got)
	}
}

func TestStaleDaemonIsAnUpdate(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	s := r.create(basic)
	h.stale = true
	s, diags := r.read(s)
	mustSaySummary(t, diags, "web1: sshd has not loaded")
	p := r.plan(s, basic)
	if p.empty || get(t, p.value, "loaded") == get(t, s.value, "loaded") {
		t.Errorf("a stale daemon plans nothing: %s", p.value)
	}
	e := r.create(with(values{"reload": "never"}))
	h.stale = true
	e, _ = r.read(e)
	if p := r.plan(e, with(values{"reload": "never"})); !p.empty {
		t.Error("reload = never plans a reload")
	}
}

func TestDestroyPutsEverythingBack(t *testing.T) {
	h := cloudHost()
	before := h.snapshot()
	r := start(t, one(h), nil)
	s := r.create(with(values{"settings": values{"PermitRootLogin": "no"}, "match": []any{values{"criteria": "User git", "client_alive_interval": "30"}}}))
	if maps.Equal(before, h.files) {
		t.Fatal("nothing was changed")
	}
	left, diags := r.destroy(s)
	r.must(nil, diags)
	if left != nil || !maps.Equal(before, h.files) {
		t.Errorf("destroy left %v", h.files)
	}
}

// New connection settings change nothing on the host, and reach it all the same.
func TestUpdateOfTheConnectionAloneLooksAtTheHost(t *testing.T) {
	h := cloudHost()
	e := one(h)
	r := start(t, e, nil)
	s := r.create(basic)
	s, _ = r.read(s)
	done, files := e.applies, h.snapshot()
	config := with(values{"ssh": values{"user": "admin", "connect_timeout": "3s"}, "on_unreachable": "error"})
	p := r.plan(s, config)
	if p.empty {
		t.Fatal("the new connection settings are not planned")
	}
	if len(p.replace) > 0 {
		t.Errorf("connection settings replace the resource: %v", p.replace)
	}
	if _, diags := r.apply(s, config, p); len(diags) > 0 {
		t.Error(said(diags, failed))
	}
	if e.applies != done+1 || !maps.Equal(files, h.files) {
		t.Errorf("%d looks, and the host has %v", e.applies-done, h.files)
	}
	h.applyErr = unreachableError("web1")
	if _, diags := r.apply(s, config, p); !strings.Contains(said(diags, failed), "no answer") {
		t.Errorf("an apply without a look says %s", said(diags, failed))
	}
}

func TestFailedCreateLeavesNoState(t *testing.T) {
	h := cloudHost()
	h.applyErr = authError("web1")
	r := start(t, one(h), nil)
	p := r.plan(nil, basic)
	s, diags := r.apply(nil, basic, p)
	if s != nil {
		t.Error("a create that failed left a tainted resource")
	}
	mustSay(t, diags, failed, "web1: login refused (authentication)", "Nothing was changed on the host", "We tried once")
}

func TestFailedUpdateKeepsState(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	s := r.create(basic)
	config := with(values{"client_alive_interval": "5m"})
	p := r.plan(s, config)
	h.applyErr = authError("web1")
	after, diags := r.apply(s, config, p)
	mustSay(t, diags, failed, "web1: login refused")
	if after == nil || get(t, after.value, "client_alive_interval") != "2m" {
		t.Error("the prior state was lost")
	}
}

func TestReloadNeverSaysThatNothingIsLoaded(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	config := with(values{"reload": "never"})
	p := r.plan(nil, config)
	if got := get(t, p.value, "loaded"); !strings.Contains(got, "false") {
		t.Errorf("loaded is planned as %s", got)
	}
	s, diags := r.apply(nil, config, p)
	r.must(nil, diags)
	s, _ = r.read(s)
	if p := r.plan(s, config); !p.empty {
		t.Errorf("a reload that is not to happen is planned: %s", p.value)
	}
	h.noDaemon = true
	if got := get(t, r.plan(nil, config).value, "loaded"); got != "null" {
		t.Errorf("loaded is %s where no sshd runs", got)
	}
}

func TestAHeredocIsNoDrift(t *testing.T) {
	r := start(t, one(cloudHost()), nil)
	config := with(values{"settings": values{"AcceptEnv": "LANG\nLC_*\n", "PermitRootLogin": "no"}})
	s := r.create(config)
	s, diags := r.read(s)
	if len(diags) > 0 || !r.plan(s, config).empty {
		t.Errorf("the last line break of a heredoc is drift: %s", said(diags, warned))
	}
}

func TestAnAttributeThatIsNoLongerManaged(t *testing.T) {
	r := start(t, one(cloudHost()), nil)
	s := r.create(with(values{"client_alive_count_max": 7}))
	config := values{"host": "web1", "client_alive_interval": "2m"}
	p := r.plan(s, config)
	if got := get(t, p.value, "dead_peer_timeout"); got != "unknown" {
		t.Errorf("dead_peer_timeout is planned as %s, though only the host knows the count that will hold", got)
	}
	after, diags := r.apply(s, config, p)
	r.must(nil, diags)
	if get(t, after.value, "client_alive_count_max") != "null" {
		t.Error("the attribute is still there")
	}
}

func TestWhatWasReviewedIsWhatStateSays(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	p := r.plan(nil, basic)
	h.files[cloudFile] = "# emptied meanwhile\n"
	_, diags := r.apply(nil, basic, p) // apply insists that planned values stay
	r.must(nil, diags)
}
