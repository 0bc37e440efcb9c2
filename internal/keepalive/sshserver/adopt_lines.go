package sshserver

import (
	"bytes"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// adoptLines comments out, in place, the lines of base that stand outside Match and set a
// keyword that want sets too, so that its line is the only one. A restore brings them
// back as it does those that shadow ours. It leaves alone what would come back or is
// another one's to change: vendors' files, marked sections of other tools, and lines of
// other resources. The result is keyword by keyword, in the order in which sshd
// reads.
func adoptLines(base sshconf.Tree, want Want) (sshconf.Tree, []sshconf.Setting) {
	if !want.Claim.Adopt {
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
			if sshconf.Outside(sections, w.Pos.Line-1) != w.Pos.Line-1 || !sshfile.CommentOut(base, w, w.Pos, owner) {
				continue
			}
			adopted = append(adopted, w)
		}
	}
	return base, adopted
}
