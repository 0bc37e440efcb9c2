package commit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// step is a step of the protocol; the shell function of that name carries it out.
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
	acquire  step = "acquire"
	restore  step = "restore"
	restart  step = "restart_daemon"
	tidy     step = "tidy"
)

// protocol is the order of the steps, as data, so that a test can show that each
// of them is needed.
type protocol struct {
	begin   []step // one script; a failed step undoes those before it
	finish  []step // one script: the commit
	acquire []step // before a rollback: takes the lock and the mark, so that only one runs
	undo    []step // rolling back, also on the watchdog and inside begin
}

var standardProtocol = protocol{
	begin:   []step{lock, compare, stage, validate, arm, swap, reload},
	finish:  []step{disarm},
	acquire: []step{acquire},
	undo:    []step{restore, restart, tidy},
}

// phase is one script.
type phase string

const (
	begin    phase = "begin"
	finish   phase = "disarm"
	rollback phase = "rollback"
)

// engine carries out a phase. It separates the order of the steps, which is here, from
// their execution.
type engine interface {
	perform(ctx context.Context, p phase) (report, error)
}

// Time limits. The confirm window of a change without a watchdog is limited too, and a
// disarm or rollback whose answer is lost is repeated until the watchdog must have acted.
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
	// From here on, ending early would leave a change that is neither confirmed nor rolled back.
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
	rollbackAt := time.Now().Add(began.left)
	if err := c.confirmInTime(ctx, began, confirm); err != nil {
		return c.rollBack(ctx, rollbackAt, err)
	}
	return c.commit(ctx, rollbackAt)
}

// start runs the first script, and repeats it if its answer is lost: the script finds
// out how far the earlier run came.
func (c change) start(ctx context.Context) (report, error) {
	var ran error
	for n, pause := 1, firstPause; ; n, pause = n+1, pause*2 {
		r, err := c.ask(ctx, begin, perScript)
		if err == nil {
			r.again = ran != nil
			r.left = max(r.left, 0)
			if r.answer == "live" {
				r.left = min(r.left, c.window) // reported by the host, and at most what was requested
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

// confirmInTime lets the caller confirm, in three quarters of the time that is left: the
// rest is for disarm and its answer.
func (c change) confirmInTime(ctx context.Context, began report, confirm Confirm) error {
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

// askUntil repeats a phase until there is an answer or the watchdog must have acted.
func (c change) askUntil(ctx context.Context, p phase, rollbackAt time.Time) (report, error) {
	until := rollbackAt.Add(afterwards)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		r, err := c.ask(ctx, p, perAsking)
		if err == nil || !time.Now().Before(until) {
			return r, err
		}
		time.Sleep(pause)
	}
}

// commit runs disarm. If its answer never arrives, the outcome is unknown: no protocol
// avoids this case.
func (c change) commit(ctx context.Context, rollbackAt time.Time) (Outcome, error) {
	r, err := c.askUntil(ctx, finish, rollbackAt)
	switch {
	case err != nil:
		return failed(string(disarm), Unknown, err, "")
	case r.answer == "applied":
		return Applied, nil
	case r.answer == "rolledback":
		return failed(string(disarm), RolledBack, errTooLate, r.stderr)
	}
	return failed(string(disarm), c.notConfirmed(), errNotDisarmed, r.stderr)
}

var (
	errTooLate     = errors.New("the confirm timeout expired before the change was confirmed")
	errNotDisarmed = errors.New("the change was confirmed, but the watchdog could not be stopped")
	errNotUndone   = errors.New("the rollback did not complete")
	errKept        = errors.New("the change was already confirmed, and the new files stay")
)

// rollBack rolls back at once what could not be confirmed, instead of waiting for the
// watchdog to do it.
func (c change) rollBack(ctx context.Context, rollbackAt time.Time, why error) (Outcome, error) {
	const at = "confirm"
	r, err := c.askUntil(ctx, rollback, rollbackAt)
	switch {
	case err != nil:
		return failed(at, c.notConfirmed(), fmt.Errorf("%w; rolling back: %w", why, err), "")
	case r.answer == "rolledback":
		return failed(at, RolledBack, why, r.stderr)
	case r.answer == "applied":
		return failed(at, Unknown, fmt.Errorf("%w; %w", why, errKept), r.stderr)
	}
	return failed(at, c.notConfirmed(), fmt.Errorf("%w; %w", why, errNotUndone), r.stderr)
}

// refused returns the outcome of a first script that did not make the change live.
func (c change) refused(r report) (Outcome, error) {
	left := Unchanged
	if r.again && r.step == string(lock) {
		// The script whose answer was lost may be what holds the lock.
		left = c.notConfirmed()
	}
	switch r.answer {
	case "busy":
		return failed(r.step, left, &BusyError{ID: r.holder, Left: r.left, Watched: r.pending.Watchdog != "none"}, r.stderr)
	case "failed":
		return failed(r.step, left, r.clash, r.stderr)
	case "rolledback":
		return failed(r.step, RolledBack, r.clash, r.stderr)
	}
	return failed(r.step, c.notConfirmed(), errors.Join(r.clash, errNotUndone), r.stderr)
}

// lost returns the outcome of a first script without an answer.
func (c change) lost(err error) (Outcome, error) {
	if errors.Is(err, ErrNotRun) {
		return failed(string(stage), Unchanged, err, "")
	}
	return failed(string(stage), c.notConfirmed(), fmt.Errorf("no answer whether the change went live: %w", err), "")
}

// notConfirmed returns the outcome of a change that was not confirmed and whose state is
// not known.
func (c change) notConfirmed() Outcome {
	if c.armed {
		return Watchdog
	}
	return Unknown
}
