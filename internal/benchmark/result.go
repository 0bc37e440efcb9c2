package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// row names a row of the tables.
type row struct {
	hosts     int
	roundTrip time.Duration
	who, what string
	parallel  int
}

func (k row) String() string {
	return fmt.Sprintf("%s, %s away, %s: %s, %d at a time", plural(k.hosts), k.roundTrip, k.who, k.what, k.parallel)
}

// measured is what one step took once.
type measured struct {
	took
	traffic
}

func (m measured) String() string {
	return fmt.Sprintf("%.2f s, CPU %.3f s, %d MiB, %d connections, round trips %s", m.wall.Seconds(), m.cpu.Seconds(), m.memory>>20, m.connections, counted(m.roundTrips))
}

// results are in the order in which they came.
type results struct {
	rows    []row
	samples map[row][]measured
}

func (r *results) add(k row, m measured) {
	if r.samples == nil {
		r.samples = map[row][]measured{}
	}
	if r.samples[k] == nil {
		r.rows = append(r.rows, k)
	}
	r.samples[k] = append(r.samples[k], m)
}

// median is that of each number by itself; false if nothing was measured.
func (r *results) median(k row) (m measured, ok bool) {
	all := r.samples[k]
	if all == nil {
		return m, false
	}
	m.wall = middle(all, func(m measured) time.Duration { return m.wall })
	m.cpu = middle(all, func(m measured) time.Duration { return m.cpu })
	m.memory = middle(all, func(m measured) int64 { return m.memory })
	m.connections = middle(all, func(m measured) int { return m.connections })
	m.roundTrips = middle(all, func(m measured) int { return m.roundTrips })
	return m, true
}

func middle[T cmp.Ordered](all []measured, of func(measured) T) T {
	var values []T
	for _, m := range all {
		values = append(values, of(m))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
