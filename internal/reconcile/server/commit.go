package server

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// firstMismatch names the first expectation that does not hold.
func firstMismatch(expect []keepalive.Expectation, have sshserver.Facts) error {
	for _, x := range expect {
		for i, c := range have.Contexts {
			if c != x.Context {
				continue
			}
			if got := have.Effective[i][x.Keyword]; !sshconf.Same(sshconf.Server, x.Keyword, got, x.Values, have.Version) {
				return fmt.Errorf("%s is effectively %q, not %q%s", x.Keyword, strings.Join(got, ", "), strings.Join(x.Values, ", "), forContext(c))
			}
		}
	}
	return nil
}

func forContext(c sshconf.Context) string {
	if c.IsZero() {
		return ""
	}
	return " for " + keepalive.ContextSpec(c)
}

// request lays the change out for the protocol. The candidate is a copy of
// the whole running tree below the stage directory, its Includes pointing into the copy,
// so that sshd -t -f judges exactly what will be in force: a drop-in judged alone
// proves nothing.
func request(c *change) commit.Request {
	t, have, plan := c.Target, c.Before.Facts, c.Plan
	tree := reconcile.CandidateTree(have.Tree, plan.Changes)
	req := reconcile.NewRequest(tree.Main, plan.Changes)
	req.Base, req.Includes, req.Keyless, req.ConfirmTimeout = have.Tree.Files, includes(have.Tree), t.IsImage(), t.ConfirmTimeout
	req.SSHD, req.Options, req.Activate = c.Before.Detail.sshd, commandWords(have.Daemon.Options), c.Before.Detail.activation
	for name, data := range tree.Files {
		text := sshconf.Rebase(sshconf.Parse(tree.Dialect, tree.Version, data), tree.Dir, req.StageDir)
		req.Staged = append(req.Staged, commit.StagedFile{Path: req.StageDir + name, Data: text})
	}
	for _, x := range plan.Expect {
		req.Checks = append(req.Checks, commit.Check{Spec: spec(tree, x.Context), Keyword: x.Keyword, Values: x.Values})
	}
	if t.NoReload {
		req.Activate.Kind = commit.None
	}
	return req
}

// commandWords are the words of options: "-o Banner /etc/issue" is two.
func commandWords(options []string) []string {
	var words []string
	for _, option := range options {
		flag, value, takes := strings.Cut(option, " ")
		if words = append(words, flag); takes {
			words = append(words, value)
		}
	}
	return words
}

// includes are the patterns by which the files of tree include others, but for
// those that gather.sh does not read as sshd does: what it did not look for, it
// cannot have missed.
func includes(tree sshconf.Tree) []string {
	var list []string
	for _, data := range tree.Files {
		for _, l := range sshconf.Parse(tree.Dialect, tree.Version, data).Lines {
			if !l.Is("Include") || l.Err != nil {
				continue
			}
			for _, pattern := range l.Args {
				if !path.IsAbs(pattern) {
					pattern = tree.Dir + "/" + pattern
				}
				if path.Clean(pattern) == pattern && !strings.ContainsAny(pattern, " \t'\"\\") {
					list = append(list, pattern)
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
