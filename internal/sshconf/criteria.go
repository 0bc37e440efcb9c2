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
		return reached(v, Version{10, 0})
	}
	return reached(v, Version{9, 9})
}

// verdict is what a Match line says of a connection.
type verdict struct {
	matches bool
	// depends names what the verdict hangs on and cannot be known from text.
	depends string
}

// matchServer is match_cfg_line (servconf.c). With syntaxOnly nothing is known
// of a connection, which is how sshd reads the file at its start.
func matchServer(next func() (string, bool), v Version, c Context, syntaxOnly bool) (verdict, error) {
	result := verdict{matches: true}
	for n := 1; ; n++ {
		attribute, ok := next()
		if !ok || attribute == "" || attribute[0] == '#' {
			if n == 1 {
				return verdict{}, errors.New("one or more attributes required for Match")
			}
			if result.depends != "" && !result.matches {
				result.depends = ""
			}
			result.matches = result.matches && result.depends == ""
			return result, nil
		}
		lower := strings.ToLower(attribute)
		switch lower {
		case "all":
			if more, ok := next(); n > 1 || ok && more != "" && more[0] != '#' {
				return verdict{}, errors.New("\"all\" cannot be combined with other Match attributes")
			}
			return result, nil
		case "invalid-user":
			if !reached(v, Version{9, 9}) {
				return verdict{}, fmt.Errorf("unsupported Match attribute %s", attribute)
			}
			if syntaxOnly || c.User == "" {
				result.matches = false
			} else {
				result.depends = "whether " + c.User + " is a user"
			}
			continue
		}
		name, arg, ok := cutAttribute(attribute, next, argvCriteria(Server, v))
		if !ok || arg == "" {
			return verdict{}, fmt.Errorf("missing Match criteria for %s", attribute)
		}
		hit, depends, err := matchAttribute(strings.ToLower(name), arg, v, c, syntaxOnly)
		if err != nil {
			return verdict{}, err
		}
		result.matches = result.matches && (hit || depends != "")
		if depends != "" {
			result.depends = depends
		}
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

func matchAttribute(name, arg string, v Version, c Context, syntaxOnly bool) (hit bool, depends string, err error) {
	if syntaxOnly {
		c = Context{}
	}
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
		if !reached(v, Version{10, 0}) {
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
