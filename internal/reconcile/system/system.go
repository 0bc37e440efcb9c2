// Package system looks at what a host itself does with dead connections and the processes
// of ended logins, and has the kernel and logind take over new values.
package system

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

var (
	//go:embed gather.sh
	gatherSource string
	//go:embed load.sh
	loadSource string
)

type (
	seen   = reconcile.Seen[system.Facts, struct{}]
	change = reconcile.Change[system.Want, system.Facts, struct{}]
)

// Kind is what the kernel and logind of a host do. A path that loses packets may not survive
// few retransmissions: only a new connection confirms a change.
var Kind = reconcile.Kind[system.Want, system.Facts, struct{}]{
	Script: script,
	Parse:  parse,

	Plan:    system.Plan,
	Restore: func(_ system.Want, have system.Facts) keepalive.Plan { return system.Restore(have) },
	Nothing: func(system.Want) system.Want { return system.Want{} },
	Holder:  func(_ system.Want, have system.Facts) string { return system.Holder(have) },
	Claim:   func(want system.Want) keepalive.Claim { return want.Claim },
	Digests: digests,
	Stale: func(_ reconcile.Target, plan keepalive.Plan, have system.Facts) bool {
		return system.Mismatch(plan.Expect, have) != nil
	},
	Verify: func(_ system.Want, plan keepalive.Plan, have system.Facts) error {
		return system.Mismatch(plan.Expect, have)
	},

	RootDirs: true,
	Prepare:  func(_ context.Context, c *change) (commit.Request, string, error) { return request(c), "", nil },
	Fresh:    true,
	Confirm: func(c *change, after seen, _ commit.Pending) error {
		return system.Mismatch(c.Plan.Expect, after.Facts)
	},
}

func script(t reconcile.Target, _ system.Want) host.Script {
	return host.Script{Name: "gather", Text: shell.Flag("IMAGE", t.IsImage()) + "OURS=" + shell.Quote(strings.Join(system.DropIns(), " ")) + "; " + shell.Pack(shell.Files, gatherSource), Root: true, Convergent: true}
}

func digests(_ system.Want, have system.Facts) map[string]string {
	return reconcile.Digests(have.Files, func(name string, text []byte) []byte {
		if !slices.Contains(system.DropIns(), name) {
			return nil
		}
		return text
	})
}

// report is what gather.sh printed, on its way to being a look.
type report struct {
	shell.Report
	facts system.Facts
	bus   []string
}

func parse(t reconcile.Target, _ system.Want, stdout string) (s seen, err error) {
	r := report{Report: shell.NewReport(stdout, t.Spec.Masker), facts: system.Facts{Image: t.IsImage(), Values: map[string]string{}, Lacks: map[string]string{}}}
	if err := r.ReadToEnd(r.section); err != nil {
		return s, err
	}
	r.logind()
	s.MachineID, s.Facts = r.MachineID, r.facts
	s.Facts.Files, s.Facts.Mounts = r.Files, r.Mounts
	return s, nil
}

func (r *report) section(word, arg string) error {
	f := &r.facts
	name, rest, _ := strings.Cut(arg, " ")
	switch word {
	case "value":
		n, err := strconv.ParseInt(rest, 10, 32)
		if err != nil {
			return fmt.Errorf("the host reports %q as the value of %q, which is not a number", r.Cut(rest, 100), r.Cut(name, 100))
		}
		f.Values[name] = strconv.FormatInt(n, 10)
	case "lacks":
		f.Lacks[name] = rest
	case "bus":
		r.bus = append(r.bus, arg)
	case "init":
		f.Init = arg
	case "sysctl":
		f.Sysctl = append(f.Sysctl, arg)
	case "logind":
		f.Logind = append(f.Logind, arg)
	case "there":
		f.Dirs = append(f.Dirs, arg)
	default:
		return fmt.Errorf("unexpected section %q in the report of facts", r.Cut(word, 200))
	}
	return nil
}

// logind reads the lines of busctl, in the order in which gather.sh asks: "b true", and of
// a list its length and its quoted names. Where it says anything else, it does not answer.
func (r *report) logind() {
	if r.facts.Init != "systemd" || r.facts.Image {
		return
	}
	properties := []string{"KillUserProcesses", "KillExcludeUsers", "KillOnlyUsers"}
	if len(r.bus) != len(properties) || !strings.HasPrefix(r.bus[0], "b ") {
		r.facts.Lacks["logind"] = "systemd-logind does not answer: " + r.Cut(strings.Join(r.bus, "; "), 300)
		return
	}
	for i, keyword := range properties {
		_, value, _ := strings.Cut(r.bus[i], " ")
		if i > 0 {
			_, value, _ = strings.Cut(value, " ")
		}
		r.facts.Values[keyword] = system.Spell(keyword, strings.ReplaceAll(value, `"`, ""))
	}
}

// request lays the change out for the protocol: files, and for a host that runs the commands
// by which the kernel and logind take over the new values, and the old ones again.
func request(c *change) commit.Request {
	req := reconcile.NewRequest(system.SysctlFile, c.Plan.Changes)
	if c.Target.IsImage() {
		return req
	}
	before, after := c.Before.Facts.Values, map[string]string{}
	for _, x := range c.Plan.Expect {
		after[x.Keyword] = x.Values[0]
	}
	req.ConfirmTimeout = 60 * time.Second
	req.Activate = commit.Activation{Kind: commit.Commands, Load: commands(c, before, after), Unload: commands(c, after, before)}
	return req
}

// commands set each value that both have and that differs, and have logind read its files
// and use the values that are expected.
func commands(c *change, from, to map[string]string) string {
	var logind []string
	text := loadSource
	for _, a := range system.Attributes() {
		was, known := from[a.Keyword]
		value, also := to[a.Keyword]
		switch {
		case !known || !also:
		case !system.IsKernel(a.Keyword):
			onBus := map[string]string{"yes": "true", "no": "false"}[value]
			logind = append(logind, shell.Quote(a.Keyword), shell.Quote(cmp.Or(onBus, value)))
		case was != value:
			text += "kernel " + shell.Quote(strings.TrimPrefix(a.Keyword, "net.ipv4.")) + " " + shell.Quote(value) + " || return\n"
		}
	}
	if len(logind) > 0 || slices.Contains(c.Plan.Paths(), system.LogindFile) {
		text += "logind " + strings.Join(logind, " ") + "\n"
	}
	return text
}
