package client

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/account"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

var (
	//go:embed stage.sh
	stageSource string
	//go:embed prepare.sh
	prepareSource string
)

// change is one plan on its way onto a machine.
type change struct {
	*changeOf
}

// prepare has the host's own ssh judge a copy of the whole tree, and makes what the
// new files need. No daemon is involved, and the change can lock out no login, so no
// watchdog is armed.
func prepare(ctx context.Context, of *changeOf) (commit.Request, string, error) {
	c := change{of}
	if err := cmp.Or(c.exposed(), c.foreign()); err != nil {
		return commit.Request{}, "decide", err
	}
	if err := c.validate(ctx); err != nil {
		return commit.Request{}, "validate", err
	}
	if err := c.prepare(ctx); err != nil {
		c.tidy(ctx)
		return commit.Request{}, "prepare", err
	}
	return c.request(), "", nil
}

// exposed refuses a directory that belongs neither to root nor to the account that
// writes there. The protocol refuses it too, but only after prepare has written.
func (c change) exposed() error {
	dir := parentOf(c.Before.Facts.File)
	for dir != "" {
		s, ok := c.Before.Facts.Stats[dir]
		if ok && s.UID != 0 && (account.IsSystem(c.Target) || s.UID != c.Before.Facts.UID) {
			uid := strconv.Itoa(s.UID)
			return &commit.ExposedError{Path: c.Before.Facts.File, Dir: dir, UID: uid, Owner: uid, Mode: fmt.Sprintf("%04o", s.Mode)}
		}
		dir = parentOf(dir)
	}
	return nil
}

// foreign refuses a change of another file than the managed one: which files there are
// is the account's word.
func (c change) foreign() error {
	for _, x := range c.Plan.Changes {
		if x.Path != c.Before.Facts.File {
			return fmt.Errorf("%s would be changed, and %s is what is managed", x.Path, c.Before.Facts.File)
		}
	}
	return nil
}

// confirm returns what speaks against the change: ssh refuses the new files, or
// does not do what was wanted.
func confirm(c *changeOf, after seen, _ commit.Pending) error {
	if after.Facts.Invalid != "" {
		return fmt.Errorf("ssh refuses the files: %s", after.Facts.Invalid)
	}
	return firstMismatch(c.Plan.Expect, after.Facts)
}

func firstMismatch(expect []keepalive.Expectation, have sshclient.Facts) error {
	if mismatches := sshclient.Mismatches(expect, have); len(mismatches) > 0 {
		return errors.New(mismatches[0].Text)
	}
	return nil
}

// validate lays a copy of the candidate tree out, its Includes pointing into the
// copy, and compares what the host's ssh says of it.
func (c change) validate(ctx context.Context) error {
	if len(c.Plan.Changes) == 0 {
		return nil
	}
	res, err := shell.Run(ctx, c.Host, account.As(c.Target, host.Script{Name: "validate", Text: c.stageScript(), Convergent: true}))
	if err != nil {
		return err
	}
	s := shell.NewReport(res.Stdout, c.Target.Spec.Masker)
	if err := s.Read(func(word, arg string) error { return s.Dump(word, arg, "dump") }); err != nil {
		return shell.WithStderr(err, res)
	}
	staged := c.Before.Facts
	staged.Effective = nil
	for i := range s.Dumps {
		if refusal := s.Dumps[i].Refusal("ssh -G"); refusal != "" {
			return errors.New(refusal)
		}
		staged.Effective = append(staged.Effective, sshconf.ParseDump(s.Dumps[i].Out.String()))
	}
	if len(staged.Effective) != len(probeNames(c.Want)) {
		return shell.WithStderr(shell.ErrCutShort, res)
	}
	return firstMismatch(c.Plan.Expect, staged)
}

func (c change) stageScript() string {
	stage := "/tmp/sshkeepalive-" + commit.NewID()
	f := c.Before.Facts
	tree := reconcile.CandidateTree(f.Tree, c.Plan.Changes)
	entry := stage + tree.Main
	files := map[string][]byte{}
	for name, data := range tree.Files {
		files[stage+name] = sshconf.Rebase(sshconf.Parse(tree.Dialect, tree.Version, data), includeDir(tree, f, name), stage)
	}
	if _, ok := tree.Files[tree.Main]; !ok && tree.System == "" {
		entry = "/dev/null" // what is taken away is the only file
	}
	if tree.System != "" {
		// With -F ssh reads one file only; each of the two begins its own scope.
		entry = stage + "/.entry"
		files[entry] = sshconf.Rebase(sshconf.Parse(tree.Dialect, tree.Version, []byte(includeOf(tree, tree.Main)+includeOf(tree, tree.System))), "/", stage)
	}
	var b strings.Builder
	for name, value := range map[string]string{"STAGE": stage, "H": f.Home, "SSH": c.Before.Detail.ssh, "ENTRY": entry} {
		b.WriteString(name + "=" + shell.Quote(value) + "\n")
	}
	b.WriteString(shell.Pack(shell.Files) + "\nstage() {\n:\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		b.WriteString("text() { " + commit.PrintCommand(files[name]) + "; }\nput " + shell.Quote(name) + " text\n")
	}
	b.WriteString("}\nprobes() { each")
	for _, name := range probeNames(c.Want) {
		b.WriteString(" " + shell.Quote(name))
	}
	return b.String() + "; }\n" + stageSource
}

