package sshserver

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// AdoptsLines is the code of the warning that lists the lines that are adopted.
const AdoptsLines keepalive.Code = "adopts lines"

// adoptLines comments out, in place, the lines of base that stand outside Match and set a
// keyword that want sets too, so that its line is the only one. A restore brings them
// back as it does those that shadow ours. It leaves alone what would come back or is
// another one's to change: vendors' files, marked sections of other tools, and lines of
// other resources. The result is keyword by keyword, in the order in which sshd
// reads.
func adoptLines(base sshconf.Tree, want Want) (sshconf.Tree, []sshconf.Setting) {
	if !want.AdoptLines {
		return base, nil
	}
	owner := ownerOf(want.DropInName)
	r := sshconf.Evaluate(base, sshconf.Context{})
	base = base.Clone()
	var adopted []sshconf.Setting
	for _, s := range uniqueKeywords(want.Settings) {
		for _, w := range r.Settings(s.Keyword) {
			if w.Match != "" || isVendors(w.Pos.Path) || bytes.HasPrefix(base.Files[w.Pos.Path], []byte(marks.ServerHeader)) {
				continue
			}
			sections := sshconf.Parse(base.Dialect, base.Version, base.Files[w.Pos.Path]).Sections()
			if sshconf.Outside(sections, w.Pos.Line-1) != w.Pos.Line-1 || !commentOut(base, w, w.Pos, owner) {
				continue
			}
			adopted = append(adopted, w)
		}
	}
	return base, adopted
}

// newlyAdopted warns of adopted lines that are still in force on the host.
func newlyAdopted(c candidate, adopted []sshconf.Setting, want Want, have Facts) []keepalive.Problem {
	mark := marks.Takeover(ownerOf(want.DropInName))
	var lines []string
	for _, w := range adopted {
		at := c.OnHost(w.Pos)
		f := sshconf.Parse(have.Tree.Dialect, have.Tree.Version, have.Tree.Files[at.Path])
		if at.Line >= 1 && at.Line <= len(f.Lines) && !strings.HasPrefix(f.Lines[at.Line-1].Text(), mark) {
			lines = append(lines, fmt.Sprintf("%s: %s %s", at, w.Keyword, w.Rest))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []keepalive.Problem{{Code: AdoptsLines, Warning: true, Attribute: "adopt",
		Text: "lines that were written by hand are adopted:\n" + strings.Join(lines, "\n")}}
}
