package pool

import (
	"context"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// OpenSSH 9.8 and later lock an address out after a few failed logins. A plan of
// fifty resources with a wrong key must not get that far.
//
// Fault 22.
func TestNoLoginPenalty(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Release: "trixie"})
	wrong, _ := newKey(t)
	p := brisk(t)
	spec := specOf(t, m, "root", func(l *host.Settings) { l.PrivateKey = &wrong })
	for range 50 {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_, err := p.Acquire(ctx, spec)
		cancel()
		if e := failure(t, err); e.Kind != host.Auth {
			t.Fatalf("have %v: %v", e.Kind, e)
		}
	}
	run(t, acquire(t, brisk(t), specOf(t, m, "root", nil)), host.Script{Text: "true"})
}
