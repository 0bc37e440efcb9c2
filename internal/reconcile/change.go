package reconcile

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// commit carries out plan and returns what the confirming connection saw.
func (e *Engine) commit(ctx context.Context, t Target, want sshserver.Want, before Sight, plan keepalive.Plan) (Sight, Outcome, error) {
	candidate := candidateTree(before.Facts.Tree, plan.Changes)
	opened := sshserver.Opened(before.Facts.Tree, candidate)
	t.Spec = follow(t.Spec, before, opened)
	h, err := e.machines.Acquire(ctx, t.Spec)
	if err != nil {
		return Sight{}, Unchanged, err
	}
	defer h.Release()
	e.seen.forget(before.machine(t.Spec))
	var after Sight
	confirm := func(ctx context.Context, live commit.Pending) (err error) {
		after, err = e.afresh(ctx, t, want)
		if isLost(err) {
			// The network's fault more likely than that of the change.
			after, err = e.afresh(ctx, t, want)
		}
		if err != nil {
			return err
		}
		return proven(t, before, after, live, plan, opened)
	}
	// A change that was begun is brought to its end: Ctrl-C may not leave a
	// host between two configurations. Every step below has its own deadline.
	ctx = context.WithoutCancel(ctx)
	if err := directories(ctx, h, makeDirs(plan.MakeDirs)); err != nil {
		return Sight{}, Unchanged, wrap(t.Spec, "prepare", Unchanged, err)
	}
	req := request(t, before, plan, candidate)
	e.begun.add(req.ID)
	outcome, err := commit.Run(ctx, machine{host: h}, req, confirm)
	e.seen.forget(before.machine(t.Spec))
	if err != nil {
		if Outcome(outcome) == Unchanged || Outcome(outcome) == RolledBack {
			_ = directories(ctx, h, dropDirs(plan.MakeDirs))
		}
		return Sight{}, Outcome(outcome), failure(t.Spec, outcome, err)
	}
	// A directory that is not empty stays.
	_ = directories(ctx, h, dropDirs(plan.RemoveDirs))
	e.seen.confirmed(t, after)
	return after, Outcome(outcome), nil
}

// directories runs what makes or removes them, if there is anything to do.
func directories(ctx context.Context, h host.Host, text string) error {
	if text == "" {
		return nil
	}
	_, err := run(ctx, h, host.Script{Name: "directories", Text: text, Root: true, Convergent: true})
	return err
}

// makeDirs makes directories that everybody may read, as sshd_config.d is.
func makeDirs(dirs []string) string {
	var b strings.Builder
	for _, dir := range dirs {
		fmt.Fprintf(&b, "[ -d %[1]s ] || mkdir -m 755 %[1]s || exit\n", quote(dir))
	}
	return b.String()
}

func dropDirs(dirs []string) string {
	if len(dirs) == 0 {
		return ""
	}
	var b strings.Builder
	for _, dir := range slices.Backward(dirs) {
		b.WriteString("rmdir " + quote(dir) + " 2>/dev/null\n")
	}
	return b.String() + "true\n"
}

// afresh looks over a connection of its own.
func (e *Engine) afresh(ctx context.Context, t Target, want sshserver.Want) (Sight, error) {
	fresh, err := e.machines.AcquireDedicated(ctx, t.Spec)
	if err != nil {
		return Sight{}, asRefused(err)
	}
	defer fresh.Release()
	return gather(ctx, connection{Host: fresh}, t, want)
}

// isLost reports whether a connection ended that had logged in.
func isLost(err error) bool {
	var e *host.Error
	return errors.As(err, &e) && e.Kind == host.Lost
}

func failure(spec host.Spec, outcome commit.Outcome, err error) *Error {
	step := "commit"
	var failed *commit.Error
	if errors.As(err, &failed) {
		step = failed.Step
	}
	return &Error{Host: spec.Name, Step: step, Outcome: Outcome(outcome), Err: err}
}

// unverified is failure where no connection was to be confirmed.
func unverified(spec host.Spec, outcome commit.Outcome, err error) *Error {
	failed := failure(spec, outcome, err)
	if failed.Step == "confirm" {
		failed.Step = "verify"
	}
	return failed
}

// proven says whether the confirming connection was answered by a daemon that
// has loaded the new files, and whether they do what was wanted.
func proven(t Target, before, after Sight, live commit.Pending, plan keepalive.Plan, opened []sshserver.Endpoint) error {
	switch {
	case before.MachineID != after.MachineID:
		return fmt.Errorf("another machine answered: its id is %s, not %s", after.MachineID, before.MachineID)
	case after.Facts.Invalid != "":
		return fmt.Errorf("sshd refuses the configuration: %s", after.Facts.Invalid)
	case after.Facts.Daemon.Stale && !t.NoReload:
		return errors.New("the daemon that answered has not loaded the new files")
	case live.Proof == "inode" && !slices.ContainsFunc(live.After, after.listens):
		return errors.New("the daemon that answered does not listen on the sockets that the reload opened")
	}
	if !t.NoReload {
		if err := unopened(after, opened); err != nil {
			return err
		}
	}
	return unmet(plan.Expect, after.Facts)
}

