package reconcile

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
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

var (
	//go:embed client_stage.sh
	clientStageSource string
	//go:embed client_prepare.sh
	clientPrepareSource string
)

// clientChange is one plan on its way onto a machine.
type clientChange struct {
	*Change[sshclient.Want, sshclient.Facts, ClientDetail]
}

// prepareClient has the host's own ssh judge a copy of the whole tree, and makes what the
// new files need. No daemon is involved, and the change can lock out no login, so no
// watchdog is armed.
func prepareClient(ctx context.Context, change *Change[sshclient.Want, sshclient.Facts, ClientDetail]) (commit.Request, string, error) {
	c := clientChange{change}
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
func (c clientChange) exposed() error {
	dir := parentOf(c.Before.Facts.File)
	for dir != "" {
		s, ok := c.Before.Facts.Stats[dir]
		if ok && s.UID != 0 && (c.Target.system() || s.UID != c.Before.Facts.UID) {
			uid := strconv.Itoa(s.UID)
			return &commit.ExposedError{Path: c.Before.Facts.File, Dir: dir, UID: uid, Owner: uid, Mode: fmt.Sprintf("%04o", s.Mode)}
		}
		dir = parentOf(dir)
	}
	return nil
}

// foreign refuses a change of another file than the managed one: which files there are
// is the account's word.
func (c clientChange) foreign() error {
	for _, x := range c.Plan.Changes {
		if x.Path != c.Before.Facts.File {
			return fmt.Errorf("%s would be changed, and %s is what is managed", x.Path, c.Before.Facts.File)
		}
	}
	return nil
}

// confirmClient returns what speaks against the change: ssh refuses the new files, or
// does not do what was wanted.
func confirmClient(c *Change[sshclient.Want, sshclient.Facts, ClientDetail], after clientSeen, _ commit.Pending) error {
	if after.Facts.Invalid != "" {
		return fmt.Errorf("ssh refuses the files: %s", after.Facts.Invalid)
	}
	return firstClientMismatch(c.Plan.Expect, after.Facts)
}

func firstClientMismatch(expect []keepalive.Expectation, have sshclient.Facts) error {
	if mismatches := sshclient.Mismatches(expect, have); len(mismatches) > 0 {
		return errors.New(mismatches[0].Text)
	}
	return nil
}

// validate lays a copy of the candidate tree out, its Includes pointing into the
// copy, and compares what the host's ssh says of it.
func (c clientChange) validate(ctx context.Context) error {
	if len(c.Plan.Changes) == 0 {
		return nil
	}
	res, err := run(ctx, c.Host, c.Target.asAccount(host.Script{Name: "validate", Text: c.stageScript(), Convergent: true}))
	if err != nil {
		return err
	}
	s := newSections(res.Stdout)
	if err := s.read(func(word, arg string) error { return s.dump(word, arg, "dump") }); err != nil {
		return said(err, res)
	}
	staged := c.Before.Facts
	staged.Effective = nil
	for i := range s.dumps {
		if refusal := s.dumps[i].refusal("ssh -G"); refusal != "" {
			return errors.New(refusal)
		}
		staged.Effective = append(staged.Effective, sshconf.ParseDump(s.dumps[i].out.String()))
	}
	if len(staged.Effective) != len(probeNames(c.Want)) {
		return said(errCutShort, res)
	}
	return firstClientMismatch(c.Plan.Expect, staged)
}

func (c clientChange) stageScript() string {
	stage := "/tmp/sshkeepalive-" + newID()
	f := c.Before.Facts
	tree := candidateTree(f.Tree, c.Plan.Changes)
	entry := stage + tree.Main
	files := map[string][]byte{}
	for name, data := range tree.Files {
		files[stage+name] = sshconf.Rebase(sshconf.Parse(tree.Dialect, tree.Version, data), includeDir(tree, f, name), stage)
	}
	if _, ok := tree.Files[tree.Main]; !ok && tree.System == "" {
		entry = "/dev/null" // what is taken away is the only file
	}
	if tree.System != "" {
		// With -F ssh reads one file only; the scope of both begins anew.
		entry = stage + "/.entry"
		files[entry] = sshconf.Rebase(sshconf.Parse(tree.Dialect, tree.Version, []byte(includeOf(tree, tree.Main)+includeOf(tree, tree.System))), "/", stage)
	}
	var b strings.Builder
	for name, value := range map[string]string{"STAGE": stage, "H": f.Home, "SSH": c.Before.Detail.ssh, "ENTRY": entry} {
		b.WriteString(name + "=" + quote(value) + "\n")
	}
	b.WriteString(oneLine(filesSource) + "\nstage() {\n:\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		b.WriteString("text() { " + commit.PrintCommand(files[name]) + "; }\nput " + quote(name) + " text\n")
	}
	b.WriteString("}\nprobes() { each")
	for _, name := range probeNames(c.Want) {
		b.WriteString(" " + quote(name))
	}
	return b.String() + "; }\n" + clientStageSource
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
func (c clientChange) prepare(ctx context.Context) error {
	var owner, account []string
	for _, dir := range c.Plan.MakeDirs {
		if c.ownersDir(dir) {
			owner = append(owner, "make "+quote(dir)+" "+c.dirMode())
		} else {
			account = append(account, "make "+quote(dir)+" 700")
		}
	}
	for _, f := range c.created() {
		owner = append(owner, "heading() { "+commit.PrintCommand(sshclient.Heading(f.New))+"; }", "begin "+quote(f.Path)+" "+c.fileMask()+" heading")
	}
	if err := c.script(ctx, "prepare", c.Target.asAccount, account); err != nil {
		return err
	}
	return c.script(ctx, "prepare", c.Target.asOwner, owner)
}

// ownersDir reports whether a directory is made for the file, and so by its owner.
// Where that is root, any other one is the account's word, and made as the account.
func (c clientChange) ownersDir(dir string) bool {
	return !c.Target.system() || strings.HasPrefix(c.Before.Facts.File, dir+"/")
}

func (c clientChange) dirMode() string {
	if c.Target.system() {
		return "755"
	}
	return "700"
}

// fileMask gives a new file 0600, or 0644 to one of the system: who cannot read
// a file there has no ssh.
func (c clientChange) fileMask() string {
	if c.Target.system() {
		return "022"
	}
	return "077"
}

func (c clientChange) created() []keepalive.Change {
	return slices.DeleteFunc(slices.Clone(c.Plan.Changes), func(x keepalive.Change) bool { return x.Old != nil })
}

// tidy takes back what prepare made. A failure leaves an empty directory, or a
// file that says whose it is, and is no news beside the error it follows.
func (c clientChange) tidy(ctx context.Context) {
	var calls []string
	for _, f := range c.created() {
		calls = append(calls, "heading() { "+commit.PrintCommand(sshclient.Heading(f.New))+"; }", "unbegin "+quote(f.Path)+" heading")
	}
	_ = c.script(ctx, "tidy", c.Target.asOwner, calls)
	c.dropDirs(ctx, slices.Backward(c.Plan.MakeDirs))
}

// dropDirs removes directories. One in which somebody put something stays.
func (c clientChange) dropDirs(ctx context.Context, dirs iter.Seq2[int, string]) {
	var owner, account []string
	for _, dir := range dirs {
		if c.ownersDir(dir) {
			owner = append(owner, "drop "+quote(dir))
		} else {
			account = append(account, "drop "+quote(dir))
		}
	}
	_ = c.script(ctx, "tidy", c.Target.asAccount, account)
	_ = c.script(ctx, "tidy", c.Target.asOwner, owner)
}

// script makes calls of client_prepare.sh.
func (c clientChange) script(ctx context.Context, name string, as func(host.Script) host.Script, calls []string) error {
	if len(calls) == 0 {
		return nil
	}
	res, err := run(ctx, c.Host, as(host.Script{Name: name, Text: prepareText(calls), Convergent: true}))
	if err != nil {
		return err
	}
	var x exposure
	s := newSections(res.Stdout)
	return s.read(x.read)
}

func prepareText(calls []string) string {
	return oneLine(filesSource+commit.OwnedSource()+exposedSource+clientPrepareSource) + "\n" + strings.Join(calls, "\n") + "\n"
}

// request lays the change out for the protocol. A user's change keeps its lock
// and its notes beside the file, where only that user writes; root's are where root
// alone does. Root looks at no file but the one it changes: the others are what the
// account says of its tree.
func (c clientChange) request() commit.Request {
	id, f := newID(), c.Before.Facts
	req := commit.Request{ID: id, Base: map[string][]byte{}, Activate: commit.Activation{Kind: commit.None}}
	if !c.Target.system() {
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
	if !c.Target.system() && f.UID != 0 {
		beside := parentOf(f.File) + "/.sshkeepalive-"
		req.Layout = commit.Layout{Run: beside + "run", State: beside + "state", Etc: beside + "etc"}
		req.StageDir = req.Layout.Run + "/" + id
	}
	req.Main = req.StageDir + f.File
	return req
}
