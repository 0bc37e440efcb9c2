package reconcile

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

var (
	//go:embed client_account.sh
	accountSource string
	//go:embed includes.sh
	includesSource string
	//go:embed old.sh
	oldSource string
	//go:embed client_gather.sh
	clientGatherSource string
	//go:embed client_as_user.sh
	asUserSource string
)

// noHost is asked about where there is no probe host: ssh -G then only tells
// whether its files are valid.
const noHost = "sshkeepalive.invalid"

func clientGatherScript(t Target, want sshclient.Want) string {
	var head strings.Builder
	head.WriteString("FILE=" + quote(t.File) + "; WHO=" + quote(t.whose()) + "; probes() { each")
	for _, name := range probeNames(want) {
		head.WriteString(" " + quote(name))
	}
	head.WriteString("; }; lines() { :")
	for _, line := range sshclient.Text(want).Lines {
		head.WriteString("; printf '%s\\n' " + quote(line))
	}
	head.WriteString("; }; ")
	return head.String() + oneLine(filesSource+oldSource+includesSource+commit.OwnedSource()+exposedSource+accountSource+clientGatherSource)
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

func clientScript(t Target, want sshclient.Want) host.Script {
	return t.asAccount(host.Script{Name: "gather", Text: clientGatherScript(t, want), Convergent: true})
}

func parseClient(t Target, want sshclient.Want, stdout string) (clientSeen, error) {
	r := clientReport{sections: newSections(stdout)}
	if err := r.read(r.section); err != nil {
		return clientSeen{}, err
	}
	return r.finish(t, want)
}

// clientReport is what client_gather.sh printed, on its way to being a clientSeen.
type clientReport struct {
	sections
	seen         clientSeen
	exposed      exposure
	main, system string
	alone, ended bool
}

func (r *clientReport) section(word, arg string) error {
	f := &r.seen.Facts
	switch word {
	case "nouser":
		return missing(NoUser, "the host has no user %q with a home directory", arg)
	case "nossh":
		return missing(NoSSH, "no ssh program is installed on the host")
	case "notemp":
		return errNoTemp
	case "noawk":
		return errNoAwk
	case "unreadable":
		return missing(NoRead, "%s cannot read the managed file: %s", f.User, arg)
	case "exposed", "whose", "path":
		return r.exposed.read(word, arg)
	case "special":
		return fmt.Errorf("%s is not a regular file, and ssh would wait for what it is, or never come to its end", arg)
	case "toobig":
		return fmt.Errorf("%s has more than 2 MiB, which is not a configuration file", arg)
	case "oddname":
		return errOddName(arg)
	case "user":
		uid, name, _ := strings.Cut(arg, " ")
		f.User = name
		return number(uid, &f.UID)
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
		return r.version(arg)
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
	case "file":
		r.names = append(r.names, arg)
	case "sizes":
		return r.contents()
	case "mount":
		f.Mounts = append(f.Mounts, mountPoint(arg))
	case "machine":
		r.seen.MachineID = arg
	case "end":
		r.ended = true
	default:
		return r.dump(word, arg, "dump", "canon")
	}
	return nil
}

func (r *clientReport) version(text string) error {
	v, err := sshconf.ParseVersion(text)
	if err != nil {
		return fmt.Errorf("%s did not tell its version: %w", r.seen.Detail.ssh, err)
	}
	r.seen.Facts.Version = v
	r.seen.Facts.VersionText, _, _ = strings.Cut(text, ",")
	return nil
}

func (r *clientReport) attr(arg string) error {
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
	err = number(fields[1], &s.UID)
	r.seen.Facts.Stats[fields[2]] = s
	return err
}

// finish draws the conclusions that need several sections.
func (r *clientReport) finish(t Target, want sshclient.Want) (clientSeen, error) {
	f := &r.seen.Facts
	if !r.ended || r.main == "" || r.system == "" || f.File == "" {
		return clientSeen{}, errCutShort
	}
	if strings.HasPrefix(t.File, "/") && f.File != t.File || t.whose() != "" && f.User != t.whose() {
		return clientSeen{}, fmt.Errorf("asked about %s of %s, the host reports %s of %s", t.File, t.whose(), f.File, f.User)
	}
	f.System = t.system()
	f.Contexts = sshclient.ProbesOf(want)
	f.Tree = sshconf.Tree{Dialect: sshconf.Client, Version: f.Version, Main: r.main, System: r.system, Dir: parentOf(r.system), Files: r.files}
	if r.alone {
		f.Tree.Main, f.Tree.System = f.File, ""
	}
	for i := range r.dumps {
		d := &r.dumps[i]
		switch {
		case d.kind == "dump" && d.exit != 0:
			f.Invalid = d.refusal("ssh -G")
			return r.seen, nil
		case d.kind == "canon" && d.exit != 0:
			f.Refused = d.refusal("ssh -G")
			f.Canonical = append(f.Canonical, nil)
		case d.kind == "canon":
			f.Canonical = append(f.Canonical, sshconf.ParseDump(d.out.String()))
		default:
			f.Effective = append(f.Effective, sshconf.ParseDump(d.out.String()))
		}
	}
	if len(f.Effective) != len(probeNames(want)) || len(f.Canonical) != len(f.Effective) {
		return clientSeen{}, errCutShort
	}
	f.Tree.NoGSSAPI = !f.Effective[0].HasGSSAPI()
	return r.seen, nil
}

func parentOf(name string) string { return name[:strings.LastIndexByte(name, '/')] }
