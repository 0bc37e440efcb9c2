package main

import (
	"fmt"
	"time"
)

// step is one thing that a contender does, with the name it has on the page.
type step struct {
	who, what string
	parallel  int
	command   command
	changes   bool // the hosts must have the wanted settings afterwards
}

// turn is steps that follow each other, on hosts that are as nothing had been
// there if fresh says so.
type turn struct {
	fresh func() error
	steps []step
}

// The contenders.
const (
	ours    = "sshkeepalive"
	nothing = "no-op provider"
	raw     = "raw x/crypto"
	openSSH = "ssh"
	ansible = "Ansible"
)

// What they do.
const (
	planNew    = "plan, nothing there"
	apply      = "apply of that plan"
	planSame   = "plan, no change"
	readSame   = "handshake, the same read"
	readTrue   = "handshake, `true`"
	readSSHD   = "`sshd -T`"
	firstRun   = "first run"
	secondRun  = "run, no change"
	defaults   = "defaults"
	pipelining = "pipelining, no facts"
)

// widths are how many hosts are asked at a time, where there are hosts of them.
func widths(hosts int) []int {
	found := []int{min(10, hosts)}
	if hosts > 10 {
		found = append(found, min(50, hosts))
	}
	return found
}

// turns lists what contenders do in a scene. Those of one width that are compared
// with each other are neighbours.
func (s *scene) turns(contenders map[string]bool) []turn {
	var all []turn
	add := func(who string, t turn) {
		if contenders[who] {
			all = append(all, t)
		}
	}
	for _, width := range widths(len(s.hosts)) {
		add(ours, s.terraform(ours, width))
		add(raw, turn{steps: []step{s.floor(readSame, s.question, width), s.floor(readTrue, "true", width)}})
		add(nothing, s.terraform(nothing, width))
		add(openSSH, turn{steps: []step{s.ssh(width)}})
	}
	if len(s.hosts) > 1 {
		add(raw, turn{steps: []step{s.floor(readSame, s.question, 1)}})
		add(openSSH, turn{steps: []step{s.ssh(1)}})
	}
	for _, forks := range ansibleForks(len(s.hosts)) {
		add(ansible, s.ansible(defaults, forks))
		add(ansible, s.ansible(pipelining, forks))
	}
	return all
}

func ansibleForks(hosts int) []int {
	if hosts <= 5 {
		return []int{5}
	}
	return []int{5, 50}
}

// measured is what one step took once.
type measured struct {
	took
	traffic
}

// rowKey names a row of the tables.
type rowKey struct {
	hosts     int
	roundTrip time.Duration
	who, what string
	parallel  int
}

func (k rowKey) String() string {
	return fmt.Sprintf("%d hosts, %s away, %s: %s, %d at a time", k.hosts, k.roundTrip, k.who, k.what, k.parallel)
}
