package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

type (
	seen      = reconcile.Seen[sshserver.Facts, Detail]
	change    = reconcile.Change[sshserver.Want, sshserver.Facts, Detail]
	wantQuery = reconcile.Query[sshserver.Want, sshserver.Facts, Detail]
)

// Detail is what the steps of a change of sshd_config need to know besides its
// facts.
type Detail struct {
	sshd       string // path of the program
	activation commit.Activation
	listen     []string // address and inode of each listening socket
	index      factIndex
}

// Kind is the configuration of an sshd.
var Kind = reconcile.Kind[sshserver.Want, sshserver.Facts, Detail]{
	Batch: &reconcile.Batch[sshserver.Want, sshserver.Facts, Detail]{
		Scope:           func(t reconcile.Target) string { return t.File },
		Gather:          gather,
		Answer:          answerFor,
		WithoutRefusals: withoutRefusals,
	},
	Plan: sshserver.Plan,
	Restore: func(want sshserver.Want, have sshserver.Facts) keepalive.Plan {
		return sshserver.Restore(want.DropInName, have)
	},
	Nothing: func(want sshserver.Want) sshserver.Want { return sshserver.Want{DropInName: want.DropInName} },
	Holder: func(want sshserver.Want, have sshserver.Facts) string {
		return sshserver.Holder(want.DropInName, have)
	},
	Claim:   func(want sshserver.Want) keepalive.Claim { return want.Claim },
	Digests: digests,
	Stale: func(t reconcile.Target, _ keepalive.Plan, have sshserver.Facts) bool {
		return have.Daemon.Stale && !t.NoReload
	},
	Verify: func(_ sshserver.Want, plan keepalive.Plan, have sshserver.Facts) error {
		return firstMismatch(plan.Expect, have)
	},
	Endpoints: func(c *change) host.Spec { return withNewEndpoints(c.Target.Spec, c.Before, opened(c)) },
	RootDirs:  true,
	Prepare:   func(_ context.Context, c *change) (commit.Request, string, error) { return request(c), "", nil },
	Fresh:     true,
	Confirm:   confirm,
}

// Live is Kind for those who want to know what holds now: no look answers a later asker.
func Live() reconcile.Kind[sshserver.Want, sshserver.Facts, Detail] {
	live, batch := Kind, *Kind.Batch
	batch.WithoutRefusals = func(seen) (seen, bool) { return seen{}, false }
	live.Batch = &batch
	return live
}

// digests are the SHA-256 of the files of the configuration tree.
func digests(want sshserver.Want, have sshserver.Facts) map[string]string {
	return reconcile.Digests(have.Tree.Files, func(name string, text []byte) []byte {
		return sshserver.WithoutOthers(name, text, want.DropInName)
	})
}

// opened are the endpoints at which sshd listens once the plan is in force.
func opened(c *change) []endpoint {
	running := c.Before.Facts.Tree
	return newEndpoints(running, reconcile.CandidateTree(running, c.Plan.Changes))
}

// confirm returns what speaks against the change: the confirming connection was
// answered by a daemon that has not loaded the new files, or they do not do what was
// wanted.
func confirm(c *change, after seen, live commit.Pending) error {
	switch {
	case c.Before.MachineID != after.MachineID:
		return fmt.Errorf("another machine answered: its id is %s, not %s", after.MachineID, c.Before.MachineID)
	case after.Facts.Invalid != "":
		return fmt.Errorf("sshd refuses the configuration: %s", after.Facts.Invalid)
	case after.Facts.Daemon.Stale && !c.Target.NoReload:
		return errors.New("the daemon that answered has not loaded the new files")
	case live.Proof == "inode" && !slices.ContainsFunc(live.After, after.Detail.listens):
		return errors.New("the daemon that answered does not listen on the sockets that the reload opened")
	}
	if !c.Target.NoReload {
		if err := unopened(after.Detail, opened(c)); err != nil {
			return err
		}
	}
	return firstMismatch(c.Plan.Expect, after.Facts)
}

// unopened names the first endpoint at whose port nothing listens. sshd -T shows
// the Port of its files even where systemd has the socket and ignores it.
func unopened(after Detail, endpoints []endpoint) error {
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

// listens reports whether a listening socket has this inode.
func (d Detail) listens(inode string) bool {
	return slices.ContainsFunc(d.listen, func(l string) bool { return strings.HasSuffix(l, " "+inode) })
}

// listensAt reports whether any socket listens at this port: /proc/net/tcp writes
// it in four hexadecimal digits.
func (d Detail) listensAt(port int) bool {
	return slices.ContainsFunc(d.listen, func(l string) bool {
		address, _, _ := strings.Cut(l, " ")
		return strings.HasSuffix(address, fmt.Sprintf(":%04X", port))
	})
}
