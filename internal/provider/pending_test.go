package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestPendingChangeIsNoGreenPlan: what another run left unconfirmed is in sync for now,
// and the plan verifies it.
func TestPendingChangeIsNoGreenPlan(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			h := f.host()
			e := one(h)
			r := startKindOn(t, f.kind, e, nil)
			s := r.create(f.config)
			h.pending = []reconcile.Pending{{ID: "a1", Left: time.Minute, Until: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)}}
			s, diags := r.read(s)
			mustSay(t, diags, warned, "web1: a change made by another run is pending until 15:04:05 UTC")
			p := r.plan(s, f.config)
			r.must(nil, p.diags)
			mustSay(t, p.diags, warned, "web1: a change made by another run is pending until 15:04:05 UTC")
			if got := get(t, p.value, "effective"); got != "unknown" {
				t.Errorf("effective is planned as %s", got)
			}
			r.oneWalk = true
			if _, diags = r.read(s); strings.Contains(said(diags, warned), "pending") {
				t.Error("it was said twice in one walk")
			}
			r.oneWalk = false
			h.applyErr = &reconcile.Error{Host: "web1", Step: "lock", Outcome: reconcile.Unchanged, Err: &reconcile.PendingError{Pending: h.pending[0]}}
			_, diags = r.apply(s, f.config, p)
			mustSay(t, diags, failed, "web1: a change made by another run is pending until 15:04:05 UTC (nothing was changed)", "`timeouts`", "`confirm_timeout`")
			h.applyErr, h.pending = nil, nil
			applies := e.applies
			s, diags = r.apply(s, f.config, p)
			if r.must(nil, diags); e.applies != applies+1 {
				t.Error("the apply did not verify")
			}
			if p = r.plan(s, f.config); !p.value.Equal(s.value) {
				t.Errorf("the plan after that is not empty: %s", p.value)
			}
		})
	}
}
