package provider

import (
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// oldDefaults are what earlier releases recorded, and an import records, of options that
// were not set.
var oldDefaults = values{
	"placement": "auto", "reload": "auto", "drop_in_name": "00-sshkeepalive.conf", "takeover": true, "confirm_timeout": "60s",
}

// recorded is a state with other values.
func (r *rpc) recorded(s *state, more values) *state {
	r.t.Helper()
	merged, others := fields(r.t, s.value), fields(r.t, build(r.resource, more))
	for name := range more {
		merged[name] = others[name]
	}
	return &state{tftypes.NewValue(r.resource, merged), s.private, s.identity}
}

// TestDefaultsAreNotShown: options that are not set are null in plans and in state.
func TestDefaultsAreNotShown(t *testing.T) {
	t.Parallel()
	r := start(t, one(cloudHost()), nil)
	s := r.create(basic)
	for name := range oldDefaults {
		if got := get(t, s.value, name); got != "null" {
			t.Errorf("%s is %s", name, got)
		}
	}
}

// TestDefaultsInStateAreNotDrift: state of an earlier release, or of an import, has the
// defaults. With a configuration that lacks them or spells them out, nothing is planned.
func TestDefaultsInStateAreNotDrift(t *testing.T) {
	t.Parallel()
	r := start(t, one(cloudHost()), nil)
	old := r.recorded(r.create(basic), oldDefaults)
	for name, config := range map[string]values{"not set": basic, "set": with(oldDefaults), "respelled": with(values{"confirm_timeout": "1m"})} {
		s, diags := r.read(old)
		r.must(nil, diags)
		if p := r.plan(s, config); !p.empty || len(p.replace) > 0 {
			t.Errorf("%s: the plan is not empty, replaces %v: %s", name, p.replace, p.value)
		}
	}
	s, diags := r.importID("web1")
	r.must(nil, diags)
	if s, _ = r.read(s); get(t, s.value, "drop_in_name") != "00-sshkeepalive.conf" {
		t.Error("an import does not record the defaults, which a configuration may spell out")
	}
	if p := r.plan(s, basic); !p.empty {
		t.Errorf("the plan after an import is not empty: %s", p.value)
	}
}

// TestDefaultsSpelledOutLater changes nothing on the host, and replaces nothing.
func TestDefaultsSpelledOutLater(t *testing.T) {
	t.Parallel()
	h := cloudHost()
	r := start(t, one(h), nil)
	s := r.create(basic)
	files := h.snapshot()
	config := with(oldDefaults)
	p := r.plan(s, config)
	if len(p.replace) > 0 || get(t, p.value, "effective.ClientAliveInterval") != "120" {
		t.Errorf("replaces %v: %s", p.replace, p.value)
	}
	s, diags := r.apply(s, config, p)
	r.must(nil, diags)
	for name, text := range h.snapshot() {
		if files[name] != text {
			t.Errorf("%s became %q", name, text)
		}
	}
	if s, _ = r.read(s); !r.plan(s, config).empty || !r.plan(s, basic).empty {
		t.Error("the next plan is not empty")
	}
}

// TestOptionsThatAreNoLongerSet fall back to their defaults.
func TestOptionsThatAreNoLongerSet(t *testing.T) {
	t.Parallel()
	for name, value := range (values{"placement": "in_place", "reload": "never", "drop_in_name": "10-a.conf", "takeover": false, "confirm_timeout": "5m"}) {
		h := cloudHost()
		r := start(t, one(h), nil)
		s := r.create(with(values{name: value}))
		if p := r.plan(s, with(values{name: value})); !p.empty {
			t.Errorf("%s: the second plan is not empty", name)
		}
		p := r.plan(s, basic)
		if got := get(t, p.value, name); got != "null" || p.empty {
			t.Errorf("%s is planned as %s", name, got)
		}
		if replaced := slices.Contains(p.replace, `AttributeName("drop_in_name")`); replaced != (name == "drop_in_name") {
			t.Errorf("%s: replaces %v", name, p.replace)
		}
		if name != "placement" {
			continue
		}
		s, diags := r.apply(s, basic, p)
		r.must(nil, diags)
		if get(t, s.value, "managed_file") != dropIn || h.files[dropIn] == "" {
			t.Errorf("the lines did not move: %s, %v", s.value, h.files)
		}
	}
}

// TestOptionThatIsNoLongerSetOnAHostThatIsAway: the plan knows nothing of what the apply
// will find.
func TestOptionThatIsNoLongerSetOnAHostThatIsAway(t *testing.T) {
	t.Parallel()
	h := cloudHost()
	r := start(t, one(h), nil)
	s := r.create(with(values{"placement": "in_place"}))
	h.lookErr = unreachableError("web1")
	s, _ = r.read(s)
	p := r.plan(s, basic)
	if fields(t, p.value)["managed_file"].IsKnown() {
		t.Errorf("managed_file is planned as %s without a look", get(t, p.value, "managed_file"))
	}
	h.lookErr = nil
	s, diags := r.apply(s, basic, p)
	r.must(nil, diags)
	if got := get(t, s.value, "managed_file"); got != dropIn {
		t.Errorf("managed_file is %s", got)
	}
}
