package server

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

const dumper = "sshd -T"

// report is what gather.sh printed, on its way to being a seen.
type report struct {
	shell.Report
	seen    seen
	doubt   *reconcile.NoDaemonError
	length  int  // of a command line that is shown in part
	loud    bool // the first dump has the LogLevel of sshd -ddd; nothing sets another
	initSys string
	service string   // of sshd, where that is not systemd
	unit    string   // whose main process the daemon is
	sockets []string // Accept of each active socket unit, and what it starts
	stamps  map[string]stamp
	pidFile string // of this daemon
	born    int64  // when the daemon was started, where it has no pid file
	listen  []string
	keys    string
	pending bool // changes may be pending
}

// stamp holds nanoseconds since the epoch.
type stamp struct{ change, modification int64 }

// parseReport reads the output of gather.sh, which was asked q. It tells no release
// where the daemon is the one that identified itself, and is still the program on the
// disk.
func parseReport(t reconcile.Target, out, greeting string, q query) (*cachedFacts, map[string]answer, error) {
	r := &report{Report: shell.NewReport(out, t.Spec.Masker), stamps: map[string]stamp{}}
	r.seen.Facts.Tree = sshconf.Tree{Dialect: sshconf.Server, Files: r.Files}
	if err := r.Read(r.section); err != nil {
		return nil, nil, err
	}
	r.seen.MachineID, r.seen.Facts.Mounts = r.MachineID, r.Mounts
	if err := r.identified(greeting, t.File, q.fresh); err != nil {
		return nil, nil, err
	}
	if f := r.seen.Facts; !r.Ended && f.Invalid == "" || f.Tree.Main == "" || f.Tree.Dir == "" {
		return nil, nil, shell.ErrCutShort
	}
	if r.seen.Facts.VersionText == "" && r.seen.Detail.sshd != "" {
		if err := r.version(greeting); err != nil {
			return nil, nil, err
		}
	}
	return r.finish(q)
}

// parseSpellings reads the output of the script that asks for spellings only.
func parseSpellings(t reconcile.Target, out string, texts []string) (map[string]answer, error) {
	r := &report{Report: shell.NewReport(out, t.Spec.Masker)}
	if err := r.ReadToEnd(r.section); err != nil {
		return nil, err
	}
	return r.answers("canon", texts)
}

func (r *report) section(word, arg string) error {
	f := &r.seen.Facts
	switch word {
	case "daemon":
		if err := shell.Number(arg, &f.Daemon.PID); err != nil {
			return err
		}
		return shell.CheckPID(f.Daemon.PID)
	case "lost":
		r.lost(arg)
	case "loud":
		r.loud = true
	case "each":
		f.Daemon.PerConnection = true
	case "noreader":
		f.Daemon.Absent = true
	case "init":
		r.initSys, r.service, _ = strings.Cut(arg, " ")
	case "unit":
		r.unit = arg
	case "socket":
		r.sockets = append(r.sockets, arg)
	case "born":
		var err error
		r.born, err = birth(arg)
		return err
	case "sshd":
		r.seen.Detail.sshd = arg
	case "unreadable":
		return &reconcile.NoDaemonError{Reason: reconcile.NoMain, Detail: arg}
	case "version":
		return r.version(arg)
	case "option":
		f.Daemon.Options = append(f.Daemon.Options, arg)
	case "main":
		f.Tree.Main, f.Daemon.ConfigFile = arg, arg
	case "dir":
		f.Tree.Dir = arg
	case "includedir":
		if !slices.Contains(f.IncludeDirs, arg) {
			f.IncludeDirs = append(f.IncludeDirs, arg)
		}
	case "cloudinit":
		f.CloudInit = true
	case "stat":
		return r.stat(arg)
	case "keys":
		r.keys = arg
	case "pidfile":
		r.pidFile = arg
	case "listen":
		r.listen = append(r.listen, arg)
	case "state":
		r.pending = true
	default:
		return r.dumpSection(word, arg)
	}
	return nil
}

func (r *report) dumpSection(word, arg string) error {
	if err := r.Dump(word, arg, "dump", "context", "canon"); err != nil {
		return err
	}
	if len(r.Dumps) > 0 && r.Dumps[0].Exit != 0 {
		r.seen.Facts.Invalid = r.Dumps[0].Refusal(dumper)
	}
	return nil
}

func (r *report) version(text string) (err error) {
	f := &r.seen.Facts
	f.Version, f.VersionText, err = reconcile.ReadVersion(r.seen.Detail.sshd, text)
	f.Tree.Version = f.Version
	return err
}

func (r *report) stat(arg string) error {
	fields := strings.SplitN(arg, " ", 3)
	if len(fields) != 3 {
		return fmt.Errorf("unexpected times %q in the report of facts", arg)
	}
	change, err := nanoseconds(fields[0])
	if err != nil {
		return err
	}
	modification, err := nanoseconds(fields[1])
	r.stamps[fields[2]] = stamp{change, modification}
	return err
}

// nanoseconds reads seconds with or without a fraction; some systems' stat have
// none, and GNU's writes a comma in some locales.
func nanoseconds(s string) (int64, error) {
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
	n, err := strconv.ParseInt(whole+(fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("no time in the report of facts: %w", err)
	}
	return n, nil
}

// finish draws the conclusions that need several sections.
func (r *report) finish(q query) (*cachedFacts, map[string]answer, error) {
	f := &r.seen.Facts
	r.loaded()
	r.seen.Detail.activation = r.activation()
	r.seen.Detail.listen = r.listen
	v := &cachedFacts{seen: r.seen, pending: r.pending, keys: r.keys, program: strings.Join([]string{r.seen.Detail.sshd, f.VersionText, r.keys}, " ")}
	if f.Invalid != "" {
		return v, nil, nil
	}
	plain, err := r.answers("dump", []string{""})
	if err != nil {
		return nil, nil, err
	}
	if v.effective, err = r.answers("context", q.specs); err != nil {
		return nil, nil, err
	}
	v.effective[""] = plain[""]
	if r.loud {
		plain[""].values["loglevel"] = []string{"INFO"}
	}
	v.seen.Facts.Tree.NoGSSAPI = !plain[""].values.HasGSSAPI()
	spellings, err := r.answers("canon", q.texts)
	return v, spellings, err
}

// answers are the dumps of a kind, by what was asked in this order.
func (r *report) answers(kind string, asked []string) (map[string]answer, error) {
	list := map[string]answer{}
	for i := range r.Dumps {
		d := &r.Dumps[i]
		if d.Kind != kind {
			continue
		}
		if len(list) == len(asked) {
			return nil, shell.ErrCutShort
		}
		list[asked[len(list)]] = answer{sshconf.ParseDump(d.Out.String()), d.Refusal(dumper)}
	}
	if len(list) != len(asked) {
		return nil, shell.ErrCutShort
	}
	return list, nil
}

// loaded says of the daemon whether a file, or a directory that an Include looks
// into, has changed since it last wrote its pid file, which it does at each start
// and at each SIGHUP. A daemon without one tells only when it was started. Times of
// change, not of modification: a rename keeps the latter, and a deletion shows on
// the directory alone.
func (r *report) loaded() {
	d := &r.seen.Facts.Daemon
	if d.PID == 0 {
		return
	}
	clock, ok := r.stamps[r.pidFile]
	d.NoPIDFile = !ok
	if ok {
		d.Stale = r.newerThan(clock.modification)
	} else {
		d.StaleUnknown = r.newerThan(r.born)
	}
}

func (r *report) newerThan(t int64) bool {
	for name, s := range r.stamps {
		touched := s.change
		if slices.Contains(r.seen.Facts.IncludeDirs, name) {
			touched = s.modification
		}
		if name != r.pidFile && touched > t {
			return true
		}
	}
	return false
}
