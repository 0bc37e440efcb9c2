package reconcile

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
)

var (
	//go:embed sum.sh
	sumSource string
	//go:embed coolify_open.sh
	coolifyOpenSource string
	//go:embed coolify_gather.sh
	coolifyGatherSource string
)

// CoolifyTarget is the environment file of one Coolify.
type CoolifyTarget struct {
	Spec host.Spec
	File string // absolute
}

// CoolifySight is one look at it. Its secrets stay on the machine.
type CoolifySight struct {
	Facts     coolify.Facts
	Identity  host.Identity
	MachineID string // of /etc/machine-id; "" where the system has none
	// Digest is the SHA-256 of the file as it is there.
	Digest string
}

func (s CoolifySight) machine(spec host.Spec) machineName {
	return nameOf(s.MachineID, s.Identity, spec)
}

// Digests returns the digest of the file by its path.
func (s CoolifySight) Digests() map[string]string { return map[string]string{s.Facts.File: s.Digest} }

func coolifyGatherScript(t CoolifyTarget, want coolify.Want) string {
	return "KEYS=" + quote(" "+strings.Join(coolify.Keys(want), " ")+" ") + "; " +
		coolifyOpen(t.File) + " " + oneLine(sumSource+coolifyGatherSource)
}

// coolifyOpen is the beginning of a script that reads file: under the name in F.
func coolifyOpen(file string) string {
	return "FILE=" + quote(file) + "; " + oneLine(filesSource+commit.OwnedSource()+exposedSource+coolifyOpenSource)
}

// gatherCoolify looks at the file on the machine behind h.
func gatherCoolify(ctx context.Context, h host.Host, t CoolifyTarget, want coolify.Want) (CoolifySight, error) {
	res, err := run(ctx, h, host.Script{Name: "gather", Text: coolifyGatherScript(t, want), Root: true, Convergent: true})
	if err != nil {
		return CoolifySight{}, err
	}
	r := coolifyReport{sections: newSections(res.Stdout)}
	r.sight.Facts.File = t.File
	if err := r.read(r.section); err != nil {
		return CoolifySight{}, said(err, res)
	}
	if !r.ended {
		return CoolifySight{}, said(errCutShort, res)
	}
	r.sight.Identity = h.Identity()
	return r.sight, nil
}

// coolifyReport is what coolify_gather.sh printed, on its way to being a sight.
type coolifyReport struct {
	sections
	sight   CoolifySight
	exposed exposure
	ended   bool
}

func (r *coolifyReport) section(word, arg string) error {
	file := r.sight.Facts.File
	switch word {
	case "machine":
		r.sight.MachineID = arg
	case "nofile":
		return missing(NoEnvFile, "%s is not there: no Coolify was installed on this host, or its environment file is elsewhere", file)
	case "exposed", "whose", "path":
		return r.exposed.read(word, arg)
	case "exchanged":
		return fmt.Errorf("%s was exchanged while it was opened, by the owner of its directory or of one above it", file)
	case "unreadable":
		return missing(NoEnv, "%s is not a file that can be read", file)
	case "toobig":
		return missing(NoEnv, "%s has %s bytes, which is not an environment file", file, arg)
	case "binary":
		return missing(NoEnv, "%s has zero bytes in it, which is not an environment file", file)
	case "mount":
		r.sight.Facts.Mounts = append(r.sight.Facts.Mounts, mountPoint(arg))
	case "before":
		r.sight.Digest, _, _ = strings.Cut(arg, " ")
	case "text":
		return r.text(arg)
	case "after":
		if sum, _, _ := strings.Cut(arg, " "); sum != r.sight.Digest {
			return fmt.Errorf("%s changed while it was read", file)
		}
	case "end":
		r.ended = true
	default:
		return fmt.Errorf("unexpected section %q in the report of facts", word)
	}
	return nil
}

