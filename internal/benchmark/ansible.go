package main

import (
	"fmt"
	"strings"
)

// playbook does with Ansible's own means what the resource does: two settings,
// judged by sshd before they are written, loaded if they are new.
var playbook = strings.NewReplacer("FILE", ansiblesDropIn, "INTERVAL", fmt.Sprint(wantedInterval), "COUNT", fmt.Sprint(wantedCountMax)).Replace(`- hosts: all
  tasks:
    - name: interval
      ansible.builtin.lineinfile:
        path: FILE
        create: true
        mode: "0600"
        regexp: "^ClientAliveInterval "
        line: ClientAliveInterval INTERVAL
        validate: /usr/sbin/sshd -t -f %s
      notify: reload sshd
    - name: count
      ansible.builtin.lineinfile:
        path: FILE
        regexp: "^ClientAliveCountMax "
        line: ClientAliveCountMax COUNT
        validate: /usr/sbin/sshd -t -f %s
      notify: reload sshd
  handlers:
    - name: reload sshd
      ansible.builtin.shell: kill -HUP $(cat /run/sshd.pid)
`)

// tuned is the fastest that Ansible can do this without plugins of others: one
// connection for all tasks, which is the default, no files copied to the host, and
// nothing asked that the tasks do not need.
const tuned = `[defaults]
gathering = explicit
interpreter_python = /usr/bin/python3

[ssh_connection]
pipelining = true
`

// ansible runs the playbook in every manner. Without changes it can do so after
// any first run.
func (s *scenario) ansible() []round {
	allRounds := []round{
		{fresh: s.hosts.reset, first: []step{s.play(firstRun, defaults, 5), s.play(secondRun, defaults, 5)}},
		{fresh: s.hosts.reset, first: []step{s.play(firstRun, pipelining, 50), s.play(secondRun, pipelining, 50)}},
	}
	if len(s.hosts) > 5 {
		allRounds[0].first = append(allRounds[0].first, s.play(secondRun, defaults, 50))
	}
	return allRounds
}

func (s *scenario) play(what, manner string, forks int) step {
	run := step{who: ansible, what: what + ", " + manner, parallel: forks, command: command{
		args: []string{"ansible-playbook", "-i", "inventory", "-f", fmt.Sprint(forks), "playbook.yml"},
		dir:  s.dir, env: s.environment("ANSIBLE_CONFIG="+s.path(manner+".cfg"), "ANSIBLE_NOCOLOR=1"),
	}}
	if what == firstRun {
		run.changes = true
	} else {
		run.command.never = "changed: ["
	}
	return run
}
