package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// course is what is measured.
type course struct {
	hosts      []int
	roundTrips []time.Duration
	rounds     int
	contenders map[string]bool
	say        io.Writer // progress
}

// enough ends the repeats of a turn that has taken so long: it varies less than
// what is over in a moment.
const enough = 40 * time.Second

// results are in the order in which they came.
type results struct {
	rows    []rowKey
	samples map[rowKey][]measured
}

func (r *results) add(k rowKey, m measured) {
	if r.samples[k] == nil {
		r.rows = append(r.rows, k)
	}
	r.samples[k] = append(r.samples[k], m)
}

// run measures everything. The largest fleet serves for all.
func (c course) run(ctx context.Context) (r *results, err error) {
	work, err := os.MkdirTemp("", "sshkeepalive-benchmark-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	engine, noEngine := hosttest.Engine()
	if err := errors.Join(hosttest.Missing(), noEngine); err != nil {
		return nil, fmt.Errorf("something is missing:\n%w", err)
	}
	t := &tools{engine: engine, bin: filepath.Join(work, "bin")}
	if err := build(ctx, t.bin); err != nil {
		return nil, err
	}
	trouble := make(chan error, 1)
	fail := func(err error) {
		select {
		case trouble <- err:
		default: // the first failure is the one to report
		}
	}
	if t.question, err = record(ctx, t, filepath.Join(work, "record"), fail); err != nil {
		return nil, err
	}
	most := 0
	for _, n := range c.hosts {
		most = max(most, n)
	}
	fmt.Fprintf(c.say, "%s starting %d hosts\n", time.Now().Format(time.TimeOnly), most)
	all, err := bootFleet(most, hostOptions(false), fail)
	if err != nil {
		return nil, err
	}
	defer all.close()
	r = &results{samples: map[rowKey][]measured{}}
	for _, n := range c.hosts {
		for _, roundTrip := range c.roundTrips {
			dir := filepath.Join(work, fmt.Sprintf("%d-%s", n, roundTrip))
			if err := c.play(ctx, r, t, all[:n], roundTrip, dir); err != nil {
				return nil, err
			}
		}
	}
	select {
	case err := <-trouble:
		return nil, err
	default:
		return r, nil
	}
}

// play measures one number of hosts at one distance. Rounds are run one after
// another, and not each step so many times, so that whatever else this machine
// does meanwhile meets all contenders.
func (c course) play(ctx context.Context, r *results, t *tools, hosts fleet, roundTrip time.Duration, dir string) error {
	shorten, err := hosts.lengthen(roundTrip)
	if err != nil {
		return err
	}
	defer shorten()
	s, err := newScene(t, hosts, roundTrip, dir)
	if err != nil {
		return err
	}
	turns := s.turns(c.contenders)
	spent := make([]time.Duration, len(turns))
	for round := range c.rounds {
		for i, turn := range turns {
			if spent[i] > enough {
				continue
			}
			took, err := c.take(ctx, r, s, turn)
			if err != nil {
				return fmt.Errorf("round %d: %w", round+1, err)
			}
			spent[i] += took
		}
	}
	return nil
}

// take runs the steps of a turn.
func (c course) take(ctx context.Context, r *results, s *scene, t turn) (spent time.Duration, err error) {
	if t.fresh != nil {
		if err := t.fresh(); err != nil {
			return 0, err
		}
	}
	for _, step := range t.steps {
		k := rowKey{len(s.hosts), s.roundTrip, step.who, step.what, step.parallel}
		m, err := s.measure(ctx, step)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", k, err)
		}
		fmt.Fprintf(c.say, "%s %s: %.2f s, CPU %.2f s, %d MiB, %d connections, %d round trips\n",
			time.Now().Format(time.TimeOnly), k, m.wall.Seconds(), m.cpu.Seconds(), m.memory>>20, m.connections, m.roundTrips)
		r.add(k, m)
		spent += m.wall
	}
	return spent, nil
}

func (s *scene) measure(ctx context.Context, step step) (m measured, err error) {
	if _, err = s.hosts.traffic(); err != nil { // what came before
		return m, err
	}
	if m.took, err = step.command.measure(ctx); err != nil {
		return m, err
	}
	if m.traffic, err = s.hosts.traffic(); err == nil && step.changes {
		err = s.hosts.changed()
	}
	return m, err
}
