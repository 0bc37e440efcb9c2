package sshserver

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/criteria"
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
		if c, ok := criteria.Sample(m.Criteria); ok {
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
