package main

import (
	"errors"
	"slices"
	"strings"
)

// step is one thing that a contender does, with the name it has on the page.
type step struct {
	who, what string
	parallel  int
	command   command
	changes   bool // the hosts must have the wanted settings afterwards
}

// round is steps that follow each other. The first ones begin with hosts as they
// were; those that come then change nothing, and are compared with each other.
type round struct {
	fresh  func() error
	first  []step
	second []step
}

// The contenders.
const (
	ours    = "sshkeepalive"
	nothing = "no-op"
	lean    = "no-op, lean"
	raw     = "x/crypto"
	openSSH = "ssh"
	ansible = "Ansible"
)

// allContenders lists the names for -contenders; the lean no-op comes with no-op.
func allContenders() []string { return []string{ours, nothing, raw, openSSH, ansible} }

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

// allRounds lists what the contenders do in a scenario. A loop over one host after another
// takes as many times longer as there are more hosts, and is left out where there
// are many.
func (s *scenario) allRounds(contenders map[string]bool) []round {
	var all []round
	for _, width := range widths(len(s.hosts)) {
		all = append(all, s.comparisonRound(width), round{first: []step{s.ssh(width)}})
	}
	if len(s.hosts) > 1 && len(s.hosts) <= 10 {
		all = append(all, round{first: []step{s.floor(readSame, s.question, 1), s.ssh(1)}})
	}
	all = append(all, s.ansible()...)
	for i := range all {
		all[i].first, all[i].second = of(contenders, all[i].first), of(contenders, all[i].second)
	}
	return slices.DeleteFunc(all, func(t round) bool { return t.first == nil && t.second == nil })
}

// of leaves out what others than the contenders do.
func of(contenders map[string]bool, steps []step) (found []step) {
	for _, s := range steps {
		if who, _, _ := strings.Cut(s.who, ","); contenders[who] {
			found = append(found, s)
		}
	}
	return found
}

// comparisonRound is the life of the hosts with sshkeepalive, and what its costs are
// compared with.
func (s *scenario) comparisonRound(width int) round {
	theirs, baseline := s.terraform(ours, width), s.terraform(nothing, width)
	// What a state holds is read, passed on and compared, whichever provider it is.
	baseline[2].command.args = append(baseline[2].command.args, "-state="+s.path(ours, "terraform.tfstate"))
	slim := baseline[2]
	slim.who, slim.command.env = lean, append(slices.Clone(slim.command.env), "NOOP=lean")
	return round{
		fresh:  func() error { return errors.Join(s.forgetState(ours), s.forgetState(nothing), s.hosts.reset()) },
		first:  slices.Concat(theirs[:2], baseline[:2]),
		second: []step{theirs[2], s.floor(readSame, s.question, width), slim, s.floor(readTrue, "true", width), baseline[2]},
	}
}
