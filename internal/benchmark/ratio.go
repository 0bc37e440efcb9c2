package main

import "time"

// The targets of the ratios.
const (
	floorTarget   = 1.3
	ansibleTarget = 10
)

// ratio compares two rows, in time and in processor time.
type ratio struct {
	hosts     int
	roundTrip time.Duration
	parallel  int
	name      string
	wall, cpu float64
}

// ratios compares what has been measured of both.
func (r *results) ratios() (found []ratio) {
	for _, k := range r.rows {
		if k.who != ours || k.what != planSame {
			continue
		}
		idle := k
		idle.who = nothing
		for _, what := range []string{readSame, readTrue} {
			floor := k
			floor.who, floor.what = raw, what
			found = r.overFloor(found, k, idle, floor)
		}
		for _, manner := range []string{defaults, pipelining} {
			for _, forks := range ansibleForks(k.hosts) {
				other := rowKey{k.hosts, k.roundTrip, ansible, secondRun + ", " + manner, forks}
				found = r.overOurs(found, k, other)
			}
		}
	}
	return found
}

func (r *results) overFloor(found []ratio, k, idle, floor rowKey) []ratio {
	if r.samples[idle] == nil || r.samples[floor] == nil {
		return found
	}
	a, b, c := r.median(k), r.median(idle), r.median(floor)
	return append(found, ratio{k.hosts, k.roundTrip, k.parallel, "beyond no-op / " + floor.what, quotient(a.wall-b.wall, c.wall), quotient(a.cpu-b.cpu, c.cpu)})
}

func (r *results) overOurs(found []ratio, k, other rowKey) []ratio {
	if r.samples[other] == nil {
		return found
	}
	a, b := r.median(k), r.median(other)
	return append(found, ratio{k.hosts, k.roundTrip, k.parallel, other.what, quotient(b.wall, a.wall), quotient(b.cpu, a.cpu)})
}

func quotient(a, b time.Duration) float64 { return float64(a) / float64(b) }
