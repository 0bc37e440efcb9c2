package main

import "time"

// The targets: how many times the floor a plan without changes may cost beyond
// what Terraform costs by itself, and how many times longer Ansible must take.
const (
	floorTarget   = 1.3
	ansibleTarget = 10
)

// ratio compares two things by time and by processor time; ok is false where one
// of them was not measured.
type ratio struct {
	wall, cpu float64
	ok        bool
}

// verdict is what a plan without changes comes to.
type verdict struct {
	plan row
	// floor is what the plan takes beyond a lean no-op provider, over a loop that
	// asks the hosts the same; ordinary, beyond an ordinary one; bare, over a loop
	// that asks nothing.
	floor, ordinary, bare ratio
	// ansible is a run without changes over the plan; tuned, the fastest one.
	ansible, tuned ratio
}

func (r *results) verdicts() (found []verdict) {
	for _, k := range r.rows {
		if k.who == ours && k.what == planSame {
			found = append(found, r.verdict(k))
		}
	}
	return found
}

func (r *results) verdict(plan row) verdict {
	v := verdict{plan: plan}
	v.floor = r.beyond(lean, plan, readSame)
	v.ordinary = r.beyond(nothing, plan, readSame)
	v.bare = r.beyond(lean, plan, readTrue)
	forks := 5
	if plan.parallel > 10 {
		forks = 50
	}
	v.ansible = r.longer(plan, defaults, forks)
	v.tuned = r.longer(plan, pipelining, 50)
	return v
}

func (r *results) beyond(terraform string, plan row, floor string) ratio {
	baseline, least := plan, plan
	baseline.who = terraform
	least.who, least.what = raw, floor
	a, okA := r.median(plan)
	b, okB := r.median(baseline)
	c, okC := r.median(least)
	return ratio{over(a.wall-b.wall, c.wall), over(a.cpu-b.cpu, c.cpu), okA && okB && okC}
}

func (r *results) longer(plan row, manner string, forks int) ratio {
	other := plan
	other.who, other.what, other.parallel = ansible, secondRun+", "+manner, forks
	a, okA := r.median(other)
	b, okB := r.median(plan)
	return ratio{over(a.wall, b.wall), over(a.cpu, b.cpu), okA && okB}
}

func over(a, b time.Duration) float64 { return float64(a) / float64(b) }
