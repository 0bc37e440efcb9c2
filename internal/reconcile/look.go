package reconcile

import (
	"context"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

// gather looks over h. A kind without a Batch has one want in each question.
func (k Kind[W, F, D]) gather(ctx context.Context, h Connection, t Target, q Query[W, F, D]) (s Seen[F, D], err error) {
	if k.Batch != nil {
		return k.Batch.Gather(ctx, h, t, q)
	}
	if q.Valid && (k.Keep == nil || k.Keep(q.Last.Facts)) {
		return q.Last, nil // another look ended while this one waited
	}
	began := time.Now()
	res, err := shell.Run(ctx, h, k.Script(t, q.Wants[0]))
	if err != nil {
		return s, err
	}
	if s, err = k.Parse(t, q.Wants[0], res.Stdout); err != nil {
		return s, shell.WithStderr(err, res)
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
