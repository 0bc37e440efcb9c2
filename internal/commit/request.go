package commit

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"
)

// Request is one change.
type Request struct {
	ID      string // unique per change; letters, digits and hyphens
	Changes []Change
	// Edits are changes of files whose text only the machine may know.
	Edits []Edit
	// Base holds the text of every file of the running tree, nil for one that
	// must not exist. If one of them differs, another process changed it.
	Base map[string][]byte
	// Includes are the patterns by which the files of the tree include others,
	// absolute and as a shell reads them. A file that one of them matches and that is
	// neither in Base nor in Changes has appeared since the plan.
	Includes []string
	// StageDir is the prefix under which Staged was laid out, below the
	// layout's Run directory (see StageDir); Main the main file below it.
	StageDir string
	Staged   []StagedFile
	Main     string
	// SSHD is the path of the sshd program that validates; "" where the machine
	// has none that could, and then there are no Checks.
	SSHD     string
	Options  []string // the running daemon's own -o, -p, -h arguments, one word each
	Checks   []Check
	Activate Activation
	// Keyless says that the machine may have no host keys yet: sshd, which does not
	// judge without one, is then lent one.
	Keyless bool
	// Foreign allows for files in a directory that belongs to another account, where
	// they keep that owner. Without it such a directory is an *ExposedError.
	Foreign bool
	// ConfirmTimeout is how long the watchdog waits; 0 arms none.
	ConfirmTimeout time.Duration
	// lockWait is how long to wait for another change to end; 0 is 30 s. Tests shorten it.
	lockWait time.Duration
	Layout   Layout
}

// Layout says where things are on the machine; an empty field is its default.
type Layout struct {
	Path  string // where programs are looked for
	Run   string // lock and stage, on a tmpfs where there is one; root's alone
	State string // pending changes, kept over a reboot; root's alone
	Etc   string // where the units, or the cron table, that run at boot are put
}

// StageDir is the directory in which change id is staged under the default
// layout. /var/run, unlike /run, exists on the BSDs and macOS too.
func StageDir(id string) string { return Layout{}.withDefaults().Run + "/" + id }

