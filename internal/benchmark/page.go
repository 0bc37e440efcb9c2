package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

func (r *results) write(w io.Writer, _ surroundings, _ string, _ time.Duration) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, k := range r.rows {
		m := r.median(k)
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%d\t%.2f\t%.2f\t%d\t%d\t%d\n", k.hosts, k.roundTrip, k.who, k.what, k.parallel, m.wall.Seconds(), m.cpu.Seconds(), m.memory>>20, m.connections, m.roundTrips)
	}
	for _, x := range r.ratios() {
		fmt.Fprintf(t, "%+v\n", x)
	}
	return t.Flush()
}

// median is that of each number by itself.
func (r *results) median(k rowKey) measured {
	all := r.samples[k]
	return measured{
		took{middle(all, func(m measured) time.Duration { return m.wall }), middle(all, func(m measured) time.Duration { return m.cpu }), middle(all, func(m measured) int64 { return m.memory })},
		traffic{middle(all, func(m measured) int { return m.connections }), middle(all, func(m measured) int { return m.roundTrips })},
	}
}

func middle[T cmp.Ordered](all []measured, of func(measured) T) T {
	var values []T
	for _, m := range all {
		values = append(values, of(m))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
