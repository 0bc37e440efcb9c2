package provider

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

const probeType = "sshkeepalive_probe"

// TestProbe: what an idle probe saw, as values.
func TestProbe(t *testing.T) {
	t.Parallel()
	in := probe.LoginResult{Attempts: 1}
	second := func(n int) time.Duration { return time.Duration(n) * time.Second }
	gone := errors.New("the machine closed the connection")
	for name, c := range map[string]struct {
		idle probe.IdleResult
		more values
		want map[string]string
	}{
		"asked": {probe.IdleResult{LoginResult: in, Keepalives: []time.Duration{second(10), second(20), second(31)}}, nil,
			map[string]string{"reachable": "true", "requests": "3", "first_after": "10", "interval": "10.5", "ended": "null", "dropped_after": "null", "error": "null", "next_step": "null", "failure": "null"}},
		"asked once": {probe.IdleResult{LoginResult: in, Keepalives: []time.Duration{1234567 * time.Microsecond}}, nil,
			map[string]string{"requests": "1", "first_after": "1.235", "interval": "null"}},
		"never asked": {probe.IdleResult{LoginResult: in}, nil, map[string]string{"requests": "0", "first_after": "null", "interval": "null", "ended": "null"}},
		"dropped": {probe.IdleResult{LoginResult: in, Keepalives: []time.Duration{second(1)}, CloseReason: probe.CloseEOF, Silence: second(4), Cause: gone}, values{"until_dropped": true},
			map[string]string{"reachable": "true", "ended": "closed", "dropped_after": "4", "error": "null", "next_step": "null"}},
		"dropped though we answered": {probe.IdleResult{LoginResult: in, CloseReason: probe.CloseEOF, Silence: second(4), Cause: gone}, nil,
			map[string]string{"reachable": "true", "ended": "closed", "dropped_after": "4", "error": gone.Error(), "next_step": diagnostics.CloseAdvice(probe.CloseEOF)}},
		"forgotten": {probe.IdleResult{LoginResult: in, CloseReason: probe.CloseNoAnswer, Cause: errors.New("no answer")}, values{"until_dropped": true},
			map[string]string{"reachable": "true", "ended": "lost", "dropped_after": "null", "error": "no answer", "next_step": diagnostics.CloseAdvice(probe.CloseNoAnswer)}},
		"this machine": {probe.IdleResult{}, nil, map[string]string{"reachable": "true", "requests": "null", "ended": "null"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := values{"host": "web1"}
			maps.Copy(config, c.more)
			expect(t, start(t, one(&fakeHost{idle: c.idle}), nil).answer(probeType, config), c.want)
		})
	}
}

// TestProbeOfAHostThatKeepsUsOut: a value, as it is for a connection; but what is
// wrong with the configuration, or came while we sat there, is an error.
func TestProbeOfAHostThatKeepsUsOut(t *testing.T) {
	t.Parallel()
	refused := &host.Error{Kind: host.Auth, Phase: host.PhaseAuth, Host: "web1", Attempts: 1, Err: errors.New("no method was accepted")}
	h := &fakeHost{lookErr: refused}
	r := start(t, one(h), nil)
	expect(t, r.answer(probeType, values{"host": "web1"}), map[string]string{
		"reachable": "false", "failure": "authentication refused", "phase": "authentication", "error": refused.Error(), "next_step": diagnostics.ReachAdvice(refused), "requests": "null", "ended": "null"})
	for _, e := range []host.Error{
		{Kind: host.Config, Phase: host.PhaseAuth}, {Kind: host.Canceled, Phase: host.PhaseIdle}, {Kind: host.Timeout, Phase: host.PhaseIdle},
	} {
		e.Host, e.Err = "web1", errors.New("it came to nothing")
		h.lookErr = &e
		_, diags := r.ask(probeType, values{"host": "web1"})
		mustSay(t, diags, failed, "web1: ", "it came to nothing")
	}
}

// TestProbeTakesItsTime: idle is what the host is asked for, and must fit into the
// time that the read may take.
func TestProbeTakesItsTime(t *testing.T) {
	t.Parallel()
	e := one(&fakeHost{})
	r := start(t, e, nil)
	r.answer(probeType, values{"host": "web1"})
	r.answer(probeType, values{"host": "web1", "idle": "10m", "until_dropped": true})
	r.answer(probeType, values{"host": "web1", "idle": "10m", "timeouts": values{"read": "11m"}})
	if want := []probe.IdleOptions{{Idle: 30 * time.Second}, {Idle: 10 * time.Minute, Mute: true}, {Idle: 10 * time.Minute}}; !slices.Equal(e.watches, want) {
		t.Errorf("have %+v", e.watches)
	}
	for name, c := range map[string]struct {
		config values
		words  []string
	}{
		"no time":    {values{"idle": "soon"}, []string{`AttributeName("idle")`}},
		"too long":   {values{"idle": "2h"}, []string{`AttributeName("idle")`, "from 1s to 1h0m0s"}},
		"too short":  {values{"idle": "0"}, []string{`AttributeName("idle")`, "from 1s"}},
		"no room":    {values{"idle": "5m", "timeouts": values{"read": "5m"}}, []string{`AttributeName("timeouts")`, "5m0s are to be spent idle"}},
		"of a usual": {values{"timeouts": values{"read": "20s"}}, []string{`AttributeName("timeouts")`, "30s are to be spent idle"}},
	} {
		c.config["host"] = "web1"
		_, diags := r.ask(probeType, c.config)
		if text := said(diags, tfprotov6.DiagnosticSeverityError); text == "" {
			t.Errorf("%s: nothing is said", name)
		}
		mustSay(t, diags, failed, c.words...)
	}
	if len(e.watches) != 3 {
		t.Error("somebody was dialled")
	}
}