// text takes the masked file, of which awk ends the last line too.
func (r *coolifyReport) text(size string) error {
	var n int
	if err := number(size, &n); err != nil {
		return err
	}
	if n > len(r.rest) {
		return errCutShort
	}
	r.sight.Facts.Text = []byte(r.rest[:n])
	rest := r.rest[n:]
	r.rest = strings.TrimLeft(rest, "\n")
	if !strings.HasPrefix(rest, "\n") || !strings.HasPrefix(r.rest, "@after ") {
		return fmt.Errorf("%s changed while it was read, or this awk cannot mask it", r.sight.Facts.File)
	}
	return nil
}

// LookCoolify gathers the facts about t that want needs, or answers from memory.
func (e *Engine) LookCoolify(ctx context.Context, t CoolifyTarget, want coolify.Want) (CoolifySight, error) {
	if problems := coolify.CheckFile(t.File); len(problems) > 0 {
		return CoolifySight{}, &Error{Host: t.Spec.Name, Step: "decide", Outcome: Unchanged, Problems: problems}
	}
	return e.coolifies.look(ctx, e.machines, t.Spec, coolifyGatherScript(t, want), func(h host.Host) (CoolifySight, error) {
		return gatherCoolify(ctx, h, t, want)
	})
}

// ApplyCoolify puts want into the file of t and looks again. A file that somebody
// else has changed since rec is a conflict. The error is an *Error or a *host.Error.
func (e *Engine) ApplyCoolify(ctx context.Context, t CoolifyTarget, want coolify.Want, rec Record) (CoolifySight, keepalive.Plan, Outcome, error) {
	sight, unlock, err := e.holdCoolify(ctx, t, want)
	if err != nil {
		return CoolifySight{}, keepalive.Plan{}, Unchanged, err
	}
	defer unlock()
	plan := coolify.Plan(want, sight.Facts)
	if err := decided(t, sight, plan, rec); err != nil || len(plan.Edits) == 0 {
		return sight, plan, Unchanged, err
	}
	after, outcome, err := e.carryCoolify(ctx, t, want, sight, plan, func(have coolify.Facts) keepalive.Plan { return coolify.Plan(want, have) })
	return after, plan, outcome, err
}

func (e *Engine) holdCoolify(ctx context.Context, t CoolifyTarget, want coolify.Want) (CoolifySight, func(), error) {
	return hold(ctx, &e.locks, t.Spec, e.coolifies.name(t.Spec), func() (CoolifySight, error) { return e.LookCoolify(ctx, t, want) })
}

// carryCoolify is carry for an environment file. What Coolify itself, or its
// administrator, wrote there in between stays, unless it is about our keys.
func (e *Engine) carryCoolify(ctx context.Context, t CoolifyTarget, want coolify.Want, sight CoolifySight, plan keepalive.Plan, decide func(coolify.Facts) keepalive.Plan) (CoolifySight, Outcome, error) {
	return retry(decision[CoolifySight]{sight, plan}, func(d decision[CoolifySight]) (CoolifySight, Outcome, error) {
		return e.editCoolify(ctx, t, want, d.sight, d.plan)
	}, func() (CoolifySight, error) {
		return e.LookCoolify(ctx, t, want)
	}, func(s CoolifySight) keepalive.Plan {
		return decide(s.Facts)
	}, func(a, b decision[CoolifySight]) bool {
		return len(b.plan.Edits) > 0 && len(errorsOf(b.plan.Problems)) == 0 && a.plan.Trail == b.plan.Trail &&
			maps.Equal(coolify.Effective(want, a.sight.Facts), coolify.Effective(want, b.sight.Facts))
	})
}

// decided says what keeps plan from being carried out.
func decided(t CoolifyTarget, sight CoolifySight, plan keepalive.Plan, rec Record) error {
	if problems := errorsOf(plan.Problems); len(problems) > 0 {
		return &Error{Host: t.Spec.Name, Step: "decide", Outcome: Unchanged, Problems: problems}
	}
	known := rec.Digests != nil && !rec.IsOther(sight.MachineID, sight.Identity)
	if known && len(plan.Edits) > 0 && rec.Digests[t.File] != sight.Digest {
		return wrap(t.Spec, "decide", Unchanged, &Conflict{t.File})
	}
	return nil
}