func (l Layout) withDefaults() Layout {
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fill(&l.Path, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	fill(&l.Run, "/var/run/sshkeepalive")
	fill(&l.State, "/var/lib/sshkeepalive")
	fill(&l.Etc, "/etc")
	return l
}

// Change is one file's old and new text. A nil text is an absent file.
type Change struct {
	Path string
	Old  []byte
	New  []byte
}

// Edit is a change of a file that is there, of which only digests are known here:
// the hexadecimal SHA-256 of its old and of its new text.
type Edit struct {
	Path     string
	Old, New string
	Pieces   []Piece
}

// Piece is the bytes From up to To of the old text or, where Text is given, new
// ones.
type Piece struct {
	From, To int
	Text     string
}

// StagedFile is one file of the candidate tree as it is written under the stage
// directory for validation.
type StagedFile struct {
	Path string // absolute path below StageDir
	Data []byte
}

// Check is one line that a dump of the candidate must contain.
type Check struct {
	Spec string // argument of sshd -T -C; "" is no -C
	// Keyword and Values as the host's sshd prints them; compared without
	// regard to the keyword's case, values exactly, the whole list. No values
	// at all means that the dump does not have the keyword.
	Keyword string
	Values  []string
}

// Activation says how the running daemon is made to load its files.
type Activation struct {
	// Kind is one of the words below.
	Kind Kind
	Unit string // systemd unit, OpenRC or rc.d service name
	PID  int    // listener, for Signal and to prove the reload
	// PIDFile is the daemon's PidFile, whose time changes when it reloads. Where the
	// daemon was restarted, it names only a candidate.
	PIDFile string
	// Load and Unload are commands of the shell, for Commands: Load makes what runs take
	// over the new files and succeeds once it has, Unload takes that back after a rollback.
	// Both also run where there is nothing left to do, and print nothing.
	Load, Unload string
}

// Kind is a way to make a daemon load its files.
type Kind string

// The kinds of activation, from openssh-semantics.md section 5.
const (
	Systemd Kind = "systemd" // systemctl reload UNIT
	Socket  Kind = "socket"  // ssh.socket with Accept=no: restart the service, a reload kills it
	OpenRC  Kind = "openrc"  // rc-service UNIT reload
	RCD     Kind = "rcd"     // service UNIT reload
	Signal  Kind = "signal"  // SIGHUP to PID
	// Commands is what the request brings along, for what is not a daemon that listens.
	Commands Kind = "commands"
	None     Kind = "none" // nothing runs, or each connection reads the files again: launchd, Accept=yes
)

var (
	idForm      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,99}$`)
	keywordForm = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	plainPath   = regexp.MustCompile(`^[A-Za-z0-9/._-]+$`)
	digestForm  = regexp.MustCompile(`^[0-9a-f]{64}$`)
	unitForm    = regexp.MustCompile(`^[A-Za-z0-9@._][A-Za-z0-9@._:-]*$`)
)

// check returns an error for a request that no script could carry out.
func (r Request) check() error {
	if !idForm.MatchString(r.ID) {
		return fmt.Errorf("ID %q: letters, digits and hyphens only", r.ID)
	}
	if strings.HasPrefix(r.ID, "lock") {
		return fmt.Errorf("ID %q: must not begin with \"lock\"", r.ID)
	}
	if r.ConfirmTimeout < 0 || r.ConfirmTimeout > 0 && r.ConfirmTimeout < time.Second {
		return fmt.Errorf("confirm timeout %s: less than a second", r.ConfirmTimeout)
	}
	return errors.Join(r.checkChanges(), r.checkStage(), r.checkChecks(), r.checkActivate())
}

func (r Request) checkChanges() error {
	seen := make(map[string]bool)
	for _, c := range r.Changes {
		if err := checkPath(c.Path); err != nil {
			return err
		}
		if seen[c.Path] {
			return fmt.Errorf("%s: changed twice", c.Path)
		}
		seen[c.Path] = true
		if base, ok := r.Base[c.Path]; ok && !same(base, c.Old) {
			return fmt.Errorf("%s: old text differs from base", c.Path)
		}
	}
	for _, e := range r.Edits {
		if err := e.check(); err != nil {
			return err
		}
		if _, ok := r.Base[e.Path]; ok || seen[e.Path] {
			return fmt.Errorf("%s: changed twice, or edited and in base", e.Path)
		}
		seen[e.Path] = true
	}
	for p := range r.Base {
		if err := checkPath(p); err != nil {
			return err
		}
	}
	for _, pattern := range r.Includes {
		if !path.IsAbs(pattern) || control(pattern) {
			return fmt.Errorf("pattern %q: not absolute, or with control characters", pattern)
		}
	}
	return nil
}

func (e Edit) check() error {
	if !digestForm.MatchString(e.Old) || !digestForm.MatchString(e.New) {
		return fmt.Errorf("%s: edited without both digests", e.Path)
	}
	for _, p := range e.Pieces {
		if p.From < 0 || p.To < p.From || p.Text != "" && p.To > p.From {
			return fmt.Errorf("%s: invalid piece from %d to %d", e.Path, p.From, p.To)
		}
	}
	return checkPath(e.Path)
}

func (r Request) checkStage() error {
	l := r.Layout.withDefaults()
	for _, p := range []string{r.StageDir, r.Main, l.Run, l.State, l.Etc} {
		if err := checkPath(p); err != nil {
			return err
		}
	}
	// These go into units and cron tables, each with quoting of its own.
	for _, p := range []string{l.Run, l.State, l.Etc} {
		if !plainPath.MatchString(p) {
			return fmt.Errorf("layout: directory %q: letters, digits and ._- only", p)
		}
	}
	if !below(l.Run, r.StageDir) || strings.HasPrefix(path.Base(r.StageDir), "lock") {
		return fmt.Errorf("stage directory %s: not one below %s", r.StageDir, l.Run)
	}
	main := r.SSHD == ""
	for _, f := range r.Staged {
		if err := checkPath(f.Path); err != nil {
			return err
		}
		if !below(r.StageDir, f.Path) {
			return fmt.Errorf("staged file %s: not below %s", f.Path, r.StageDir)
		}
		main = main || f.Path == r.Main
	}
	if !main {
		return fmt.Errorf("main file %s: not staged", r.Main)
	}
	return nil
}

func (r Request) checkChecks() error {
	if r.SSHD == "" {
		if len(r.Checks) > 0 {
			return errors.New("checks without an sshd to ask")
		}
		return nil
	}
	if err := checkPath(r.SSHD); err != nil {
		return err
	}
	for _, c := range r.Checks {
		if !keywordForm.MatchString(c.Keyword) {
			return fmt.Errorf("check of %q: not a keyword", c.Keyword)
		}
		if control(c.Spec) || control(strings.Join(c.Values, "")) {
			return fmt.Errorf("check of %s: control character", c.Keyword)
		}
	}
	if control(strings.Join(r.Options, "")) {
		return errors.New("options: control character")
	}
	return nil
}

func (r Request) checkActivate() error {
	a := r.Activate
	//exhaustive:enforce
	switch a.Kind {
	case Systemd, Socket, OpenRC, RCD:
		if !unitForm.MatchString(a.Unit) {
			return fmt.Errorf("activation by %s: unit %q", a.Kind, a.Unit)
		}
	case Signal:
		if a.PID < 1 && a.PIDFile == "" {
			return errors.New("activation by signal: neither a process nor a pid file")
		}
	case Commands:
		if a.Load == "" || a.Unload == "" {
			return errors.New("activation by commands: there are none")
		}
	case None:
	default:
		return fmt.Errorf("activation by %q: unknown kind", a.Kind)
	}
	if a.PIDFile != "" {
		return checkPath(a.PIDFile)
	}
	return nil
}

func checkPath(p string) error {
	if !path.IsAbs(p) || path.Clean(p) != p || p == "/" || control(p) {
		return fmt.Errorf("path %q: not absolute, not clean, or with control characters", p)
	}
	return nil
}

func control(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func below(dir, p string) bool { return strings.HasPrefix(p, dir+"/") }

func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }
