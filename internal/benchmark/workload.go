package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// workload is what is measured, and the results.
type workload struct {
	hosts      []int
	roundTrips []time.Duration
	rounds     int
	contenders map[string]bool
	flags      *flag.FlagSet
	base       string    // a commit to compare with, "" for all others
	page       string    // "" is standard output
	say        io.Writer // progress
	results    results
}

// enough ends the repeats of what has taken so long: it varies less than what is
// over in a moment.
const enough = 10 * time.Second

// run measures everything. The largest fleet serves for all.
func (c *workload) run(ctx context.Context) error {
	engine, noEngine := hosttest.Engine()
	if err := errors.Join(hosttest.Missing(), noEngine); err != nil {
		return fmt.Errorf("something is missing:\n%w", err)
	}
	work, err := os.MkdirTemp("", "sshkeepalive-benchmark-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	trouble := make(chan error, 1)
	fail := func(err error) {
		select {
		case trouble <- err:
		default: // the first failure is the one to report
		}
	}
	err = c.runIn(ctx, work, engine, fail)
	select {
	case first := <-trouble:
		return errors.Join(first, err)
	default:
		return err
	}
}

func (c *workload) runIn(ctx context.Context, work, engine string, fail func(error)) error {
	c.tell("building the programs")
	t := &tools{engine: engine, bin: filepath.Join(work, "bin")}
	if err := build(ctx, t.bin); err != nil {
		return err
	}
	if c.base != "" {
		return c.compareWithBase(ctx, t, work, fail)
	}
	var err error
	if t.question, err = record(ctx, t, filepath.Join(work, "record"), fail); err != nil {
		return err
	}
	c.tell(fmt.Sprintf("starting %d hosts", slices.Max(c.hosts)))
	all, err := bootFleet(slices.Max(c.hosts), hostOptions(false), fail)
	if err != nil {
		return err
	}
	defer all.close()
	for _, n := range c.hosts {
		for _, roundTrip := range c.roundTrips {
			if err := c.play(ctx, t, all[:n], roundTrip, filepath.Join(work, fmt.Sprintf("%d-%s", n, roundTrip))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *workload) tell(what string) {
	fmt.Fprintln(c.say, time.Now().Format(time.TimeOnly), what)
}

// play measures one number of hosts at one distance.
func (c *workload) play(ctx context.Context, t *tools, hosts fleet, roundTrip time.Duration, dir string) error {
	shorten, err := hosts.lengthen(roundTrip)
	if err != nil {
		return err
	}
	defer shorten()
	s, err := newScenario(t, hosts, roundTrip, dir)
	if err != nil {
		return err
	}
	for _, round := range s.allRounds(c.contenders) {
		if err := c.take(ctx, s, round); err != nil {
			return err
		}
	}
	return nil
}

// take repeats a round. What is compared with each other alternates, so that other load
// on this machine affects all of it.
func (c *workload) take(ctx context.Context, s *scenario, t round) error {
	var spent time.Duration
	for range c.rounds {
		if spent < enough {
			took, err := c.begin(ctx, s, t)
			if err != nil {
				return err
			}
			spent += took
		}
		if _, err := c.walk(ctx, s, t.second); err != nil {
			return err
		}
	}
	return nil
}

func (c *workload) begin(ctx context.Context, s *scenario, t round) (spent time.Duration, err error) {
	if t.fresh != nil {
		if err := t.fresh(); err != nil {
			return 0, err
		}
	}
	return c.walk(ctx, s, t.first)
}

func (c *workload) walk(ctx context.Context, s *scenario, steps []step) (spent time.Duration, err error) {
	for _, step := range steps {
		k := row{len(s.hosts), s.roundTrip, step.who, step.what, step.parallel}
		m, err := s.measure(ctx, step)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", k, err)
		}
		c.tell(fmt.Sprintf("%s: %s", k, m))
		c.results.add(k, m)
		spent += m.wall
	}
	return spent, nil
}

func (s *scenario) measure(ctx context.Context, step step) (m measured, err error) {
	if _, err = s.hosts.traffic(); err != nil { // what came before
		return m, err
	}
	if m.took, err = step.command.measure(ctx, s.program("rusage")); err != nil {
		return m, err
	}
	if m.traffic, err = s.hosts.traffic(); err == nil && step.changes {
		err = s.hosts.changed()
	}
	return m, err
}
