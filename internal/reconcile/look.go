package reconcile

import (
	"context"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

// Looker looks at what one kind manages. Facts are remembered for as long as it lives,
// which is one walk of Terraform's graph, so that reading and planning the same resource
// cost one look.
type Looker[W, F, D any] struct {
	engine *Engine
	kind   Kind[W, F, D]
	cache  *cache[W, F, D]
}

// LookerFor returns the looker of kind over the machines of e.
func LookerFor[W, F, D any](e *Engine, kind Kind[W, F, D]) *Looker[W, F, D] {
	return &Looker[W, F, D]{e, kind, &cache[W, F, D]{kind: kind}}
}

// Look gathers the facts about t that want needs, or answers from the cache.
func (r *Looker[W, F, D]) Look(ctx context.Context, t Target, want W) (Snapshot[F], error) {
	if err := r.check(t); err != nil {
		return Snapshot[F]{}, err
	}
	s, err := r.look(ctx, t, want, time.Now())
	return s.Snapshot, err
}

func (r *Looker[W, F, D]) check(t Target) error {
	if r.kind.Check == nil {
		return nil
	}
	if problems := r.kind.Check(t); len(problems) > 0 {
		return &Error{Host: t.Spec.Name, Step: "decide", Outcome: Unchanged, Problems: problems}
	}
	return nil
}

// connection is the shared one behind h, which may have been there before.
func (r *Looker[W, F, D]) connection(h host.Host, t Target) Connection {
	return Connection{h, func(ctx context.Context) (host.Host, error) { return r.engine.machines.AcquireDedicated(ctx, t.Spec) }}
}

// gather looks over h. A kind without a Batch has one want in each question.
func (k Kind[W, F, D]) gather(ctx context.Context, h Connection, t Target, q Query[W, F, D]) (s Seen[F, D], err error) {
	if k.Batch != nil {
		return k.Batch.Gather(ctx, h, t, q)
	}
	if q.Valid && (k.Keep == nil || k.Keep(q.Last.Facts)) {
		return q.Last, nil // another look ended while this one waited
	}
	began := time.Now()
	err = shell.Ask(ctx, h, k.Script(t, q.Wants[0]), func(stdout string) (err error) {
		s, err = k.Parse(t, q.Wants[0], stdout)
		return err
	})
	if err != nil {
		return s, err
	}
	s.Identity, s.Began = h.Identity(), began
	return s, nil
}

// scope tells questions apart that one look cannot answer.
func (k Kind[W, F, D]) scope(t Target, want W) string {
	if k.Batch != nil {
		return k.Batch.Scope(t)
	}
	return Digest([]byte(k.Script(t, want).Text))
}

func (k Kind[W, F, D]) answer(s Seen[F, D], want W) (Seen[F, D], bool, error) {
	if k.Batch != nil {
		return k.Batch.Answer(s, want)
	}
	return s, true, nil
}

// withoutRefusals is s for those who ask after it began.
func (k Kind[W, F, D]) withoutRefusals(s Seen[F, D]) (Seen[F, D], bool) {
	if k.Batch != nil {
		return k.Batch.WithoutRefusals(s)
	}
	return s, k.Keep == nil || k.Keep(s.Facts)
}
