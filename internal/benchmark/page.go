package main

import (
	"fmt"
	"strings"
	"time"
)

// report is the page.
type report struct {
	environment
	*results
	base    string // the commit that was compared with
	command string // that repeats it
	lasted  time.Duration
}

func (r report) String() string {
	var page strings.Builder
	fmt.Fprintf(&page, heading, r.command, r.lasted.Round(time.Minute), r.day, r.machine, r.load, "- "+strings.Join(r.versions, "\n- "))
	if r.base != "" {
		r.comparison(&page)
	} else {
		r.summary(&page)
	}
	page.WriteString(method)
	var last row
	for _, k := range r.rows {
		if k.hosts != last.hosts || k.roundTrip != last.roundTrip {
			fmt.Fprintf(&page, tableHead, plural(k.hosts), k.roundTrip.Milliseconds())
		}
		last = k
		r.line(&page, k)
	}
	return page.String()
}

const heading = `# Benchmarks

What it costs to look at hosts and to change them, beside what others take for the same: medians of one run on one machine, written by

` + "```shell\n%s\n```" + `

in %s, on %s, on %s, where the load before was %s. Take the ratios along, and leave the seconds here: the hosts are on the same machine and keep its cores busy too.

%s
`

const method = `
## How it is measured

Every host is a Debian bookworm in namespaces of its own, with its own sshd. The hosts are the same for all. All are asked one time after another; where rows are compared, they alternate.

- *sshkeepalive*: one resource per host, ` + "`-parallelism`" + ` as given. *no-op*: the same configuration, Terraform and schemas, in a plan without changes also the same state, and a provider that does nothing; it is what Terraform costs by itself. A lean one also logs nothing and collects garbage as seldom as sshkeepalive does, so that what is saved there makes up for nothing that a host costs.
- *x/crypto*: the least that Go can do. One ` + "`ssh.Dial`" + ` per host and one command: the very one that sshkeepalive was seen to run in a plan without changes, or ` + "`true`" + `.
- *ssh*: ` + "`xargs -P`" + ` and OpenSSH's client, which asks for ` + "`sshd -T`" + ` and looks at nothing.
- *Ansible*: two ` + "`lineinfile`" + ` with ` + "`validate`" + `, and a handler that reloads sshd; the number at a time is that of forks. *Defaults* is without a configuration file; *pipelining, no facts* is that, with ` + "`gathering = explicit`" + ` and without looking for Python. ControlPersist is on in both.
- Wall and CPU are of the side that asks: of all its processes, including those in the background. Each run starts without any. Memory is the highest sum of its processes' proportional shares that was seen. Connections are counted by the hosts' sshd. Round trips are those of the host in the middle, all its connections together; TCP's own is one of them. A proxy delays and counts them, so there are none to count where nothing is delayed.
- What takes long is measured less often than the rest; the last column says how often. Loops over one host after another are left out beyond 10 hosts: they take as many times longer as there are more hosts.
`

const tableHead = `
## %s, %d ms away

| who | what | at a time | wall s | CPU s | memory MiB | connections | round trips | measured |
|---|---|--:|--:|--:|--:|--:|--:|--:|
`

func plural(hosts int) string {
	if hosts == 1 {
		return "1 host"
	}
	return fmt.Sprintf("%d hosts", hosts)
}

func (r report) line(page *strings.Builder, k row) {
	m, _ := r.median(k) // of a row that is there
	fmt.Fprintf(page, "| %s | %s | %d | %.2f | %.3f | %d | %d | %s | %d |\n",
		k.who, k.what, k.parallel, m.wall.Seconds(), m.cpu.Seconds(), m.memory>>20, m.connections, counted(m.roundTrips), len(r.samples[k]))
}

// counted formats a number of round trips; a dash if they were not counted.
func counted(roundTrips int) string {
	if roundTrips <= 0 {
		return "–"
	}
	return fmt.Sprint(roundTrips)
}

// summary is the tables of verdicts.
func (r report) summary(page *strings.Builder) {
	verdicts := r.verdicts()
	if verdicts == nil {
		return
	}
	fmt.Fprintf(page, floorHead, floorTarget)
	for _, v := range verdicts {
		fmt.Fprintf(page, "| %d | %d ms | %d | %s | %s | %s | %s | %s | %s |\n", v.plan.hosts, v.plan.roundTrip.Milliseconds(), v.plan.parallel,
			most(v.ordinary.wall, v.ordinary.ok), most(v.ordinary.cpu, v.ordinary.ok), most(v.floor.wall, v.floor.ok), most(v.floor.cpu, v.floor.ok),
			number(v.bare.wall, v.bare.ok), number(v.bare.cpu, v.bare.ok))
	}
	fmt.Fprintf(page, ansibleHead, ansibleTarget)
	for _, v := range verdicts {
		fmt.Fprintf(page, "| %d | %d ms | %d | %s | %s | %s | %s |\n", v.plan.hosts, v.plan.roundTrip.Milliseconds(), v.plan.parallel,
			least(v.ansible.wall, v.ansible.ok), number(v.ansible.cpu, v.ansible.ok), number(v.tuned.wall, v.tuned.ok), number(v.tuned.cpu, v.tuned.ok))
	}
}

const floorHead = `
## A plan without changes, and the floor

What the plan takes beyond the one of a no-op provider, divided by what a raw loop takes that asks the hosts the same, as many at a time. At most %v is the target, for 100 hosts; misses are marked ✗. An ordinary no-op provider writes a log that is not read, and sshkeepalive does not, which alone may make up for all hosts. So the same stands beyond a lean one that saves this too: what is left there is the hosts, and that the framework takes apart and puts together what was read from them. At last over a bare loop that runs ` + "`true`" + `, beyond the lean one: there the hosts' own work, on the same cores, is on our side only.

| hosts | away | at a time | beyond a no-op: wall | CPU | beyond a lean one: wall | CPU | over a bare loop: wall | CPU |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|
`

const ansibleHead = `
## A plan without changes, and Ansible

How many times longer Ansible's run without changes takes than the whole plan, Terraform's own share included. At least %v is the target for its defaults, in time; misses are marked ✗. Up to 10 at a time the defaults are with 5 forks; beyond it, and for the fastest manner always, it has 50.

| hosts | away | at a time | Ansible, defaults: wall | CPU | pipelining, no facts: wall | CPU |
|--:|--:|--:|--:|--:|--:|--:|
`

// most and least judge a ratio by its target.
func most(x float64, ok bool) string  { return judged(x, ok, x <= floorTarget) }
func least(x float64, ok bool) string { return judged(x, ok, x >= ansibleTarget) }

func judged(x float64, ok, good bool) string {
	switch {
	case !ok:
		return number(x, ok)
	case good:
		return number(x, ok) + " ✓"
	}
	return number(x, ok) + " ✗"
}

func number(x float64, ok bool) string {
	if !ok {
		return "–"
	}
	return fmt.Sprintf("%.2f", x)
}
