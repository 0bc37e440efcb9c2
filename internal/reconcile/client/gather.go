package client

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/account"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

//go:embed gather.sh
var gatherSource string

// noHost is asked about where there is no probe host: ssh -G then only tells
// whether its files are valid.
const noHost = "sshkeepalive.invalid"

func gatherScript(t reconcile.Target, want sshclient.Want) string {
	var head strings.Builder
	head.WriteString("FILE=" + shell.Quote(t.File) + "; WHO=" + shell.Quote(account.Of(t)) + "; probes() { each")
	for _, name := range probeNames(want) {
		head.WriteString(" " + shell.Quote(name))
	}
	head.WriteString("; }; lines() { :")
	for _, line := range sshclient.Text(want).Lines {
		head.WriteString("; printf '%s\\n' " + shell.Quote(line))
	}
	head.WriteString("; }; ")
	return head.String() + shell.Pack(shell.Files, shell.Old, shell.Includes, commit.OwnedSource(), shell.Exposed, account.Source, gatherSource)
}

func probeNames(want sshclient.Want) []string {
	var names []string
	for _, at := range sshclient.ProbesOf(want) {
		names = append(names, sshclient.ProbeName(at))
	}
	if len(names) == 0 {
		names = []string{noHost}
	}
	return names
}

func script(t reconcile.Target, want sshclient.Want) host.Script {
	return account.As(t, host.Script{Name: "gather", Text: gatherScript(t, want), Convergent: true})
}

func parse(t reconcile.Target, want sshclient.Want, stdout string) (seen, error) {
	r := report{Report: shell.NewReport(stdout, t.Spec.Masker)}
	if err := r.Read(r.section); err != nil {
		return seen{}, err
	}
	return r.finish(t, want)
}

// report is what gather.sh printed, on its way to being a look.
type report struct {
	shell.Report
	seen         seen
	main, system string
	alone        bool
}

func (r *report) section(word, arg string) (err error) {
	f := &r.seen.Facts
	switch word {
	case "unreadable":
		return shell.NewMissing(reconcile.NoRead, "%s cannot read the managed file: %s", f.User, arg)
	case "special":
		return fmt.Errorf("%s is not a regular file, and ssh would wait for what it is, or never come to its end", arg)
	case "toobig":
		return fmt.Errorf("%s has more than 2 MiB, which is not a configuration file", arg)
	case "user":
		uid, name, _ := strings.Cut(arg, " ")
		f.User = name
		return shell.Number(uid, &f.UID)
	case "home":
		f.Home = arg
	case "os":
		f.SocketName = 104
		if arg == "Linux" {
			f.SocketName = 108
		}
	case "ssh":
		r.seen.Detail.ssh = arg
	case "version":
		f.Version, f.VersionText, err = reconcile.ReadVersion(r.seen.Detail.ssh, arg)
		return err
	case "managed":
		f.File = arg
	case "main":
		r.main = arg
	case "system":
		r.system = arg
	case "alone":
		r.alone = true
	case "attr":
		return r.attr(arg)
	default:
		return r.Dump(word, arg, "dump", "canon")
	}
	return nil
}

func (r *report) attr(arg string) error {
	fields := strings.SplitN(arg, " ", 3)
	if len(fields) != 3 {
		return fmt.Errorf("unexpected attributes %q in the report of facts", arg)
	}
	mode, err := strconv.ParseUint(fields[0], 8, 32)
	if err != nil {
		return fmt.Errorf("no mode in the report of facts: %w", err)
	}
	s := sshclient.Stat{Mode: uint32(mode)}
	if r.seen.Facts.Stats == nil {
		r.seen.Facts.Stats = map[string]sshclient.Stat{}
	}
	err = shell.Number(fields[1], &s.UID)
	r.seen.Facts.Stats[fields[2]] = s
	return err
}

// finish draws the conclusions that need several sections.
func (r *report) finish(t reconcile.Target, want sshclient.Want) (seen, error) {
	f := &r.seen.Facts
	r.seen.MachineID, f.Mounts = r.MachineID, r.Mounts
	if !r.Ended || r.main == "" || r.system == "" || f.File == "" {
		return seen{}, shell.ErrCutShort
	}
	if strings.HasPrefix(t.File, "/") && f.File != t.File || account.Of(t) != "" && f.User != account.Of(t) {
		return seen{}, fmt.Errorf("asked about %s of %s, the host reports %s of %s", t.File, account.Of(t), f.File, f.User)
	}
	f.System = account.IsSystem(t)
	f.Contexts = sshclient.ProbesOf(want)
	f.Tree = sshconf.Tree{Dialect: sshconf.Client, Version: f.Version, Main: r.main, System: r.system, Dir: parentOf(r.system), Files: r.Files}
	if r.alone {
		f.Tree.Main, f.Tree.System = f.File, ""
	}
	for i := range r.Dumps {
		d := &r.Dumps[i]
		switch {
		case d.Kind == "dump" && d.Exit != 0:
			f.Invalid = d.Refusal("ssh -G")
			return r.seen, nil
		case d.Kind == "canon" && d.Exit != 0:
			f.Refused = d.Refusal("ssh -G")
			f.Canonical = append(f.Canonical, nil)
		case d.Kind == "canon":
			f.Canonical = append(f.Canonical, sshconf.ParseDump(d.Out.String()))
		default:
			f.Effective = append(f.Effective, sshconf.ParseDump(d.Out.String()))
		}
	}
	if len(f.Effective) != len(probeNames(want)) || len(f.Canonical) != len(f.Effective) {
		return seen{}, shell.ErrCutShort
	}
	f.Tree.NoGSSAPI = !f.Effective[0].HasGSSAPI()
	return r.seen, nil
}

func parentOf(name string) string { return name[:strings.LastIndexByte(name, '/')] }