// includeOf is a line that includes a file. A name that no line can have is left out,
// and then the files do not mean what they should.
func includeOf(t sshconf.Tree, name string) string {
	word, err := sshconf.Quote(t.Dialect, t.Version, name)
	if err != nil {
		return ""
	}
	return "Include " + word + "\n"
}

// includeDir is where relative patterns of a file are looked up: what the
// system's file includes belongs to the system.
func includeDir(t sshconf.Tree, f sshclient.Facts, name string) string {
	if t.System != "" && (name == t.System || strings.HasPrefix(name, t.Dir+"/")) {
		return t.Dir
	}
	return f.Home + "/.ssh"
}

// prepare makes what must be there before files can be exchanged: directories,
// and a file that was absent, with the owner and the mode that it shall have. It
// begins as a file of ours does, so that one that an interrupted run left behind
// is known.
func (c change) prepare(ctx context.Context) error {
	var owner, user []string
	for _, dir := range c.Plan.MakeDirs {
		if c.ownersDir(dir) {
			owner = append(owner, "make "+shell.Quote(dir)+" "+c.dirMode())
		} else {
			user = append(user, "make "+shell.Quote(dir)+" 700")
		}
	}
	for _, f := range c.created() {
		owner = append(owner, "heading() { "+commit.PrintCommand(sshclient.Heading(f.New))+"; }", "begin "+shell.Quote(f.Path)+" "+c.fileMask()+" heading")
	}
	if err := c.script(ctx, "prepare", account.As, user); err != nil {
		return err
	}
	return c.script(ctx, "prepare", account.AsOwner, owner)
}

// ownersDir reports whether a directory is made for the file, and so by its owner.
// Where that is root, any other one is the account's word, and made as the account.
func (c change) ownersDir(dir string) bool {
	return !account.IsSystem(c.Target) || strings.HasPrefix(c.Before.Facts.File, dir+"/")
}

func (c change) dirMode() string {
	if account.IsSystem(c.Target) {
		return "755"
	}
	return "700"
}

// fileMask gives a new file 0600, or 0644 to one of the system: who cannot read
// a file there has no ssh.
func (c change) fileMask() string {
	if account.IsSystem(c.Target) {
		return "022"
	}
	return "077"
}

func (c change) created() []keepalive.Change {
	return slices.DeleteFunc(slices.Clone(c.Plan.Changes), func(x keepalive.Change) bool { return x.Old != nil })
}

// tidy takes back what prepare made. A failure leaves an empty directory, or a
// file that says whose it is, and need not be told beside the error that it follows.
func (c change) tidy(ctx context.Context) {
	var calls []string
	for _, f := range c.created() {
		calls = append(calls, "heading() { "+commit.PrintCommand(sshclient.Heading(f.New))+"; }", "unbegin "+shell.Quote(f.Path)+" heading")
	}
	_ = c.script(ctx, "tidy", account.AsOwner, calls)
	c.dropDirs(ctx, slices.Backward(c.Plan.MakeDirs))
}

// dropDirs removes directories. One that is not empty stays.
func (c change) dropDirs(ctx context.Context, dirs iter.Seq2[int, string]) {
	var owner, user []string
	for _, dir := range dirs {
		if c.ownersDir(dir) {
			owner = append(owner, "drop "+shell.Quote(dir))
		} else {
			user = append(user, "drop "+shell.Quote(dir))
		}
	}
	_ = c.script(ctx, "tidy", account.As, user)
	_ = c.script(ctx, "tidy", account.AsOwner, owner)
}

// script makes calls of prepare.sh.
func (c change) script(ctx context.Context, name string, as func(reconcile.Target, host.Script) host.Script, calls []string) error {
	if len(calls) == 0 {
		return nil
	}
	res, err := shell.Run(ctx, c.Host, as(c.Target, host.Script{Name: name, Text: prepareText(calls), Convergent: true}))
	if err != nil {
		return err
	}
	s := shell.NewReport(res.Stdout, c.Target.Spec.Masker)
	return s.Read(func(string, string) error { return nil })
}

func prepareText(calls []string) string {
	return shell.Pack(shell.Files+commit.OwnedSource()+shell.Exposed+prepareSource) + "\n" + strings.Join(calls, "\n") + "\n"
}

// request lays the change out for the protocol. A user's change keeps its lock
// and its notes beside the file, where only that user writes; root's are where root
// alone does. Root looks at no file but the one it changes: the others are what the
// account says of its tree.
func (c change) request() commit.Request {
	id, f := commit.NewID(), c.Before.Facts
	req := commit.Request{ID: id, Base: map[string][]byte{}, Activate: commit.Activation{Kind: commit.None}}
	if !account.IsSystem(c.Target) {
		maps.Copy(req.Base, f.Tree.Files)
	}
	for _, x := range c.Plan.Changes {
		if x.Old == nil {
			x.Old = sshclient.Heading(x.New) // by prepare
			req.Base[x.Path] = x.Old
		}
		req.Changes = append(req.Changes, commit.Change(x))
	}
	req.StageDir = commit.StageDir(id)
	if !account.IsSystem(c.Target) && f.UID != 0 {
		beside := parentOf(f.File) + "/.sshkeepalive-"
		req.Layout = commit.Layout{Run: beside + "run", State: beside + "state", Etc: beside + "etc"}
		req.StageDir = req.Layout.Run + "/" + id
	}
	req.Main = req.StageDir + f.File
	return req
}
