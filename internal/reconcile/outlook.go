package reconcile

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

// outlooks are what is known of each sshd. Those who want to know more wait for
// one of them, who asks on behalf of all: Terraform reads ten resources at once,
// and they may all be of one host.
type outlooks struct {
	mu      sync.Mutex
	all     map[string]*outlook
	changed changes
}

// outlook is what is known of one sshd. Its owner's mutex guards it.
type outlook struct {
	known knowledge
	// passing says that the view is a confirming connection's. Whoever asked before
	// that looked may have it, and nobody else: only what was to be proven is known
	// to hold after a change.
	passing bool
	machine machineName // zero if not known
	busy    bool        // somebody is looking
	next    *errand
}

// errand is one look for several.
type errand struct {
	wants []*sshserver.Want
	baton chan struct{} // who gets it does the errand
	done  chan struct{}
	found knowledge // once done
	err   error
}

// errStopped is an errand whose bearer ran out of time; the others try again.
var errStopped = errors.New("the look was given up")

// of is the outlook for t.
func (o *outlooks) of(t Target) *outlook {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := machineKey(t.Spec) + t.ConfigFile
	if o.all == nil {
		o.all = map[string]*outlook{}
	}
	if o.all[key] == nil {
		o.all[key] = &outlook{}
	}
	return o.all[key]
}

// name is which machine was met behind t, zero if none was yet.
func (o *outlooks) name(t Target) machineName {
	x := o.of(t)
	o.mu.Lock()
	defer o.mu.Unlock()
	return x.machine
}

// recall is what is known already to somebody who asked at asked.
func (o *outlooks) recall(x *outlook, want sshserver.Want, asked time.Time) (Sight, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if x.passing && x.known.view.began.Before(asked) {
		x.passing, x.known.view = false, nil
	}
	if x.known.view != nil && x.known.view.began.Before(asked) {
		x.known = x.known.withoutRefusals()
	}
	return x.known.sight(want)
}

// join adds want to the errand that is to begin next.
func (o *outlooks) join(x *outlook, want *sshserver.Want) *errand {
	o.mu.Lock()
	defer o.mu.Unlock()
	if x.next == nil {
		x.next = &errand{baton: make(chan struct{}, 1), done: make(chan struct{})}
		if !x.busy {
			x.next.baton <- struct{}{}
		}
	}
	x.next.wants = append(x.next.wants, want)
	return x.next
}

// leave takes want back from an errand that has not begun.
func (o *outlooks) leave(x *outlook, r *errand, want *sshserver.Want) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if x.next == r {
		r.wants = slices.DeleteFunc(r.wants, func(w *sshserver.Want) bool { return w == want })
	}
}

// begin lets nobody else join the errand.
func (o *outlooks) begin(x *outlook) (wants []sshserver.Want, known knowledge, changed int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, want := range x.next.wants {
		wants = append(wants, *want)
	}
	x.next, x.busy = nil, true
	known = x.known
	if x.passing {
		known.view = nil
	}
	return wants, known, len(o.changed)
}

// end tells everybody what was found. It is remembered if the host did not change
// meanwhile.
func (o *outlooks) end(x *outlook, spec host.Spec, r *errand, changed int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.err == nil {
		if of := r.found.view.sight.machine(spec); !o.changed.since(changed, of) {
			x.known, x.passing, x.machine = r.found, false, of
		}
	}
	close(r.done)
	x.busy = false
	if x.next != nil {
		x.next.baton <- struct{}{}
	}
}

// forget drops what was seen of a machine that was, or may have been, changed,
// however it is reached.
func (o *outlooks) forget(changed machineName) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed = append(o.changed, changed)
	for _, x := range o.all {
		if x.machine.mayBe(changed) {
			x.known.view, x.passing = nil, false
		}
	}
}

// confirmed remembers what the connection saw that confirmed a change.
func (o *outlooks) confirmed(t Target, after Sight) {
	if after.known.view == nil {
		return
	}
	x := o.of(t)
	o.mu.Lock()
	defer o.mu.Unlock()
	x.known, x.passing, x.machine = x.known.with(after.known.view, after.known.spellings), true, after.machine(t.Spec)
}

// look answers somebody who asked at asked: from memory, by an errand, or with
// what somebody else's brings.
func (e *Engine) look(ctx context.Context, t Target, want sshserver.Want, asked time.Time) (Sight, error) {
	s, err := e.glance(ctx, t, want, asked)
	s.Pending = e.begun.others(s.Pending)
	return s, err
}

func (e *Engine) glance(ctx context.Context, t Target, want sshserver.Want, asked time.Time) (Sight, error) {
	x := e.seen.of(t)
	if s, ok, err := e.seen.recall(x, want, asked); ok {
		return s, err
	}
	// Wishes are collected while the host is being reached.
	r := e.seen.join(x, &want)
	h, err := e.machines.Acquire(ctx, t.Spec)
	if err != nil {
		e.seen.leave(x, r, &want)
		return Sight{}, err
	}
	defer h.Release()
	for {
		err := e.seen.wait(ctx, e.shared(h, t), t, x, r)
		switch {
		case err == nil:
			s, _, err := r.found.sight(want)
			return s, err
		case !errors.Is(err, errStopped):
			e.seen.leave(x, r, &want)
			return Sight{}, err
		}
		r = e.seen.join(x, &want)
	}
}

// shared is a connection that may have been there before.
func (e *Engine) shared(h host.Host, t Target) connection {
	return connection{h, func(ctx context.Context) (host.Host, error) { return e.machines.AcquireDedicated(ctx, t.Spec) }}
}

// wait until the errand is done, by us if it falls to us.
func (o *outlooks) wait(ctx context.Context, h connection, t Target, x *outlook, r *errand) error {
	select {
	case <-r.baton:
		return o.do(ctx, h, t, x, r)
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return stopped(ctx, t.Spec)
	}
}

func (o *outlooks) do(ctx context.Context, h connection, t Target, x *outlook, r *errand) error {
	wants, known, changed := o.begin(x)
	found, err := learn(ctx, h, t, wants, known)
	if err != nil {
		err = wrap(t.Spec, "gather", Unchanged, err)
	}
	r.found, r.err = found, err
	if err != nil && ctx.Err() != nil {
		r.err = errStopped
	}
	o.end(x, t.Spec, r, changed)
	return err
}

// stopped is the error of somebody whose time was up before that of the errand.
func stopped(ctx context.Context, spec host.Spec) error {
	kind := host.Canceled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind = host.Timeout
	}
	return &host.Error{Kind: kind, Phase: host.PhaseRemote, Host: spec.String(), User: spec.User, Script: "gather", Err: ctx.Err()}
}