// RemoveCoolify takes our lines back, and says whether there were any. On a machine
// other than the recorded one it touches nothing and reports false.
func (e *Engine) RemoveCoolify(ctx context.Context, t CoolifyTarget, want coolify.Want, rec Record) (same, changed bool, err error) {
	sight, unlock, err := e.holdCoolify(ctx, t, want)
	if err != nil {
		return true, false, err
	}
	defer unlock()
	if rec.IsOther(sight.MachineID, sight.Identity) {
		return false, false, nil
	}
	if id := coolify.Holder(sight.Facts); !want.Claim.Covers(id) {
		return true, false, &OtherResourceError{id}
	}
	plan := coolify.Restore(sight.Facts)
	if err := decided(t, sight, plan, Record{}); err != nil || len(plan.Edits) == 0 {
		return true, false, err
	}
	_, _, err = e.carryCoolify(ctx, t, coolify.Want{}, sight, plan, coolify.Restore)
	return true, err == nil, err
}

// editCoolify carries out plan. Once it has begun it is brought to its end,
// whatever becomes of ctx; every step has its own deadline. No daemon is involved,
// and nobody can be locked out, so no watchdog is armed.
func (e *Engine) editCoolify(ctx context.Context, t CoolifyTarget, want coolify.Want, before CoolifySight, plan keepalive.Plan) (CoolifySight, Outcome, error) {
	h, err := e.machines.Acquire(ctx, t.Spec)
	if err != nil {
		return before, Unchanged, err
	}
	defer h.Release()
	defer e.coolifies.forget(before.machine(t.Spec))
	ctx = context.WithoutCancel(ctx)
	edit, err := foretell(ctx, h, before, plan.Edits[0])
	if err != nil {
		return before, Unchanged, wrap(t.Spec, "stage", Unchanged, err)
	}
	var after CoolifySight
	confirm := func(ctx context.Context, _ commit.Pending) (err error) {
		if after, err = gatherCoolify(ctx, h, t, want); err != nil {
			return err
		}
		if unmet := coolify.Unmet(want, after.Facts); len(unmet) > 0 {
			return errors.New(unmet[0].Text)
		}
		return nil
	}
	id := newID()
	// Coolify's installer gives its directory to uid 9999 (chown -R 9999:root).
	req := commit.Request{ID: id, Edits: []commit.Edit{edit}, Foreign: true, Activate: commit.Activation{Kind: commit.None}, StageDir: commit.StageDir(id)}
	req.Main = req.StageDir + t.File
	outcome, err := commit.Run(ctx, machine{host: h}, req, confirm)
	if err != nil {
		return before, Outcome(outcome), unverified(t.Spec, outcome, err)
	}
	return after, Outcome(outcome), nil
}

// foretell has the machine compose the new text, which nobody else can, and say
// its digest: by it the protocol knows the file that it has written.
func foretell(ctx context.Context, h host.Host, before CoolifySight, edit keepalive.Edit) (commit.Edit, error) {
	e := commit.Edit{Path: edit.Path, Old: before.Digest}
	for _, p := range edit.Pieces {
		e.Pieces = append(e.Pieces, commit.Piece(p))
	}
	text := coolifyOpen(edit.Path) + "\n" + sumSource + "new() {\n" + e.PrintCommand("$F") + "\n}\nsum <\"$F\"\nnew | sum\n"
	res, err := run(ctx, h, host.Script{Name: "stage", Text: text, Root: true, Convergent: true})
	if err != nil {
		return e, err
	}
	sums := strings.Split(strings.TrimSpace(res.Stdout), "\n")
	if strings.HasPrefix(res.Stdout, "@") {
		r := coolifyReport{sections: newSections(res.Stdout)}
		r.sight.Facts.File = edit.Path
		return e, said(cmp.Or(r.read(r.section), errCutShort), res)
	}
	if len(sums) != 2 {
		return e, said(errCutShort, res)
	}
	if old, _, _ := strings.Cut(sums[0], " "); old != before.Digest {
		return e, &Conflict{edit.Path}
	}
	e.New, _, _ = strings.Cut(sums[1], " ")
	return e, nil
}
