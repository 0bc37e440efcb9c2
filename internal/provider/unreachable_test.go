package provider

import (
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// managed returns a resource that exists, on a host that no longer answers.
func managed(t *testing.T, provider values) (*rpc, *fakeEngine, *fakeHost, *state) {
	t.Helper()
	h := cloudHost()
	e := one(h)
	r := start(t, e, provider)
	s := r.create(basic)
	s, _ = r.read(s)
	h.lookErr = unreachableError("web1")
	return r, e, h, s
}

func TestRecheckIsNeverGreen(t *testing.T) {
	r, _, h, s := managed(t, nil)
	s, diags := r.read(s)
	mustSaySummary(t, diags, "web1: could not look: no answer (connect)")
	if get(t, s.value, "client_alive_interval") != "2m" {
		t.Error("state was not kept")
	}
	p := r.plan(s, basic)
	if p.empty {
		t.Fatal("the plan is green without having looked")
	}
	if len(p.replace) > 0 || said(p.diags, failed) != "" {
		t.Errorf("replace %v, %s", p.replace, said(p.diags, failed))
	}
	// The host is still away: the apply says so and keeps the state.
	after, diags := r.apply(s, basic, p)
	mustSay(t, diags, failed, "web1: no answer (connect)")
	if after == nil {
		t.Error("the state was lost")
	}
	// It is back: the apply verifies, and the next plan is empty.
	h.lookErr = nil
	s, diags = r.apply(s, basic, p)
	r.must(nil, diags)
	if s, _ = r.read(s); !r.plan(s, basic).empty {
		t.Error("the host was verified, yet the plan is not empty")
	}
}

func TestRecheckEndsWithALook(t *testing.T) {
	r, _, h, s := managed(t, nil)
	s, _ = r.read(s)
	h.lookErr = nil
	if s, _ = r.read(s); !r.plan(s, basic).empty {
		t.Error("the host was looked at again, yet it is to be verified")
	}
}

func TestPolicies(t *testing.T) {
	for _, c := range []struct {
		name      string
		provider  values
		resource  values
		env       string
		wantError bool
		wantEmpty bool
	}{
		{name: "error", provider: values{"on_unreachable": "error"}, wantError: true},
		{name: "ignore", provider: values{"on_unreachable": "ignore"}, wantEmpty: true},
		{name: "the resource wins over the provider", provider: values{"on_unreachable": "error"}, resource: values{"on_unreachable": "ignore"}, wantEmpty: true},
		{name: "the provider wins over the environment", provider: values{"on_unreachable": "ignore"}, env: "error", wantEmpty: true},
		{name: "the environment wins over the default", env: "error", wantError: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(diagnostics.OnUnreachableEnv, c.env)
			h := cloudHost()
			r := start(t, one(h), c.provider)
			config := with(c.resource)
			s := r.create(config)
			h.lookErr = unreachableError("web1")
			s, diags := r.read(s)
			if c.wantError {
				mustSay(t, diags, failed, "web1: no answer (connect)", "on_unreachable")
				return
			}
			mustSay(t, diags, warned, "web1: could not look: no answer (connect)")
			if p := r.plan(s, config); p.empty != c.wantEmpty {
				t.Errorf("empty plan: %v, want %v", p.empty, c.wantEmpty)
			}
		})
	}
}

func TestRefusalIsAnErrorUnderEachPolicy(t *testing.T) {
	changed := &host.Error{Kind: host.HostKeyChanged, Phase: host.PhaseHostKey, Host: "web1", Attempts: 1,
		OfferedKey: "SHA256:new", RecordedKey: "SHA256:old", RecordedAt: "/root/.ssh/known_hosts:7", Err: errors.New("the host key is not the recorded one")}
	for _, word := range diagnostics.PolicyWords() {
		for _, refusal := range []error{authError("web1"), changed, &host.Error{Kind: host.Escalation, Phase: host.PhaseEscalate, Host: "web1", Stderr: "sudo: a password is required", Err: errors.New("sudo failed")}} {
			r, e, h, s := managed(t, values{"on_unreachable": word})
			h.lookErr = refusal
			looked := e.looks
			_, diags := r.read(s)
			if said(diags, failed) == "" {
				t.Errorf("%s: %v is no error", word, refusal)
			}
			if e.looks != looked+1 {
				t.Errorf("%s: %v was tried %d times", word, refusal, e.looks-looked)
			}
			if errors.Is(refusal, changed) {
				mustSay(t, diags, failed, "web1: host key changed (host key)", "SHA256:new", "SHA256:old", "/root/.ssh/known_hosts:7", "console")
			}
		}
	}
}

