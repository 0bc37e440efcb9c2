package sshserver

import (
	"bytes"
	"fmt"
	"iter"
	"path"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// SiblingConflict is a value that another resource of ours gives to the same keyword: our lines
// win by a better place, which will be answered in kind. It is a warning, since the
// lines may be those that a replacement is about to take away.
const SiblingConflict keepalive.Code = "rival"

// siblingConflicts finds the wanted settings that lose to lines of other resources of ours.
func siblingConflicts(c candidate, want Want, contexts []checkContext) []keepalive.Problem {
	var problems []keepalive.Problem
	for _, s := range shadows(c, want, contexts) {
		owner, ok := ownerAt(c.Tree, s.winner.Pos)
		if !ok {
			continue
		}
		problems = append(problems, keepalive.Problem{Code: SiblingConflict, Warning: true, Attribute: s.setting.Attribute, Pos: c.Now(s.winner.Pos),
			Text: fmt.Sprintf("%s is %s by lines of another resource, those of %s", s.setting.Keyword, s.winner.Rest, owner)})
	}
	return keepalive.UniqueProblems(problems)
}

// ownerAt returns the owner of the line at a position.
func ownerAt(t sshconf.Tree, at sshconf.Pos) (owner string, ok bool) {
	for pos, owner := range owners(at.Path, t.Files[at.Path]) {
		if pos == at {
			return owner, true
		}
	}
	return "", false
}

// ownLines are the lines of all resources of this provider.
func ownLines(t sshconf.Tree) map[sshconf.Pos]bool {
	own := map[sshconf.Pos]bool{}
	for name, data := range t.Files {
		for pos := range owners(name, data) {
			own[pos] = true
		}
	}
	return own
}

// owners goes through the lines of a file that have an owner.
func owners(name string, data []byte) iter.Seq2[sshconf.Pos, string] {
	return func(yield func(sshconf.Pos, string) bool) {
		owner, n := "", 0
		if bytes.HasPrefix(data, []byte(marks.ServerHeader)) {
			owner = path.Base(name)
		} else if !bytes.Contains(data, []byte(marks.BeginPrefix)) {
			return
		}
		for line := range strings.Lines(string(data)) {
			n++
			if edge, ok := marks.Edge(line); ok {
				owner = edge
			}
			if owner != "" && !yield(sshconf.Pos{Path: name, Line: n}, owner) {
				return
			}
		}
	}
}
