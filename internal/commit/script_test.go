package commit

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestApply(t *testing.T) {
	b := newBox(t)
	b.start()
	var live Pending
	got, err := Run(t.Context(), b, b.request("a1", "ClientAliveInterval 60\n"), func(ctx context.Context, p Pending) error {
		live = p
		return b.loaded("clientaliveinterval 60")(ctx, p)
	})
	if got != Applied || err != nil {
		t.Fatalf("%s, %v", got, err)
	}
	if b.read(dropIn) != "ClientAliveInterval 60\n" {
		t.Errorf("the drop-in holds %q", b.read(dropIn))
	}
	if live.Proof != "inode" || len(live.Before) != 1 || len(live.After) != 1 || live.Before[0] == live.After[0] {
		t.Errorf("the reload was reported as %+v", live)
	}
	if live.Watchdog != "sleeper" || live.Boot != "none" {
		t.Errorf("watched by %q and %q", live.Watchdog, live.Boot)
	}
	if s := strings.Join(b.runs, " "); s != "begin disarm" {
		t.Errorf("scripts: %s", s)
	}
	b.noTraces()
}

func TestConfirmFails(t *testing.T) {
	b := newBox(t)
	b.start()
	refusal := errors.New("permission denied (publickey)")
	got, err := Run(t.Context(), b, b.request("a1", "ClientAliveInterval 60\n"), func(context.Context, Pending) error {
		return refusal
	})
	if got != RolledBack || !errors.Is(err, refusal) {
		t.Fatalf("%s, %v", got, err)
	}
	if _, err := os.Stat(b.path(dropIn)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the drop-in is still there: %v", err)
	}
	if !strings.Contains(b.read("run/loaded"), "clientaliveinterval 120\n") {
		t.Errorf("the daemon runs %q", b.read("run/loaded"))
	}
	b.noTraces()
}
