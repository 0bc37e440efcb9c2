package sshserver

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// What cloud-init does to the files of sshd at the first boot of each instance, as its
// user data says: ssh_pwauth writes PasswordAuthentication (cc_set_passwords), a host
// certificate among ssh_keys writes HostCertificate (cc_ssh). From 22.3 on it writes to
// 50-cloud-init.conf, if a line of the main file starts with just
// "Include /etc/ssh/sshd_config.d/*.conf"; otherwise, and in every older release, it
// edits the main file (ssh_util.update_ssh_config). There it gives each line of the
// keyword the new value, in whatever block and between whatever marks the line is, and
// appends a line where there is none.
//
// So our lines survive in a file of their own that is read first, and not in the main
// file. Where no Include reads a drop-in, or something above it wins, an Include of
// ours at the head of the main file does: of our file alone, so that no other file
// comes into force with it.

// FirstBoot is a value that cloud-init may replace at the first boot.
const FirstBoot keepalive.Code = "first boot"

// cloudDropIn is the file of cloud-init beside our drop-ins.
const cloudDropIn = "50-cloud-init.conf"

func cloudKeywords() []string { return []string{"PasswordAuthentication", "HostCertificate"} }

// cloudWritten lists the wanted settings, of Match blocks as well, whose lines
// cloud-init edits.
func cloudWritten(want Want) (settings []keepalive.Setting) {
	all := slices.Clone(want.Settings)
	for _, m := range want.Match {
		all = append(all, m.Settings...)
	}
	for _, s := range all {
		if slices.ContainsFunc(cloudKeywords(), func(k string) bool { return sameKeyword(k, s.Keyword) }) {
			settings = append(settings, s)
		}
	}
	return settings
}

// ownInclude is the place in a drop-in that an Include of ours reads, for a host whose
// cloud-init would edit our lines in the main file, or where that is the place already.
func ownInclude(base sshconf.Tree, dropIn string, want Want, have Facts) (insertionPoint, bool) {
	name := path.Join(base.Dir, "sshd_config.d", ownerOf(want.DropInName))
	there := dropIn == name && strings.Contains(string(have.Tree.Files[base.Main]), "\n"+includeLine(name)+"\n"+globalEnd(ownerOf(want.DropInName)))
	needed := have.CloudInit && len(cloudWritten(want)) > 0
	if !there && !needed || !base.Version.AtLeast(8, 2) || strings.ContainsAny(name, " \t\"'\\*?[") || base.Files[name] != nil {
		return insertionPoint{}, false
	}
	at := insertionPoint{file: name, kind: string(DropIn), adds: true, made: madeByUs(have.Tree, path.Dir(name))}
	if !slices.Contains(have.IncludeDirs, path.Dir(name)) {
		at.make, at.made = path.Dir(name), true
	}
	return at, true
}

func includeLine(name string) string { return "Include " + name }

func globalEnd(owner string) string {
	_, end := marks.Block(owner)
	return end
}

// addInclude writes the Include at the head of the main file.
func (c *candidate) addInclude(base sshconf.Tree, owner string) {
	f := sshconf.Parse(base.Dialect, base.Version, base.Files[base.Main])
	sections := f.Sections()
	begin, end := marks.Block(owner)
	f.InsertBlock(min(headPlace(f, sections), matchPlace(f, sections)), begin, end, []string{includeLine(c.File)})
	c.Tree.Files[base.Main] = f.Bytes()
	from, _, _ := f.FindBlock(begin, end)
	c.at.include = sshconf.Pos{Path: base.Main, Line: from + 2} // from counts from 0 and is the mark
}

// firstBoot warns of values that cloud-init may replace where c writes them.
func firstBoot(c candidate, want Want, have Facts) []keepalive.Problem {
	var problems []keepalive.Problem
	late := c.Kind == string(DropIn) && !c.at.adds && path.Base(c.File) >= cloudDropIn
	if !have.CloudInit || c.File != have.Tree.Main && !late {
		return nil
	}
	for _, s := range cloudWritten(want) {
		text := fmt.Sprintf("at the first boot of an instance, %s edits %s in %s if its user data says so (ssh_pwauth), also between our marks", cloudInitOf(have.Tree), s.Keyword, c.File)
		if late {
			text = fmt.Sprintf("at the first boot of an instance, cloud-init writes %s to %s if its user data says so (ssh_pwauth), which sshd reads before %s", s.Keyword, cloudDropIn, path.Base(c.File))
		}
		problems = append(problems, keepalive.Problem{Code: FirstBoot, Warning: true, Attribute: s.Attribute, Text: text})
	}
	return problems
}

// cloudInitOf is the cloud-init that edits the main file of t.
func cloudInitOf(t sshconf.Tree) string {
	for line := range strings.Lines(string(t.Files[t.Main])) {
		if strings.HasPrefix(line, "Include "+t.Main+".d/*.conf") {
			return "cloud-init before 22.3"
		}
	}
	return "cloud-init"
}
