package server

import (
	"context"
	_ "embed"
	"errors"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

var (
	//go:embed query.sh
	querySource string
	//go:embed listener.sh
	listenerSource string
	//go:embed chain.sh
	chainSource string
	//go:embed here.sh
	hereSource string
	//go:embed gather.sh
	gatherSource string
)

// gatherScript composes the one script that tells everything sshserver.Plan and
// sshserver.Observe ask about t's sshd.
func gatherScript(t reconcile.Target, q query) string {
	return "CFG=" + shell.Quote(t.File) + "; " + shell.Flag("IMAGE", t.IsImage()) + shell.Flag("GREETED", q.greeted) + shell.Flag("OLD", q.old) + shell.Flag("FRESH", q.fresh) + shell.Flag("SOCKETS", q.sockets) +
		"STATE=" + shell.Quote(q.state(t)) + "; " + q.functions() + shell.Pack(guard(t), shell.Files, release(q), shell.Includes, querySource, Finder(t), gatherSource)
}

// release is what tells whether lines are read as before 8.7, where Go does not know.
func release(q query) string {
	if q.greeted {
		return ""
	}
	return shell.Old
}

// guard is what judges the place of a main file that the user names.
func guard(t reconcile.Target) string {
	if t.File == "" {
		return ""
	}
	return commit.OwnedSource() + shell.Exposed
}

// Finder is the part of a script that finds the daemon of t: the one that accepted the
// session, the one of this machine, or none in an image. It needs shell.Files, and ends
// the script where it says that the daemon is lost.
func Finder(t reconcile.Target) string {
	switch t.Spec.Transport {
	case "image":
		return listenerSource
	case "local":
		return listenerSource + hereSource
	}
	return listenerSource + chainSource
}

// spellScript asks the sshd of v how it spells and judges the texts of q.
func spellScript(t reconcile.Target, v *cachedFacts, q query) string {
	return shell.Flag("IMAGE", t.IsImage()) + "SSHD=" + shell.Quote(v.seen.Detail.sshd) + "; HK=" + shell.Quote(v.keys) + "; " + q.functions() +
		shell.Pack(shell.Files, querySource) + " wants; say end;"
}

// gather looks at the sshd of the machine behind h. A confirming look asks again
// whatever is known, and who listens there.
func gather(ctx context.Context, h reconcile.Connection, t reconcile.Target, q wantQuery) (seen, error) {
	k := q.Last.Detail.index
	if !q.Valid {
		k.facts = nil
	}
	var err error
	if q.Confirming {
		k, err = k.relearn(ctx, h, t, q.Wants)
	} else {
		k, err = learn(ctx, h, t, q.Wants, k)
	}
	return k.seen(), err
}

// relearn is k after a look that asks for everything, and for who listens.
func (k factIndex) relearn(ctx context.Context, h reconcile.Connection, t reconcile.Target, wants []sshserver.Want) (factIndex, error) {
	q := queryOf(wants, serverIdent(h))
	q.sockets, q.confirming = true, true
	v, spellings, err := look(ctx, h, t, q)
	if err != nil {
		return k, err
	}
	now, err := learn(ctx, h, t, wants, factIndex{}.with(v, spellings))
	return k.with(now.facts, now.spellings), err
}

// learn adds to k what the machine behind h has to tell about wants. What a
// profile comes to depends on the release, which a server says as it greets; only
// where it does not, or where the program is a newer one than the daemon, one has
// to ask twice.
func learn(ctx context.Context, h reconcile.Connection, t reconcile.Target, wants []sshserver.Want, k factIndex) (factIndex, error) {
	if k.facts == nil || !k.facts.covers(queryOf(wants, k.facts.version()).specs) {
		v, spellings, err := look(ctx, h, t, queryOf(wants, serverIdent(h)).union(k))
		if err != nil {
			return k, err
		}
		k = k.with(v, spellings)
	}
	q := queryOf(wants, k.facts.version()).without(k.spellings)
	if len(q.texts) == 0 || k.facts.seen.Facts.Invalid != "" {
		return k, nil
	}
	spellings, err := spell(ctx, h, t, k.facts, q)
	return k.with(k.facts, spellings), err
}

// serverIdent is the release that the server says as it greets, zero for an image or
// this machine.
func serverIdent(h host.Host) sshconf.Version {
	v, err := sshconf.ParseVersion(h.Identity().ServerVersion)
	if err != nil {
		return sshconf.Version{}
	}
	return v
}

// look looks over h, or over a connection of its own if h may be older than the
// daemon that listens now: then the daemon is not among the parents of its session.
func look(ctx context.Context, h reconcile.Connection, t reconcile.Target, q query) (*cachedFacts, map[string]answer, error) {
	v, spellings, err := lookOver(ctx, h, t, q)
	var unknown *reconcile.NoDaemonError
	if h.Renew == nil || !errors.As(err, &unknown) || unknown.Reason != reconcile.NoListener {
		return v, spellings, err
	}
	fresh, err := h.Renew(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer fresh.Release()
	return lookOver(ctx, reconcile.Connection{Host: fresh}, t, q)
}

func lookOver(ctx context.Context, h reconcile.Connection, t reconcile.Target, q query) (*cachedFacts, map[string]answer, error) {
	began := time.Now()
	release := serverIdent(h)
	q.greeted, q.old, q.fresh = !release.IsZero(), !release.AtLeast(8, 7), h.Renew == nil
	var v *cachedFacts
	var spellings map[string]answer
	err := shell.Ask(ctx, h, host.Script{Name: "gather", Text: gatherScript(t, q), Root: true, Convergent: true}, func(stdout string) (err error) {
		v, spellings, err = parseReport(t, stdout, h.Identity().ServerVersion, q)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	v.seen.Began = began
	if v.pending {
		if v.seen.Pending, err = reconcile.LookForPending(ctx, h, t, q.state(t)); err != nil {
			return nil, nil, err
		}
	}
	v.seen.Identity = h.Identity()
	v.seen.Facts.VersionText = fullVersion(v.seen.Facts.VersionText, v.seen.Identity.ServerVersion)
	return v, spellings, nil
}

func spell(ctx context.Context, h host.Host, t reconcile.Target, v *cachedFacts, q query) (spellings map[string]answer, err error) {
	err = shell.Ask(ctx, h, host.Script{Name: "spell", Text: spellScript(t, v, q), Root: true, Convergent: true}, func(stdout string) (err error) {
		spellings, err = parseSpellings(t, stdout, q.texts)
		return err
	})
	return spellings, err
}

// fullVersion prefers what the server says of itself, because sshd -V leaves out
// the package's version; but only if both are one release, for after an upgrade
// the running daemon is the old one.
func fullVersion(program, server string) string {
	_, server, _ = strings.Cut(strings.TrimPrefix(server, "SSH-"), "-")
	of, err := sshconf.ParseVersion(program)
	if running, other := sshconf.ParseVersion(server); err == nil && other == nil && of == running {
		return server
	}
	return program
}
