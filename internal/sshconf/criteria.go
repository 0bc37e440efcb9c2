package sshconf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// criteria gives the words of a Match line one after the other, as the release
// takes them: at first by strdelim, which parts at an equals sign, later by
// argv_split, where attr=value is one word.
func (f *File) criteria(l Line) func() (string, bool) {
	if argvCriteria(f.lexer.dialect, f.lexer.version) {
		args := l.Args
		return func() (string, bool) {
			if len(args) == 0 {
				return "", false
			}
			word := args[0]
			args = args[1:]
			return word, true
		}
	}
	d := delim{text: l.Rest}
	return func() (string, bool) {
		word, ok := d.next(true)
		return word.text, ok
	}
}

func argvCriteria(d Dialect, v Version) bool {
	if d == Client {
		return atLeast(v, Version{10, 0})
	}
	return atLeast(v, Version{9, 9})
}

// verdict is what a Match line says of a connection.
type verdict struct {
	matches bool
	// depends names what the verdict hangs on and cannot be known from text.
	depends string
}

// serverMatch is match_cfg_line (servconf.c) at work on one line.
type serverMatch struct {
	next    func() (string, bool)
	version Version
	context Context
	result  verdict
	seen    int // attributes so far
	decided bool
}

// matchServer says whether a Match holds for c. With an empty context nothing is
// known of a connection, which is how sshd reads the file at its start.
func matchServer(next func() (string, bool), v Version, c Context) (verdict, error) {
	m := serverMatch{next: next, version: v, context: c, result: verdict{matches: true}}
	for !m.decided {
		attribute, ok := next()
		if !ok || attribute == "" || attribute[0] == '#' {
			break
		}
		m.seen++
		if err := m.attribute(attribute); err != nil {
			return verdict{}, err
		}
	}
	if m.seen == 0 {
		return verdict{}, errNoCriteria
	}
	return m.result.settled(), nil
}

var errNoCriteria = errors.New("one or more attributes required for Match")

// settled is the verdict if nothing more comes: what does not match anyhow
// depends on nothing, and what depends is taken not to match.
func (r verdict) settled() verdict {
	if !r.matches {
		r.depends = ""
	}
	r.matches = r.matches && r.depends == ""
	return r
}

func (m *serverMatch) attribute(attribute string) error {
	switch strings.ToLower(attribute) {
	case "all":
		more, ok := m.next()
		if m.seen > 1 || ok && more != "" && more[0] != '#' {
			return errors.New("\"all\" cannot be combined with other Match attributes")
		}
		m.decided = true
		return nil
	case "invalid-user":
		return m.invalidUser(attribute)
	}
	name, arg, ok := cutAttribute(attribute, m.next, argvCriteria(Server, m.version))
	if !ok || arg == "" {
		return fmt.Errorf("missing Match criteria for %s", attribute)
	}
	hit, depends, err := matchAttribute(strings.ToLower(name), arg, m.version, m.context)
	m.add(hit, depends)
	return err
}

func (m *serverMatch) invalidUser(attribute string) error {
	if !atLeast(m.version, Version{9, 9}) {
		return fmt.Errorf("unsupported Match attribute %s", attribute)
	}
	if m.context.User == "" {
		m.add(false, "")
	} else {
		m.add(false, "whether "+m.context.User+" is a user")
	}
	return nil
}

func (m *serverMatch) add(hit bool, depends string) {
	m.result.matches = m.result.matches && (hit || depends != "")
	if depends != "" {
		m.result.depends = depends
	}
}

// cutAttribute returns the name and the argument of a criterion.
func cutAttribute(attribute string, next func() (string, bool), argv bool) (name, arg string, ok bool) {
	if name, arg, ok = strings.Cut(attribute, "="); !ok || !argv {
		name = attribute
		arg, ok = next()
	}
	return name, arg, ok && !strings.HasPrefix(arg, "#")
}

func matchAttribute(name, arg string, v Version, c Context) (hit bool, depends string, err error) {
	switch name {
	case "user":
		return c.User != "" && matchPatternList(c.User, arg, false) == 1, "", nil
	case "group":
		if c.User == "" {
			return false, "", nil
		}
		return false, "the groups of " + c.User, nil
	case "host":
		return c.Host != "" && matchPatternList(strings.ToLower(c.Host), arg, true) == 1, "", nil
	case "address":
		return matchAddress(c.Address, arg)
	case "localaddress":
		return matchAddress(c.LocalAddress, arg)
	case "localport":
		port, err := strconv.ParseUint(arg, 10, 16)
		if err != nil {
			return false, "", fmt.Errorf("invalid LocalPort %q on Match line", arg)
		}
		return c.LocalPort != 0 && int(port) == c.LocalPort, "", nil
	case "rdomain":
		return false, "", nil
	case "version":
		if !atLeast(v, Version{10, 0}) {
			break
		}
		return false, "the version string of sshd", nil
	}
	return false, "", fmt.Errorf("unsupported Match attribute %s", name)
}

func matchAddress(addr, list string) (bool, string, error) {
	if addrMatchList("", list) == badAddresses {
		return false, "", fmt.Errorf("invalid Match address argument %q", list)
	}
	return addr != "" && addrMatchList(addr, list) == 1, "", nil
}
