// Package container looks at the container of a Coolify, beside its environment file: which
// image it runs, since when, and which shared connections are in it. It changes nothing.
//
// It knows how engines and the kernel are asked. It must not know which releases are good.
package container

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/envfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

//go:embed gather.sh
var gatherSource string

type seen = reconcile.Seen[coolify.Installation, struct{}]

// Kind looks at a Coolify: the environment file of the target, and the container whose name
// is wanted. Sockets and processes come and go, so nothing is remembered for those who ask
// later.
var Kind = reconcile.Kind[string, coolify.Installation, struct{}]{
	Check: func(t reconcile.Target) []keepalive.Problem { return coolify.CheckFile(t.File) },
	Script: func(t reconcile.Target, name string) host.Script {
		return host.Script{Name: "coolify", Text: gatherScript(t, name), Root: true, Convergent: true}
	},
	Parse: parse,
	Keep:  func(coolify.Installation) bool { return false },
}

func gatherScript(t reconcile.Target, name string) string {
	envText := envfile.Kind.Script(t, coolify.Want{}).Text
	return "CONTAINER=" + shell.Quote(name) + "; TIMED=1; " + shell.Pack(shell.Files, shell.Listening, gatherSource) + " " + envText
}

func parse(t reconcile.Target, _ string, stdout string) (s seen, err error) {
	r := report{Report: shell.NewReport(stdout, t.Spec.Masker)}
	if err := r.Read(r.section); err != nil {
		return s, err
	}
	if !r.env {
		return s, shell.ErrCutShort
	}
	file, err := envfile.Kind.Parse(t, coolify.Want{}, r.text)
	if err != nil {
		return s, err
	}
	r.facts.Facts = file.Facts
	s.Facts, s.MachineID = r.facts, file.MachineID
	return s, nil
}

// report is what gather.sh printed.
type report struct {
	shell.Report
	facts  coolify.Installation
	uptime int64    // in hundredths of a second
	paths  []string // of the sockets that were told, those without a file among them
	files  int      // how many of them have a file
	env    bool     // what follows is the report of the environment file,
	text   string   // which is this
}

// section takes one line of the report.
func (r *report) section(word, arg string) error {
	switch word {
	case "env":
		r.env, r.text, r.Rest = true, r.Rest, ""
	case "now":
		return shell.Number(arg, &r.facts.Now)
	case "noproc":
		r.facts.NoContainer = fmt.Sprintf("the host (%s) has no /proc of Linux", r.Shown(arg, 40))
	case "engine":
		r.facts.Engine = r.Shown(arg, 20)
	case "refused":
		engine, why, _ := strings.Cut(arg, " ")
		if r.facts.NoContainer != "" {
			r.facts.NoContainer += "; "
		}
		r.facts.NoContainer += r.Shown(engine+": "+strings.TrimSpace(why), 600)
	case "container":
		return r.container(strings.SplitN(arg, " ", 6))
	case "foreign":
		r.facts.NoSockets = fmt.Sprintf("process %s, which %s names, is not in a container on this host", r.Shown(arg, 20), r.facts.Engine)
	case "nodir":
		r.facts.NoSockets = r.Shown(arg, 200)
	case "uptime":
		r.facts.Seen = true
		return shell.Uptime(arg, &r.uptime)
	case "socket", "lost":
		return r.socket(word, strings.Split(arg, " "))
	case "listener":
		return r.listener(strings.SplitN(arg, " ", 5))
	default:
		return r.odd(word, arg)
	}
	return nil
}

func (r *report) odd(word, arg string) error {
	return fmt.Errorf("unexpected section %q in the report of a container: %q", r.Cut(word, 40), r.Cut(arg, 100))
}

var idForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// container takes what the engine tells of it, in the words of gather.sh.
func (r *report) container(f []string) error {
	c := coolify.Container{}
	if len(f) != 6 || !idForm.MatchString(f[0]) || shell.Number(f[1], &c.PID) != nil {
		return r.odd("container", strings.Join(f, " "))
	}
	var texts [4]string
	for i := range texts {
		if json.Unmarshal([]byte(f[2+i]), &texts[i]) != nil {
			return r.odd("container", f[2+i])
		}
	}
	c.ID, c.Created, c.Started = f[0], since1970(texts[0]), since1970(texts[1])
	c.Status, c.Image = r.Shown(texts[2], 40), r.Shown(texts[3], 300)
	r.facts.Container, r.facts.NoContainer = &c, ""
	return nil
}

// since1970 reads a time as engines write it: 0 where it is not known, which both engines
// write as a time of the year 1.
func since1970(text string) int64 {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return max(0, at.Unix())
	}
	return 0
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_.:@-]{1,100}$`)

// socket takes one of a name that has a file, or of one that has none.
func (r *report) socket(word string, f []string) error {
	name := f[len(f)-1]
	if !nameForm.MatchString(name) || !r.facts.Seen || len(r.paths) >= 6000 {
		return r.odd(word, strings.Join(f, " "))
	}
	r.paths = append(r.paths, name)
	if word == "lost" {
		return nil
	}
	s := coolify.Socket{Name: name}
	made := 0
	if len(f) != 4 || r.files != len(r.paths)-1 || shell.Number(f[1], &s.UID) != nil || shell.Number(f[2], &made) != nil {
		return r.odd(word, strings.Join(f, " "))
	}
	r.files++
	s.Mode, s.Age = r.Shown(f[0], 4), max(0, int64(r.facts.Now-made))
	r.facts.Sockets = append(r.facts.Sockets, s)
	return nil
}

// listener takes a process of the container that listens at one of the sockets.
func (r *report) listener(f []string) error {
	var n, start int
	var m coolify.Master
	if len(f) != 5 || shell.Number(f[0], &n) != nil || n < 1 || n > len(r.paths) || shell.Number(f[1], &m.PID) != nil || shell.Number(f[3], &start) != nil {
		return r.odd("listener", strings.Join(f, " "))
	}
	if shell.Number(f[2], &m.UID) != nil {
		return nil //nolint:nilerr // a process that went meanwhile has no account
	}
	m.Name, m.Program, m.Age = r.paths[n-1], r.Shown(f[4], 64), max(0, r.uptime-int64(start))/100
	r.facts.Masters = append(r.facts.Masters, m)
	return nil
}
