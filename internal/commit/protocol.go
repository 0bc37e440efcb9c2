package commit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// step is a word of the protocol; the shell function of that name does it.
type step string

const (
	lock     step = "lock"
	compare  step = "compare"
	stage    step = "stage"
	validate step = "validate"
	arm      step = "arm"
	swap     step = "swap"
	reload   step = "reload"
	disarm   step = "disarm"
	seize    step = "seize"
	restore  step = "restore"
	revive   step = "revive"
	tidy     step = "tidy"
)

// protocol is the order of the steps, as data, so that a test can show that each
// of them is needed.
type protocol struct {
	begin  []step // one script; a failed step undoes those before it
	finish []step // one script: the commit
	seize  []step // how whoever rolls back makes sure that nobody else does
	undo   []step // rolling back, also on the watchdog and inside begin
}

var standardProtocol = protocol{
	begin:  []step{lock, compare, stage, validate, arm, swap, reload},
	finish: []step{disarm},
	seize:  []step{seize},
	undo:   []step{restore, revive, tidy},
}

// phase is one script.
type phase string

const (
	begin    phase = "begin"
	finish   phase = "disarm"
	rollback phase = "rollback"
)

// engine carries out a phase. It is the seam between the order of things,
// which is here, and how they are done.
type engine interface {
	perform(ctx context.Context, p phase) (report, error)
}

// Bounds. The confirm window of a change without a watchdog is bounded too, and
// a lost disarm or rollback is asked about until the watchdog must have acted.
const (
	unwatched   = 60 * time.Second
	afterwards  = 15 * time.Second
	perScript   = 2 * time.Minute
	perAsking   = 30 * time.Second
	refusedFor  = 5 * time.Second
	firstPause  = 500 * time.Millisecond
	longPause   = 8 * time.Second
	beginTrials = 3
)

// change is one run of the protocol.
type change struct {
	protocol
	on     engine
	window time.Duration
	armed  bool
}

func (p protocol) run(ctx context.Context, on engine, timeout time.Duration, confirm Confirm) (Outcome, error) {
	if err := ctx.Err(); err != nil {
		return failed(string(lock), Unchanged, err, "")
	}
	c := change{protocol: p, on: on, window: timeout, armed: timeout > 0}
	if !c.armed {
		c.window = unwatched
	}
	// From here on leaving early would leave a change that nobody looks after.
	return c.finishOrUndo(context.WithoutCancel(ctx), confirm)
}

func (c change) finishOrUndo(ctx context.Context, confirm Confirm) (Outcome, error) {
	began, err := c.start(ctx)
	if err != nil {
		return c.lost(err)
	}
	if began.answer != "live" {
		return c.refused(began)
	}
	settled := time.Now().Add(began.left)
	if err := c.prove(ctx, began, confirm); err != nil {
		return c.takeBack(ctx, settled, err)
	}
	return c.settle(ctx, settled)
}

// start sends the first script, and again if its answer is lost: it then finds
// out by itself how far it came.
func (c change) start(ctx context.Context) (report, error) {
	var ran error
	for n, pause := 1, firstPause; ; n, pause = n+1, pause*2 {
		r, err := c.ask(ctx, begin, perScript)
		if err == nil {
			r.again = ran != nil
			r.left = max(r.left, 0)
			if r.answer == "live" {
				r.left = min(r.left, c.window) // the host's word, which ends no later than we asked for
			}
			return r, nil
		}
		if !errors.Is(err, ErrNotRun) {
			ran = err
		}
		if n == beginTrials {
			return report{}, cmp.Or(ran, err)
		}
		time.Sleep(pause)
	}
}

func (c change) ask(ctx context.Context, p phase, bound time.Duration) (report, error) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	return c.on.perform(ctx, p)
}

// prove lets the caller confirm, in three quarters of the time that is left: the
// rest is for the answer.
func (c change) prove(ctx context.Context, began report, confirm Confirm) error {
	ctx, cancel := context.WithTimeout(ctx, began.left*3/4)
	defer cancel()
	start := time.Now()
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := confirm(ctx, began.pending)
		if err == nil || !isRefused(err) || time.Since(start) > refusedFor || ctx.Err() != nil {
			return err
		}
		time.Sleep(pause)
	}
}

func isRefused(err error) bool {
	return errors.Is(err, ErrRefused) || errors.Is(err, syscall.ECONNREFUSED)
}

// insist asks until there is an answer or the watchdog must long have acted.
func (c change) insist(ctx context.Context, p phase, settled time.Time) (report, error) {
	until := settled.Add(afterwards)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		r, err := c.ask(ctx, p, perAsking)
		if err == nil || !time.Now().Before(until) {
			return r, err
		}
		time.Sleep(pause)
	}
}

// settle is the commit. A lost answer that never comes is the one case in which
// nobody knows: no protocol avoids it.
func (c change) settle(ctx context.Context, settled time.Time) (Outcome, error) {
	r, err := c.insist(ctx, finish, settled)
	switch {
	case err != nil:
		return failed(string(disarm), Unknown, err, "")
	case r.answer == "applied":
		return Applied, nil
	case r.answer == "rolledback":
		return failed(string(disarm), RolledBack, errTooLate, r.stderr)
	}
	return failed(string(disarm), c.unseen(), errNotDisarmed, r.stderr)
}

var (
	errTooLate     = errors.New("the confirm timeout was over before the change was confirmed")
	errNotDisarmed = errors.New("the change was confirmed, but the watchdog could not be stopped")
	errNotUndone   = errors.New("rolling back did not come to its end")
	errKept        = errors.New("the new files were confirmed meanwhile and stay")
)

// takeBack rolls back now what could not be confirmed, rather than wait for the
// watchdog to do the same.
func (c change) takeBack(ctx context.Context, settled time.Time, why error) (Outcome, error) {
	const at = "confirm"
	r, err := c.insist(ctx, rollback, settled)
	switch {
	case err != nil:
		return failed(at, c.unseen(), fmt.Errorf("%w; rolling back: %w", why, err), "")
	case r.answer == "rolledback":
		return failed(at, RolledBack, why, r.stderr)
	case r.answer == "applied":
		return failed(at, Unknown, fmt.Errorf("%w; %w", why, errKept), r.stderr)
	}
	return failed(at, c.unseen(), fmt.Errorf("%w; %w", why, errNotUndone), r.stderr)
}

// refused is a first script that did not get as far as a live change.
func (c change) refused(r report) (Outcome, error) {
	left := Unchanged
	if r.again && r.step == string(lock) {
		// The script whose answer was lost may be what holds the lock.
		left = c.unseen()
	}
	switch r.answer {
	case "busy":
		return failed(r.step, left, &Busy{ID: r.holder, Left: r.left}, r.stderr)
	case "failed":
		return failed(r.step, left, r.clash, r.stderr)
	case "rolledback":
		return failed(r.step, RolledBack, r.clash, r.stderr)
	}
	return failed(r.step, c.unseen(), errors.Join(r.clash, errNotUndone), r.stderr)
}

// lost is a first script without an answer.
func (c change) lost(err error) (Outcome, error) {
	if errors.Is(err, ErrNotRun) {
		return failed(string(stage), Unchanged, err, "")
	}
	return failed(string(stage), c.unseen(), fmt.Errorf("no answer whether the change went live: %w", err), "")
}

// unseen is how a change stands that we lost sight of before it was confirmed.
func (c change) unseen() Outcome {
	if c.armed {
		return Watchdog
	}
	return Unknown
}
