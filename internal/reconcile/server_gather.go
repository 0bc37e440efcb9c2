package reconcile

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

var (
	//go:embed files.sh
	filesSource string
	//go:embed ask.sh
	askSource string
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
// sshserver.Observe ask about t's sshd. No word in it has a semicolon before a blank: the
// blanks that only part commands are left out.
func gatherScript(t Target, q query) string {
	return "CFG=" + quote(t.File) + "; " + flag("IMAGE", t.isImage()) + flag("GREETED", q.greeted) + flag("OLD", q.old) + flag("FRESH", q.fresh) + flag("SOCKETS", q.sockets) +
		"STATE=" + quote(q.state(t)) + "; " + q.functions() + tight.Replace(oneLine(guard(t)+filesSource+release(q)+tightAwk.Replace(includesSource)+askSource+listenerSource+finder(t)+gatherSource))
}

// tight leaves out blanks that separate nothing in a shell, tightAwk those in the awk of
// includes.sh: see TestGatherScriptIsOneShortLineOfShell.
var (
	tight    = strings.NewReplacer("; ", ";", " ;; ", ";;", " || ", "||", " && ", "&&")
	tightAwk = strings.NewReplacer(" == ", "==", " != ", "!=", " <= ", "<=", " && ", "&&", " || ", "||", ", ", ",", " + ", "+", " - ", "-", "; i++) ", ";i++)", " = i; ", "=i; ")
)

// release is what tells whether lines are read as before 8.7, where Go does not know.
func release(q query) string {
	if q.greeted {
		return ""
	}
	return oldSource
}

// guard is what judges the place of a main file that the user names.
func guard(t Target) string {
	if t.File == "" {
		return ""
	}
	return commit.OwnedSource() + exposedSource
}

// finder is the part of the script that finds the daemon of t: the one that
// accepted the session, the one of this machine, or none in an image.
func finder(t Target) string {
	switch t.Spec.Transport {
	case "image":
		return ""
	case "local":
		return hereSource
	}
	return chainSource
}

// flag assigns a variable of the scripts that is empty or not.
func flag(name string, set bool) string {
	if set {
		return name + "=1; "
	}
	return name + "=; "
}

// spellScript asks the sshd of v how it spells and judges the texts of q.
func spellScript(t Target, v *cachedFacts, q query) string {
	return flag("IMAGE", t.isImage()) + "SSHD=" + quote(v.seen.Detail.sshd) + "; HK=" + quote(v.keys) + "; " + q.functions() +
		oneLine(filesSource+askSource) + " wants; say end;"
}

// oneLine drops the comments of a script that was written for it and joins its
// lines with blanks.
func oneLine(script string) string {
	var words []string
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			words = append(words, line)
		}
	}
	return strings.Join(words, " ")
}

// quote makes s one word of a POSIX shell.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// gatherServer looks at the sshd of the machine behind h. A confirming look asks again
// whatever is known, and who listens there.
func gatherServer(ctx context.Context, h Connection, t Target, q serverQuery) (serverSeen, error) {
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
func (k factIndex) relearn(ctx context.Context, h Connection, t Target, wants []sshserver.Want) (factIndex, error) {
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
func learn(ctx context.Context, h Connection, t Target, wants []sshserver.Want, k factIndex) (factIndex, error) {
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
func look(ctx context.Context, h Connection, t Target, q query) (*cachedFacts, map[string]answer, error) {
	v, spellings, err := lookOver(ctx, h, t, q)
	var unknown *NoDaemonError
	if h.Renew == nil || !errors.As(err, &unknown) || unknown.Reason != NoListener {
		return v, spellings, err
	}
	fresh, err := h.Renew(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer fresh.Release()
	return lookOver(ctx, Connection{Host: fresh}, t, q)
}

func lookOver(ctx context.Context, h Connection, t Target, q query) (*cachedFacts, map[string]answer, error) {
	began := time.Now()
	release := serverIdent(h)
	q.greeted, q.old, q.fresh = !release.IsZero(), !release.AtLeast(8, 7), h.Renew == nil
	res, err := run(ctx, h, host.Script{Name: "gather", Text: gatherScript(t, q), Root: true, Convergent: true})
	if err != nil {
		return nil, nil, err
	}
	v, spellings, err := parseReport(res.Stdout, h.Identity().ServerVersion, t.File, q)
	if err != nil {
		return nil, nil, said(err, res)
	}
	v.seen.Began = began
	if v.pending {
		if v.seen.Pending, err = lookForPending(ctx, h, q.state(t)); err != nil {
			return nil, nil, err
		}
	}
	v.seen.Identity = h.Identity()
	v.seen.Facts.VersionText = fullVersion(v.seen.Facts.VersionText, v.seen.Identity.ServerVersion)
	return v, spellings, nil
}

func spell(ctx context.Context, h host.Host, t Target, v *cachedFacts, q query) (map[string]answer, error) {
	res, err := run(ctx, h, host.Script{Name: "spell", Text: spellScript(t, v, q), Root: true, Convergent: true})
	if err != nil {
		return nil, err
	}
	spellings, err := parseSpellings(res.Stdout, q.texts)
	if err != nil {
		return nil, said(err, res)
	}
	return spellings, nil
}

// run runs a script that never fails by itself.
func run(ctx context.Context, h host.Host, s host.Script) (host.Result, error) {
	res, err := h.Run(ctx, s)
	if err == nil && res.Exit != 0 {
		err = fmt.Errorf("the script %q ended with status %d: %s", s.Name, res.Exit, lastLines(res.Stderr))
	}
	return res, err
}

// said adds what the host's programs said beside their report.
func said(err error, res host.Result) error {
	if text := lastLines(res.Stderr); text != "" {
		return fmt.Errorf("%w; the host said: %s", err, text)
	}
	return err
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

var (
	errCutShort = errors.New("the report of facts is cut short")
	errNoAwk    = missing(NoAwk, "no awk program is installed on the host")
	errNoTemp   = missing(NoTempDir, "the host has no room for a temporary directory (mktemp -d failed)")
)

// lastLines is what of a program's stderr fits into a message.
func lastLines(s string) string {
	s = strings.TrimSpace(s)
	const limit = 2000
	if len(s) > limit {
		s = "…" + s[len(s)-limit:]
	}
	return s
}