func TestDestroyOfAHostThatDoesNotAnswer(t *testing.T) {
	r, _, _, s := managed(t, nil)
	left, diags := r.destroy(s)
	mustSay(t, diags, failed, "web1: no answer (connect)", `on_unreachable = "ignore"`, "terraform state rm")
	if left == nil {
		t.Error("the resource was forgotten")
	}
	r, _, _, s = managed(t, values{"on_unreachable": "ignore"})
	left, diags = r.destroy(s)
	r.must(nil, diags)
	mustSaySummary(t, diags, "web1: forgotten without taking anything back")
	if left != nil {
		t.Error("the resource was not forgotten")
	}
}

func TestDestroyUnderIgnoreStillHeedsARefusal(t *testing.T) {
	r, _, h, s := managed(t, values{"on_unreachable": "ignore"})
	h.lookErr = authError("web1")
	if left, diags := r.destroy(s); left == nil || said(diags, failed) == "" {
		t.Error("a refused login made the provider forget a resource")
	}
}

func TestAnotherMachineAtTheAddress(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	s := r.create(basic)
	recycled := cloudHost()
	recycled.machineID = "m2"
	*h = *recycled
	seen, diags := r.read(s)
	mustSaySummary(t, diags, "web1: another machine answers at this address")
	if get(t, seen.value, "machine_id") != "m1" {
		t.Error("the record of the machine was overwritten before anything was done there")
	}
	p := r.plan(seen, basic)
	if p.empty || get(t, p.value, "machine_id") != "m2" {
		t.Errorf("the plan does not set the new machine up: %s", p.value)
	}
	before := h.snapshot()
	left, diags := r.destroy(seen)
	r.must(nil, diags)
	mustSaySummary(t, diags, "web1: another machine answers at this address, and it was left alone")
	if left != nil || len(before) != len(h.files) {
		t.Error("the other machine was touched")
	}
}

func TestUnreachableAtTheFirstPlan(t *testing.T) {
	r := start(t, engineOf(nil), nil)
	p := r.plan(nil, basic)
	mustSay(t, p.diags, warned, "web1: could not look: no answer (connect)")
	if get(t, p.value, "effective") != "unknown" || get(t, p.value, "id") != "web1" {
		t.Errorf("planned %s", p.value)
	}
}

func TestNothingIsDialledForAHostThatIsNotKnown(t *testing.T) {
	for name, c := range map[string]struct{ provider, resource values }{
		"host":                  {nil, with(values{"host": unknown{}})},
		"an override":           {nil, with(values{"ssh": values{"port": unknown{}}})},
		"all of hosts":          {values{"hosts": unknown{}}, basic},
		"its entry of hosts":    {values{"hosts": values{"web1": values{"host": unknown{}}}}, basic},
		"all of connection":     {values{"connection": unknown{}}, basic},
		"one of connection":     {values{"connection": values{"private_key": unknown{}}}, basic},
		"a key in a jump of it": {values{"connection": values{"jump": []any{values{"host": "b", "host_keys": unknown{}}}}}, basic},
	} {
		t.Run(name, func(t *testing.T) {
			e := one(cloudHost())
			r := start(t, e, c.provider)
			r.must(nil, r.configured)
			p := r.plan(nil, c.resource)
			r.must(nil, p.diags)
			if len(e.specs) > 0 {
				t.Errorf("dialled %v", e.specs)
			}
			if get(t, p.value, "effective") != "unknown" {
				t.Errorf("planned %s", p.value)
			}
		})
	}
}

