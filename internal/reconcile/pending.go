package reconcile

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

//go:embed pending.sh
var pendingSource string

// Pending is a change of another run that is live on a host and not confirmed yet.
type Pending struct {
	ID string
	// Rolling says that the host is taking the change back.
	Rolling bool
	// Left is how long the host waited for the confirmation when it was looked at,
	// negative if the time was up, and Until when that ends by the clock of this machine.
	Left  time.Duration
	Until time.Time
}

func (p Pending) String() string {
	at := p.Until.UTC().Format("15:04:05 UTC")
	switch {
	case p.Rolling:
		return "a change made by another run is being taken back by the host"
	case p.Left <= 0:
		return "a change made by another run was not confirmed, and the host has not taken it back yet"
	}
	return "a change made by another run is pending until " + at
}

// PendingError is such a change, for whose end there was no time to wait.
type PendingError struct{ Pending Pending }

func (e *PendingError) Error() string { return e.Pending.String() }

var pendingID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,99}$`)

// readPending reads a line of pending.sh; ok is false for a change that the host does
// not take back by itself.
func readPending(r *shell.Report, arg string) (p Pending, ok bool, err error) {
	words := strings.Fields(arg)
	if len(words) < 4 || !pendingID.MatchString(words[0]) {
		return p, false, fmt.Errorf("unexpected change %q in the report of facts", r.Cut(arg, 100))
	}
	p.ID, p.Rolling, p.Left = words[0], words[1] == "rolling", longAgo
	if len(words) < 8 {
		return p, true, nil // the end of the change removed the rest
	}
	var now, due, span int
	if err := errors.Join(shell.Number(words[2], &now), shell.Number(words[4], &due), shell.Number(words[6], &span)); err != nil {
		return p, false, err
	}
	// As in fresh() of commit: after a reboot, or with a clock that was set back, the
	// time is up.
	if words[3] == words[5] && due-now <= span {
		p.Left = time.Duration(max(-longest, min(due-now, longest))) * time.Second
	}
	return p, p.Rolling || words[7] != "none", nil
}

// longAgo is when the time was up of a change that does not tell, and longest bounds
// what one tells, in seconds.
const (
	longAgo = -time.Hour
	longest = 366 * 24 * 3600
)

// LookForPending asks for the changes that are pending on the machine behind h.
func LookForPending(ctx context.Context, h host.Host, t Target, state string) (found []Pending, err error) {
	text := "STATE=" + shell.Quote(state) + "; " + shell.Pack(shell.Files+pendingSource)
	err = shell.Ask(ctx, h, host.Script{Name: "pending", Text: text, Root: true, Convergent: true}, func(stdout string) (err error) {
		found, err = parsePending(stdout, t.Spec.Masker)
		return err
	})
	for i := range found {
		found[i].Until = time.Now().Add(found[i].Left)
	}
	return found, err
}

func parsePending(out string, secrets func() *host.Masker) (found []Pending, err error) {
	s := shell.NewReport(out, secrets)
	err = s.ReadToEnd(func(word, arg string) error {
		if word != "pending" {
			return nil
		}
		p, ok, err := readPending(&s, arg)
		if ok {
			found = append(found, p)
		}
		return err
	})
	return found, err
}

// ownChanges are the changes that this run has begun, of which the newest are kept: one
// that another run could see is pending for minutes.
type ownChanges struct {
	mu  sync.Mutex
	ids []string
}

// mostOwn bounds the changes that are remembered.
const mostOwn = 10_000

func (o *ownChanges) add(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ids = append(o.ids, id); len(o.ids) > mostOwn {
		o.ids = slices.Delete(o.ids, 0, mostOwn/2)
	}
}

// others are the changes of list that another run has begun.
func (o *ownChanges) others(list []Pending) []Pending {
	if len(list) == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(list), func(p Pending) bool { return slices.Contains(o.ids, p.ID) })
}

// grace is how long a host may take to roll back once the time is up.
const grace = 15 * time.Second

// lookTrials is how many looks in a row may fail while a change of another run is under
// way.
const lookTrials = 3

// settled looks at t once no change of another run is pending there. What it saw before
// is first. There must be time to wait until ctx ends.
func (r *Reconciler[W, F, D]) settled(ctx context.Context, t Target, want W, first Seen[F, D]) (Seen[F, D], error) {
	s, failures := first, 0
	for pause := 250 * time.Millisecond; len(s.Pending) > 0; pause = min(2*pause, 2*time.Second) {
		last := slices.MaxFunc(s.Pending, func(a, b Pending) int { return a.Until.Compare(b.Until) })
		if end, bounded := ctx.Deadline(); bounded && end.Before(last.Until.Add(grace)) {
			return s, wrap(t.Spec, "lock", Unchanged, &PendingError{last})
		}
		host.LogInfo(ctx, "waiting for a change of another run to end", map[string]any{"host": t.Spec.String(), "change": last.ID, "what": last.String()})
		if err := r.engine.awaitEnd(ctx, t, last, pause); err != nil {
			return s, wrap(t.Spec, "lock", Unchanged, err)
		}
		r.cache.forget(s.machine(t.Spec))
		again, err := r.look(ctx, t, want, time.Now())
		if err == nil {
			s, failures = again, 0
			continue
		}
		// The other run may be reloading sshd at this very moment.
		if failures++; failures == lookTrials || ctx.Err() != nil {
			return s, err
		}
	}
	return s, nil
}

// awaitEnd waits for a while, or, once the time of the change is up, has the host take it
// back: what should have done that may be gone.
func (e *Engine) awaitEnd(ctx context.Context, t Target, p Pending, pause time.Duration) error {
	if time.Now().Before(p.Until.Add(grace)) {
		select {
		case <-time.After(pause):
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	h, err := e.machines.Acquire(ctx, t.Spec)
	if err != nil {
		return err
	}
	defer h.Release()
	return commit.ResolvePending(context.WithoutCancel(ctx), machine{host: h})
}
