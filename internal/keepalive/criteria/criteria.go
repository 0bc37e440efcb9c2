// Package criteria says what the criteria of a Match line of sshd_config accept, and which
// of two lines accepts more.
//
// It knows the attributes of Match. It must not know what stands in a block.
package criteria

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// criterion is one attribute of a Match line and its patterns.
type criterion struct{ attribute, patterns string }

// parse takes the criteria of a line apart. Those of a Match in a file that
// another Match includes are all that must hold, as sshconf joins them. "all" has
// none; attributes without patterns, as invalid-user, have "".
func parse(text string) []criterion {
	var list []criterion
	for part := range strings.SplitSeq(text, " and Match ") {
		args := sshconf.Parse(sshconf.Server, sshconf.Newest(), []byte("Match "+part)).Lines[0].Args
		for i := 0; i < len(args); i++ {
			attribute, patterns, pair := strings.Cut(args[i], "=")
			attribute = strings.ToLower(attribute)
			if attribute == "all" {
				continue
			}
			if !pair && attribute != "invalid-user" && i+1 < len(args) {
				i++
				patterns = args[i]
			}
			list = append(list, criterion{attribute, patterns})
		}
	}
	return list
}

// Everyone reports whether every connection meets the criteria.
func Everyone(criteria string) bool { return len(parse(criteria)) == 0 }

// Narrower reports whether every connection that meets criteria a meets b, as far as
// the text tells: each criterion of b stands in a as well, or b accepts each name that
// a has.
func Narrower(a, b string) bool {
	of := parse(a)
	for _, need := range parse(b) {
		if !slices.ContainsFunc(of, func(c criterion) bool { return c.implies(need) }) {
			return false
		}
	}
	return true
}

func (c criterion) implies(need criterion) bool {
	if c.attribute != need.attribute {
		return false
	}
	if c.patterns == need.patterns {
		return true
	}
	for name := range strings.SplitSeq(c.patterns, ",") {
		at, ok := Context(c.attribute + " " + quoted(name))
		if !ok || strings.ContainsAny(name, "*?!/") || !Accepts(need.attribute+" "+quoted(need.patterns), at, sshconf.Newest()) {
			return false
		}
	}
	return true
}

func quoted(text string) string {
	if q, err := sshconf.Quote(sshconf.Server, sshconf.Newest(), text); err == nil {
		return q
	}
	return text
}

// For returns the criteria that apply in the connections of a context and in no
// other; false if no pattern says just what the context gives.
func For(c sshconf.Context, v sshconf.Version) (criteria string, ok bool) {
	var words []string
	add := func(attribute, value string) {
		if value == "" {
			return
		}
		text, err := sshconf.Quote(sshconf.Server, v, value)
		ok = ok && err == nil && !strings.ContainsAny(value, "*?!,/")
		words = append(words, attribute, text)
	}
	ok = true
	add("User", c.User)
	add("Host", c.Host)
	add("Address", c.Address)
	add("LocalAddress", c.LocalAddress)
	if c.LocalPort != 0 {
		add("LocalPort", fmt.Sprint(c.LocalPort))
	}
	criteria = strings.Join(words, " ")
	return criteria, ok && criteria != "" && Accepts(criteria, c, v)
}

// Sample returns a connection that criteria accept. The evaluator checks it, with the
// newest release, since the contexts to ask about are chosen before the host has told its
// own. It returns false for criteria that it cannot meet, such as group, which only the
// host can judge.
func Sample(criteria string) (sshconf.Context, bool) {
	c, ok := Context(criteria)
	return c, ok && Accepts(criteria, c, sshconf.Newest())
}

// Accepts reports whether a Match with these criteria applies in context c.
func Accepts(criteria string, c sshconf.Context, v sshconf.Version) bool {
	applies, _ := Judge(criteria, c, nil, v)
	return applies
}

// Judge is Accepts with what the host's answer tells of the context; open says that the
// answer is not enough.
func Judge(criteria string, at sshconf.Context, known map[string]bool, v sshconf.Version) (applies, open bool) {
	const main = "/sample"
	probe := sshconf.Tree{Dialect: sshconf.Server, Version: v, Main: main, Dir: "/",
		Files: map[string][]byte{main: []byte("Match " + criteria + "\nBanner sample\n")}}
	r := sshconf.EvaluateAssuming(probe, at, known)
	_, applies = r.Winner("Banner")
	return applies, len(r.Depends) > 0
}

// Context takes the first positive pattern of each criterion, with its wildcards
// filled in.
func Context(criteria string) (sshconf.Context, bool) {
	var c sshconf.Context
	words := strings.Fields(strings.ReplaceAll(criteria, "=", " "))
	if len(words) == 1 && strings.EqualFold(words[0], "all") {
		return c, true
	}
	for i := 0; i+1 < len(words); i += 2 {
		value, ok := sshfile.SampleName(words[i+1])
		if !ok {
			return c, false
		}
		switch strings.ToLower(words[i]) {
		case "user":
			c.User = value
		case "host":
			c.Host = value
		case "address":
			c.Address, _, _ = strings.Cut(value, "/")
		case "localaddress":
			c.LocalAddress, _, _ = strings.Cut(value, "/")
		case "localport":
			if _, err := fmt.Sscan(value, &c.LocalPort); err != nil {
				return c, false
			}
		default:
			return c, false
		}
	}
	return c, !c.IsZero()
}