// unopened names the first endpoint at whose port nothing listens. sshd -T shows
// the Port of its files even where systemd has the socket and ignores it.
func unopened(after Sight, endpoints []sshserver.Endpoint) error {
	if len(after.listen) == 0 {
		return nil // a system that does not tell
	}
	for _, e := range endpoints {
		if !after.listensAt(e.Port) {
			return fmt.Errorf("nothing listens at port %d, which sshd_config names: if systemd has the socket, its port is that of ssh.socket", e.Port)
		}
	}
	return nil
}

// unmet names the first expectation that does not hold.
func unmet(expect []keepalive.Expectation, have sshserver.Facts) error {
	for _, x := range expect {
		for i, c := range have.Contexts {
			if c != x.Context {
				continue
			}
			if got := have.Effective[i][x.Keyword]; !sshconf.Same(sshconf.Server, x.Keyword, got, x.Values, have.Version) {
				return fmt.Errorf("%s is effectively %q, not %q%s", x.Keyword, strings.Join(got, ", "), strings.Join(x.Values, ", "), forContext(c))
			}
		}
	}
	return nil
}

func forContext(c sshconf.Context) string {
	if c.IsZero() {
		return ""
	}
	return " for " + keepalive.Spec(c)
}

// request lays the change to tree out for the protocol. The candidate is a copy of
// the whole running tree below stageDir, its Includes pointing into the copy, so
// that sshd -t -f judges exactly what will be in force: a drop-in judged alone
// proves nothing.
func request(t Target, s Sight, plan keepalive.Plan, tree sshconf.Tree) commit.Request {
	id := newID()
	stageDir := commit.StageDir(id)
	req := commit.Request{
		ID: id, Base: s.Facts.Tree.Files, StageDir: stageDir, Main: stageDir + tree.Main,
		SSHD: s.sshd, Options: commandWords(s.Facts.Daemon.Options), Activate: s.activation, ConfirmTimeout: t.ConfirmTimeout,
		Keyless: t.isImage(), Includes: includes(s.Facts.Tree),
	}
	for _, c := range plan.Changes {
		req.Changes = append(req.Changes, commit.Change(c))
	}
	for name, data := range tree.Files {
		text := sshconf.Rebase(sshconf.Parse(tree.Dialect, tree.Version, data), tree.Dir, stageDir)
		req.Staged = append(req.Staged, commit.StagedFile{Path: stageDir + name, Data: text})
	}
	for _, x := range plan.Expect {
		req.Checks = append(req.Checks, commit.Check{Spec: spec(tree, x.Context), Keyword: x.Keyword, Values: x.Values})
	}
	if t.NoReload {
		req.Activate.Kind = commit.None
	}
	return req
}

// commandWords are the words of options: "-o Banner /etc/issue" is two.
func commandWords(options []string) []string {
	var words []string
	for _, option := range options {
		flag, value, takes := strings.Cut(option, " ")
		if words = append(words, flag); takes {
			words = append(words, value)
		}
	}
	return words
}

// includes are the patterns by which the files of tree include others, but for
// those that gather.sh does not read as sshd does: what it did not look for, it
// cannot have missed.
func includes(tree sshconf.Tree) []string {
	var list []string
	for _, data := range tree.Files {
		for _, l := range sshconf.Parse(tree.Dialect, tree.Version, data).Lines {
			if !l.Is("Include") || l.Err != nil {
				continue
			}
			for _, pattern := range l.Args {
				if !path.IsAbs(pattern) {
					pattern = tree.Dir + "/" + pattern
				}
				if path.Clean(pattern) == pattern && !strings.ContainsAny(pattern, " \t'\"\\") {
					list = append(list, pattern)
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func candidateTree(running sshconf.Tree, changes []keepalive.Change) sshconf.Tree {
	tree := running.Clone()
	for _, c := range changes {
		if c.New == nil {
			delete(tree.Files, c.Path)
			continue
		}
		tree.Files[c.Path] = c.New
	}
	return tree
}

func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// machine lets the protocol run its scripts on a host, as root unless prepare
// makes other scripts of them.
type machine struct {
	host    host.Host
	prepare func(host.Script) host.Script
}

func (m machine) Run(ctx context.Context, name, script string) (stdout, stderr string, exit int, err error) {
	s := host.Script{Name: name, Text: script, Root: true, Convergent: true}
	if m.prepare != nil {
		s = m.prepare(s)
	}
	res, err := m.host.Run(ctx, s)
	var failed *host.Error
	if errors.As(err, &failed) && !failed.MayHaveRun {
		err = fmt.Errorf("%w: %w", commit.ErrNotRun, err)
	}
	return res.Stdout, res.Stderr, res.Exit, err
}

// asRefused marks the errors that a reloading sshd causes by closing its port
// for some milliseconds.
func asRefused(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w: %w", commit.ErrRefused, err)
	}
	return err
}
