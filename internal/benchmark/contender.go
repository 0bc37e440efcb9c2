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

// turn is steps that follow each other. The first ones begin with hosts as they
// were; those that come then change nothing, and are compared with each other.
type turn struct {
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

// everybody is listed for who chooses; a lean no-op comes with the other.
func everybody() []string { return []string{ours, nothing, raw, openSSH, ansible} }

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

// turns lists what contenders do in a scene. A loop over one host after another
// takes as many times longer as there are more hosts, and is left out where there
// are many.
func (s *scene) turns(contenders map[string]bool) []turn {
	var all []turn
	for _, width := range widths(len(s.hosts)) {
		all = append(all, s.duel(width), turn{first: []step{s.ssh(width)}})
	}
	if len(s.hosts) > 1 && len(s.hosts) <= 10 {
		all = append(all, turn{first: []step{s.floor(readSame, s.question, 1), s.ssh(1)}})
	}
	all = append(all, s.ansible()...)
	for i := range all {
		all[i].first, all[i].second = of(contenders, all[i].first), of(contenders, all[i].second)
	}
	return slices.DeleteFunc(all, func(t turn) bool { return t.first == nil && t.second == nil })
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

// duel is the life of the hosts with sshkeepalive, beside what its costs are
// compared with.
func (s *scene) duel(width int) turn {
	theirs, idle := s.terraform(ours, width), s.terraform(nothing, width)
	// What a state holds is read, passed on and compared, whoever the provider is.
	idle[2].command.args = append(idle[2].command.args, "-state="+s.path(ours, "terraform.tfstate"))
	slim := idle[2]
	slim.who, slim.command.env = lean, append(slices.Clone(slim.command.env), "NOOP=lean")
	return turn{
		fresh:  func() error { return errors.Join(s.forgetState(ours), s.forgetState(nothing), s.hosts.reset()) },
		first:  slices.Concat(theirs[:2], idle[:2]),
		second: []step{theirs[2], s.floor(readSame, s.question, width), slim, s.floor(readTrue, "true", width), idle[2]},
	}
}
