package reconcile_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// TestUnpluggedHostEndsTheLook: a host whose cable is out holds a look no longer than the
// deadline of looks.
func TestUnpluggedHostEndsTheLook(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	want := wish("ClientAliveInterval", "60")
	if _, err := r.walk().Look(t.Context(), r.target, want); err != nil {
		t.Fatal(err)
	}
	r.Unplug()
	w := r.walk()
	w.LookTimeout = 3 * time.Second
	began := time.Now()
	_, err := w.Look(t.Context(), r.target, want)
	took := time.Since(began)
	var late *host.Error
	if !errors.As(err, &late) || late.Kind != host.Timeout || took > 15*time.Second {
		t.Errorf("after %s: %v", took, err)
	}
}
