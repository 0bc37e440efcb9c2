package keepalive

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Rival is a value that another resource of ours gives to the same keyword: our lines
// win by a better place, which will be answered in kind. It is a warning, since the
// lines may be those that a replacement is about to take away.
const Rival Code = "rival"

// rivals finds the wanted settings that lose to lines of other resources of ours.
func rivals(c candidate, want Server, contexts []checkContext) []Problem {
	var problems []Problem
	for _, s := range shadows(c, want, contexts) {
		owner, ok := ownerAt(c.tree, s.winner.Pos)
		if !ok {
			continue
		}
		problems = append(problems, Problem{Code: Rival, Warning: true, Attribute: s.setting.Attribute, Pos: c.now(s.winner.Pos),
			Text: fmt.Sprintf("%s is %s by other lines of sshkeepalive_server, those of drop_in_name %s", s.setting.Keyword, s.winner.Rest, owner)})
	}
	return uniqueProblems(problems)
}

var markPattern = regexp.MustCompile(`^# (BEGIN|END) sshkeepalive (\S+)`)

// ownerAt returns the owner in whose lines a position is.
func ownerAt(t sshconf.Tree, at sshconf.Pos) (owner string, ok bool) {
	data := t.Files[at.Path]
	if bytes.HasPrefix(data, []byte(header)) {
		return path.Base(at.Path), true
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		if n++; n == at.Line {
			break
		}
		if m := markPattern.FindStringSubmatch(line); m != nil {
			owner, ok = m[2], m[1] == "BEGIN"
		}
	}
	return owner, ok
}
