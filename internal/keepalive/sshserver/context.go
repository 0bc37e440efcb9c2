package sshserver

import (
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// checkContext is a context in which values are checked. block is the Match
// block of ours that it is a sample of, or global; known is what the host's answer
// tells of Match lines that cannot be decided from the text.
type checkContext struct {
	sshconf.Context
	block int
	known verdicts
}

// ContextsOf returns the contexts whose effective values Plan and
// Observe need for want: the default, the declared ones, and for each
// Match block one that its criteria accept, if there is one.
func ContextsOf(want Want) []sshconf.Context {
	var list []sshconf.Context
	for _, c := range contextsWithMatch(want) {
		list = append(list, c.Context)
	}
	return list
}

func contextsWithMatch(want Want) []checkContext {
	list := []checkContext{{block: sshfile.Global}}
	for _, c := range want.Contexts {
		list = append(list, checkContext{Context: c, block: sshfile.Global})
	}
	for i, m := range want.Match {
		if c, ok := sample(m.Criteria); ok {
			list = append(list, checkContext{Context: c, block: i})
		}
	}
	return list
}

// checksOf returns the contexts with what the host's answers tell of them.
func checksOf(want Want, have Facts) []checkContext {
	list := contextsWithMatch(want)
	for i := range list {
		list[i].known = verdictsIn(have, list[i].Context)
	}
	return list
}

// sample returns a connection that criteria accept. The evaluator checks it, with the
// newest release, since the contexts to ask about are chosen before the host has told its
// own. It returns false for criteria that it cannot meet, such as group, which only the
// host can judge.
func sample(criteria string) (sshconf.Context, bool) {
	c, ok := contextFrom(criteria)
	return c, ok && accepts(criteria, c, sshconf.Newest())
}

// accepts reports whether a Match with these criteria applies in context c.
func accepts(criteria string, c sshconf.Context, v sshconf.Version) bool {
	applies, _ := judge(criteria, checkContext{Context: c}, v)
	return applies
}

// judge is accepts with what the host's answer tells of the context; open says that the
// answer is not enough.
func judge(criteria string, at checkContext, v sshconf.Version) (applies, open bool) {
	const main = "/sample"
	probe := sshconf.Tree{Dialect: sshconf.Server, Version: v, Main: main, Dir: "/",
		Files: map[string][]byte{main: []byte("Match " + criteria + "\nBanner sample\n")}}
	r := sshconf.EvaluateAssuming(probe, at.Context, at.known)
	_, applies = r.Winner("Banner")
	return applies, len(r.Depends) > 0
}

// contextFrom takes the first positive pattern of each criterion, with its wildcards
// filled in.
func contextFrom(criteria string) (sshconf.Context, bool) {
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
