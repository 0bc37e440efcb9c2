// Package system looks at what a host itself does with dead connections and the processes
// of ended logins, and has the kernel and logind take over new values.
package system

import (
	"context"
	_ "embed"
	"errors"
	"slices"
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
	Stale:   func(_ reconcile.Target, have system.Facts) bool { return system.Stale(have) },
	Verify: func(_ system.Want, plan keepalive.Plan, have system.Facts) error {
		return mismatch(plan.Expect, have)
	},

	Prepare: prepare,
	Fresh:   true,
	Confirm: func(c *change, after seen, _ commit.Pending) error { return mismatch(c.Plan.Expect, after.Facts) },
	Tidy: func(ctx context.Context, c *change, outcome reconcile.Outcome) {
		if outcome == reconcile.Unchanged || outcome == reconcile.RolledBack {
			_ = shell.RemoveDirs(ctx, c.Host, c.Plan.MakeDirs)
		}
	},
	Finish: func(ctx context.Context, c *change) { _ = shell.RemoveDirs(ctx, c.Host, c.Plan.RemoveDirs) },
}

func script(t reconcile.Target, _ system.Want) host.Script {
	return host.Script{Name: "gather", Text: shell.Flag("IMAGE", t.IsImage()) + "OURS=" + shell.Quote(system.SysctlFile+" "+system.LogindFile) + "; " + shell.Pack(shell.Files, gatherSource), Root: true, Convergent: true}
}

func digests(_ system.Want, have system.Facts) map[string]string {
	list := map[string]string{}
	for _, file := range []string{system.SysctlFile, system.LogindFile} {
		if d := reconcile.Digest(have.Files[file]); d != "" {
			list[file] = d
		}
	}
	return list
}

func mismatch(expect []keepalive.Expectation, have system.Facts) error {
	if text := system.Mismatch(expect, have); text != "" {
		return errors.New(text)
	}
	return nil
}

// confirmTimeout is how long a host waits for the confirming connection.
const confirmTimeout = 60 * time.Second

// prepare lays the change out for the protocol: files, and for a host that runs the commands
// by which the kernel and logind take over the new values, and the old ones again.
func prepare(ctx context.Context, c *change) (commit.Request, string, error) {
	if err := shell.MakeDirs(ctx, c.Host, c.Plan.MakeDirs); err != nil {
		return commit.Request{}, "prepare", err
	}
	id, before, after := commit.NewID(), c.Before.Facts.Values, map[string]string{}
	for _, x := range c.Plan.Expect {
		after[x.Keyword] = x.Values[0]
	}
	req := commit.Request{ID: id, StageDir: commit.StageDir(id), Activate: commit.Activation{Kind: commit.None}}
	req.Main = req.StageDir + system.SysctlFile
	for _, x := range c.Plan.Changes {
		req.Changes = append(req.Changes, commit.Change(x))
	}
	if !c.Target.IsImage() {
		req.ConfirmTimeout = confirmTimeout
		req.Activate = commit.Activation{Kind: commit.Commands, Load: commands(c, before, after), Unload: commands(c, after, before)}
	}
	return req, "", nil
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
			logind = append(logind, shell.Quote(a.Keyword), shell.Quote(onBus(value)))
		case was != value:
			text += "kernel " + shell.Quote(strings.TrimPrefix(a.Keyword, "net.ipv4.")) + " " + shell.Quote(value) + " || return\n"
		}
	}
	if len(logind) > 0 || slices.Contains(c.Plan.Paths(), system.LogindFile) {
		text += "logind " + strings.Join(logind, " ") + "\n"
	}
	return text
}

// onBus is a value as D-Bus has it.
func onBus(value string) string {
	switch value {
	case "yes":
		return "true"
	case "no":
		return "false"
	}
	return value
}
