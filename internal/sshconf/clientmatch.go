package sshconf

import (
	"fmt"
	"strings"
)

// clientMatch is match_cfg_line (readconf.c) at work on one line.
type clientMatch struct {
	client  *client
	next    func() (string, bool)
	never   bool // what it says makes no difference
	result  verdict
	seen    int // attributes so far
	decided bool
}

func (m *clientMatch) verdict() (verdict, error) {
	m.result = verdict{matches: true}
	for !m.decided {
		attribute, ok := m.next()
		if !ok || attribute == "" || attribute[0] == '#' {
			if m.seen == 0 {
				return verdict{}, errNoCriteria
			}
			break
		}
		if err := m.attribute(attribute); err != nil {
			return verdict{}, err
		}
	}
	return m.result.settled(), nil
}

func (m *clientMatch) attribute(attribute string) error {
	name, negated := strings.CutPrefix(attribute, "!")
	switch strings.ToLower(name) {
	case "all":
		if more, ok := m.next(); m.seen > 1 || ok && more != "" && more[0] != '#' {
			return fmt.Errorf("%q cannot be combined with other Match attributes", attribute)
		}
		m.decided = true
		m.is(!negated)
		return nil
	case "final", "canonical":
		m.seen++
		if strings.EqualFold(name, "final") && !(negated && atLeast(m.client.tree.Version, Version{10, 1})) {
			m.client.wantFinal = true // by !final only up to 10.0
		}
		m.is(m.client.final != negated)
		return nil
	}
	m.seen++
	return m.withArgument(name, negated)
}

func (m *clientMatch) withArgument(attribute string, negated bool) error {
	name, arg, ok := cutAttribute(attribute, m.next, argvCriteria(Client, m.client.tree.Version))
	name = strings.ToLower(name)
	if !ok || arg == "" && name != "tagged" && name != "command" {
		return fmt.Errorf("missing Match criteria for %s", name)
	}
	switch {
	case name == "exec" && !m.result.matches:
		return nil // ssh does not run it if the criteria before it fail
	case name == "exec" && m.never:
		return m.client.command(arg)
	}
	hit, depends, err := m.client.matches(name, arg)
	switch {
	case err != nil:
		return err
	case depends != "":
		m.result.depends = depends
	default:
		m.is(hit != negated)
	}
	return nil
}

func (m *clientMatch) is(hit bool) { m.result.matches = m.result.matches && hit }

func (c *client) matches(name, arg string) (hit bool, depends string, err error) {
	v := c.tree.Version
	pattern := func(s string) bool { return matchPatternList(s, arg, false) == 1 }
	orEmpty := func(s string) bool { return s == "" && arg == "" || s != "" && pattern(s) }
	switch name {
	case "host":
		return matchPatternList(strings.ToLower(c.hostname()), arg, true) == 1, "", nil
	case "originalhost":
		return matchPatternList(strings.ToLower(c.query.Host), arg, true) == 1, "", nil
	case "user":
		if c.first["user"] == "" {
			return pattern(c.query.LocalUser), "", nil
		}
		return pattern(c.first["user"]), "", nil
	case "localuser":
		return pattern(c.query.LocalUser), "", nil
	case "exec":
		return c.run(arg)
	}
	switch {
	case name == "tagged" && atLeast(v, Version{9, 4}):
		return orEmpty(c.first["tag"]), "", nil
	case name == "localnetwork" && atLeast(v, Version{9, 4}):
		return c.onNetwork(arg)
	case name == "version" && atLeast(v, Version{10, 0}):
		return false, "the version string of ssh", nil
	case name == "command" && atLeast(v, Version{10, 0}):
		return arg == "", "", nil // ssh -G HOST has no command
	case name == "sessiontype" && atLeast(v, Version{10, 0}):
		return pattern(c.sessionType()), "", nil
	}
	return false, "", fmt.Errorf("unsupported Match attribute %s", name)
}

// run asks the command of a Match exec.
func (c *client) run(command string) (hit bool, depends string, err error) {
	if c.query.Local == nil || c.query.Local.Exec == nil {
		return false, "the command " + command, nil
	}
	line, err := c.tokens().expand(command, nil, c.query.Local.Word)
	if err != nil {
		return false, "", fmt.Errorf("command %q of Match exec: %w", command, err)
	}
	if hit, err = c.query.Local.Exec(line); err != nil {
		return false, "", fmt.Errorf("command %q of Match exec: %w", line, err)
	}
	return hit, "", nil
}

// command checks what a Match exec would run.
func (c *client) command(text string) error {
	if _, err := c.tokens().Expand(text, nil); err != nil {
		return fmt.Errorf("command %q of Match exec: %w", text, err)
	}
	return nil
}

// onNetwork is check_match_ifaddrs: any address of this machine will do.
func (c *client) onNetwork(list string) (hit bool, depends string, err error) {
	if c.query.Local == nil {
		return false, "the addresses of this machine", nil
	}
	if addrMatchList("", list) == badAddresses {
		return false, "", fmt.Errorf("invalid Match localnetwork argument %q", list)
	}
	for _, address := range c.query.Local.Addresses {
		if addrMatchList(address, list) == 1 {
			return true, "", nil
		}
	}
	return false, "", nil
}

func (c *client) sessionType() string {
	switch word := strings.ToLower(c.first["sessiontype"]); word {
	case "subsystem", "none":
		return word
	}
	return "shell"
}