func TestAnotherEntryOfHostsMayBeUnknown(t *testing.T) {
	r := start(t, one(cloudHost()), values{"hosts": values{"web2": values{"host": unknown{}}}})
	p := r.plan(nil, basic)
	if get(t, p.value, "effective.ClientAliveInterval") != "120" {
		t.Error("a host that is known was not looked at because another one is not")
	}
}

func TestReadWithUnknownProviderKeepsStateAndIdentity(t *testing.T) {
	h := cloudHost()
	s := start(t, one(h), nil).create(basic)
	s.identity = nil // Terraform before 1.12 wrote it
	e := one(h)
	r := start(t, e, values{"connection": values{"user": unknown{}}})
	after, diags := r.read(s)
	r.must(nil, diags)
	if !after.value.Equal(s.value) || len(e.specs) > 0 {
		t.Errorf("state changed, or dialled %v", e.specs)
	}
	if p := r.plan(after, basic); !p.empty {
		t.Errorf("a provider that is not known plans a change: %s", p.value)
	}
}

func TestDeferral(t *testing.T) {
	can := &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: true}
	e := one(cloudHost())
	r := startWith(t, e, values{"connection": values{"user": unknown{}}}, can)
	resp, err := r.server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "sshkeepalive_server", PriorState: r.encode(r.resource, r.nothing()),
		Config: r.dynamic(r.resource, basic), ProposedNewState: r.dynamic(r.resource, basic),
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: true},
	})
	r.must(err, resp.Diagnostics)
	if resp.Deferred == nil {
		t.Error("an unknown provider configuration does not defer")
	}
	// Stable Terraform allows deferral in every apply, when all is known.
	r = startWith(t, e, nil, can)
	if p := r.plan(nil, basic); get(t, p.value, "effective.ClientAliveInterval") != "120" {
		t.Error("a known configuration was deferred")
	}
}

func TestMovingToAnotherAddress(t *testing.T) {
	same, other := cloudHost(), cloudHost()
	other.machineID = "m2"
	h := cloudHost()
	r := start(t, engineOf(map[string]*fakeHost{"web1": h, "10.0.0.5": same, "10.0.0.6": other}), nil)
	s := r.create(basic)
	same.files = h.files
	for to, replaced := range map[string]bool{"10.0.0.5": false, "10.0.0.6": true, "10.0.0.7": true} {
		p := r.plan(s, with(values{"host": to}))
		if (len(p.replace) > 0) != replaced {
			t.Errorf("to %s: replace %v: %s", to, p.replace, said(p.diags, failed))
		}
	}
	p := r.plan(s, with(values{"host": "10.0.0.5"}))
	after, diags := r.apply(s, with(values{"host": "10.0.0.5"}), p)
	r.must(nil, diags)
	if get(t, after.value, "id") != "10.0.0.5" {
		t.Errorf("id is %s", get(t, after.value, "id"))
	}
}

func TestForeignChangeBetweenPlanAndApply(t *testing.T) {
	h := cloudHost()
	r := start(t, one(h), nil)
	s := r.create(basic)
	s, _ = r.read(s)
	config := with(values{"client_alive_interval": "5m"})
	r.must(nil, r.plan(s, config).diags)
	h.files[dropIn] = strings.Replace(h.files[dropIn], "2m", "7", 1)
	p := r.plan(s, config) // as Terraform does before it applies
	mustSay(t, p.diags, failed, "web1: changed since the plan: "+dropIn)
}

func TestNewConnectionSettingsForAHostThatIsAway(t *testing.T) {
	r, e, _, s := managed(t, values{"on_unreachable": "ignore"})
	s, _ = r.read(s)
	config := with(values{"ssh": values{"port": 2222}})
	p := r.plan(s, config)
	if p.empty || !p.value.IsFullyKnown() {
		t.Fatalf("planned %s", p.value)
	}
	done := e.applies
	after, diags := r.apply(s, config, p)
	mustSaySummary(t, diags, "web1: could not look")
	if e.applies != done+1 || said(diags, failed) != "" || get(t, after.value, "id") != "web1:2222" {
		t.Errorf("%d looks, the id is %s: %s", e.applies-done, get(t, after.value, "id"), said(diags, failed))
	}
}
