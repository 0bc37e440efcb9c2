package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// base is the name of the provider as it was at an earlier commit, and baseNothing that of
// a provider with its schemas that does nothing.
const (
	base        = "base"
	baseNothing = "base no-op"
	baseLean    = "base no-op, lean"
)

// buildBase builds the provider of the commit ref of this repository into dir.
func buildBase(ctx context.Context, ref, dir string) error {
	tree, err := os.MkdirTemp("", "sshkeepalive-base-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree)
	for _, args := range [][]string{
		{"git", "worktree", "add", "--quiet", "--detach", "--force", tree, ref},
		{"go", "-C", tree, "build", "-o", filepath.Join(dir, base, provider), "."},
		{"go", "-C", tree, "build", "-o", filepath.Join(dir, baseNothing, provider), "./internal/benchmark/noop"},
		{"git", "worktree", "remove", "--force", tree},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("build the provider of -base %s: %s: %w: %s", ref, strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// compareWithBase measures plans without changes of this provider and of the one
// at c.base, in turn, each on hosts of its own that are made alike.
func (c *workload) compareWithBase(ctx context.Context, t *tools, work string, fail func(error)) error {
	if err := buildBase(ctx, c.base, t.bin); err != nil {
		return err
	}
	most := slices.Max(c.hosts)
	c.tell(fmt.Sprintf("starting 2 x %d hosts", most))
	all, err := bootFleet(2*most, hostOptions(false), fail)
	if err != nil {
		return err
	}
	defer all.close()
	for i, host := range all {
		host.name = fmt.Sprintf("web%d", i%most)
	}
	for _, n := range c.hosts {
		for _, roundTrip := range c.roundTrips {
			dir := filepath.Join(work, fmt.Sprintf("%d-%s", n, roundTrip))
			if err := c.compareAt(ctx, t, [2]fleet{all[:n], all[most : most+n]}, roundTrip, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareAt measures one number of hosts at one distance: hosts[0] with this
// provider, hosts[1] with the earlier one.
func (c *workload) compareAt(ctx context.Context, t *tools, hosts [2]fleet, roundTrip time.Duration, dir string) error {
	var plans []func() error
	for i, who := range []string{ours, base} {
		shorten, err := hosts[i].lengthen(roundTrip)
		if err != nil {
			return err
		}
		defer shorten()
		s, err := newScenario(t, hosts[i], roundTrip, filepath.Join(dir, who))
		if err != nil {
			return err
		}
		if err := errors.Join(s.writeTerraform(base), s.writeTerraform(baseNothing), s.hosts.reset()); err != nil {
			return err
		}
		life := s.terraform(who, min(10, len(hosts[i])))
		if _, err := c.walk(ctx, s, life[:2]); err != nil {
			return err
		}
		plans = append(plans, func() error { _, err := c.walk(ctx, s, life[2:]); return err })
		baseline := s.terraform([]string{nothing, baseNothing}[i], min(10, len(hosts[i])))[2]
		baseline.who, baseline.command.env = []string{lean, baseLean}[i], append(baseline.command.env, "NOOP=lean")
		baseline.command.args = append(baseline.command.args, "-state="+s.path(who, "terraform.tfstate"))
		plans = append(plans, func() error { _, err := c.walk(ctx, s, []step{baseline}); return err })
	}
	for round := range c.rounds {
		// Who begins changes, so that neither is always the one after the other.
		for i := range plans {
			if err := plans[(i+round)%len(plans)](); err != nil {
				return err
			}
		}
	}
	return nil
}

// The targets: how many times longer than the earlier provider a plan, and the look at
// the hosts in it, may take.
const (
	planTarget = 1.05
	lookTarget = 1.10
)

const baseHead = `
## A plan without changes, and the one of %s

The plan with this provider over the plan with the provider of that commit. A look is what the plan takes beyond one with a lean no-op provider that has the same schemas: what Terraform itself does with more attributes is not part of it. At most %.2f is the target for a plan of 100 hosts, and %.2f for a look; misses are marked ✗. Each provider has hosts of its own that are made alike, and the runs alternate.

| hosts | away | plan: wall | CPU | look: wall | CPU | measured |
|--:|--:|--:|--:|--:|--:|--:|
`

// comparison writes the table of this provider over the earlier one.
func (r report) comparison(page *strings.Builder) {
	fmt.Fprintf(page, baseHead, r.base, planTarget, lookTarget)
	for _, k := range r.rows {
		if k.who != ours || k.what != planSame {
			continue
		}
		earlier, baseline, baselineThen := k, k, k
		earlier.who, baseline.who, baselineThen.who = base, lean, baseLean
		now, _ := r.median(k)
		then, ok := r.median(earlier)
		least, okIdle := r.median(baseline)
		leastThen, okIdleThen := r.median(baselineThen)
		ok = ok && okIdle && okIdleThen
		fmt.Fprintf(page, "| %d | %d ms | %s | %s | %s | %s | %d |\n", k.hosts, k.roundTrip.Milliseconds(),
			atMost(over(now.wall, then.wall), planTarget, ok), atMost(over(now.cpu, then.cpu), planTarget, ok),
			atMost(over(now.wall-least.wall, then.wall-leastThen.wall), lookTarget, ok), atMost(over(now.cpu-least.cpu, then.cpu-leastThen.cpu), lookTarget, ok), len(r.samples[k]))
	}
}

func atMost(x, target float64, ok bool) string { return judged(x, ok, x <= target) }
