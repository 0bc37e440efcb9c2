package sshserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// criterion is one attribute of a Match line and its patterns.
type criterion struct{ attribute, patterns string }

// criteriaOf takes the criteria of a line apart. Those of a Match in a file that
// another Match includes are all that must hold, as sshconf joins them. "all" has
// none; attributes without patterns, as invalid-user, have "".
func criteriaOf(text string) []criterion {
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

// narrower reports whether every connection that meets criteria a meets b, as far as
// the text tells: each criterion of b stands in a as well, or b accepts each name that
// a has.
func narrower(a, b string) bool {
	of := criteriaOf(a)
	for _, need := range criteriaOf(b) {
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
		at, ok := contextFrom(c.attribute + " " + quoted(name))
		if !ok || strings.ContainsAny(name, "*?!/") || !accepts(need.attribute+" "+quoted(need.patterns), at, sshconf.Newest()) {
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

// criteriaFor returns the criteria that apply in the connections of a context and in no
// other; false if no pattern says just what the context gives.
func criteriaFor(c sshconf.Context, v sshconf.Version) (criteria string, ok bool) {
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
	return criteria, ok && criteria != "" && accepts(criteria, c, v)
}
