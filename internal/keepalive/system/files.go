package system

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/confdir"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// The drop-ins of our own. Files are read in the order of their names, and the last value
// wins: these names come after 99-sysctl.conf, by which Debian has systemd read
// /etc/sysctl.conf.
const (
	SysctlFile = "/etc/sysctl.d/99-zz-sshkeepalive.conf"
	LogindFile = "/etc/systemd/logind.conf.d/99-zz-sshkeepalive.conf"
)

// DropIns are the drop-ins of our own.
func DropIns() []string { return []string{SysctlFile, LogindFile} }

func ours(file string) bool { return slices.Contains(DropIns(), file) }

func fileOf(keyword string) string {
	if IsKernel(keyword) {
		return SysctlFile
	}
	return LogindFile
}

// Files names the drop-ins that want has lines in.
func Files(want Want) string {
	return strings.Join(slices.DeleteFunc(DropIns(), func(file string) bool { return len(linesOf(want, file)) == 0 }), " and ")
}

// Holder is the id of the resource whose drop-ins are there, "" if none are or they have
// none.
func Holder(have Facts) string {
	return cmp.Or(have.owned(SysctlFile).ID, have.owned(LogindFile).ID)
}

// atBoot is what the files give each keyword when they are read.
func (have Facts) atBoot() confdir.Lines {
	systemd := have.Init == "systemd"
	return have.read(slices.Concat(confdir.Order(have.Sysctl, systemd), confdir.Order(have.Logind, systemd))...)
}

func (have Facts) read(files ...string) confdir.Lines {
	found := confdir.Lines{}
	for _, file := range files {
		found.Read(file, have.Files[file], exclude, only)
	}
	for keyword, l := range found {
		found[keyword] = confdir.Line{Value: Spell(keyword, l.Value), Pos: l.Pos}
	}
	return found
}

// owned is what a drop-in of ours has.
func (have Facts) owned(file string) (h keepalive.OwnedLines) {
	var rest string
	rest, h.Found = strings.CutPrefix(string(have.Files[file]), marks.HostHeader+"\n")
	if !h.Found {
		return h
	}
	n := 1
	for l := range strings.Lines(rest) {
		n++
		if l = strings.TrimSpace(l); l != "" && l[0] != '[' {
			h.Add(l, sshconf.Pos{Path: file, Line: n})
		}
	}
	return h
}

// text returns the drop-in with lines, nil for none.
func text(file, id string, made []string, before map[string]string, lines []string) []byte {
	if len(lines) == 0 {
		return nil
	}
	all := slices.Concat([]string{marks.HostHeader}, marks.IDLines(id), marks.MadeDirLines(made))
	if file == LogindFile {
		all = append(all, "[Login]")
	} else {
		for _, a := range Attributes() {
			if value, ok := before[a.Keyword]; ok {
				all = append(all, marks.FoundValue+a.Keyword+" = "+value)
			}
		}
	}
	return []byte(strings.Join(append(all, lines...), "\n") + "\n")
}

// linesOf are the lines of want in one of the drop-ins. An empty line of a list comes first,
// because a list of other files would grow.
func linesOf(want Want, file string) (lines []string) {
	for _, s := range want.Settings {
		switch {
		case fileOf(s.Keyword) != file:
		case IsKernel(s.Keyword):
			lines = append(lines, s.Keyword+" = "+wanted(s))
		case s.Keyword == exclude && wanted(s) != "":
			lines = append(lines, exclude+"=", exclude+"="+wanted(s))
		default:
			lines = append(lines, s.Keyword+"="+wanted(s))
		}
	}
	return lines
}

// hasOurs reports whether our drop-ins have the lines of want.
func (have Facts) hasOurs(want Want) bool {
	same := func(l keepalive.OwnedLine, text string) bool { return l.Text == text }
	return !slices.ContainsFunc(DropIns(), func(file string) bool {
		return !slices.EqualFunc(have.owned(file).Lines, linesOf(want, file), same)
	})
}

// with returns the facts with another text of one of our drop-ins, nil for none.
func (have Facts) with(file string, text []byte) Facts {
	list := &have.Logind
	if file == SysctlFile {
		list = &have.Sysctl
	}
	have.Files = maps.Clone(have.Files)
	delete(have.Files, file)
	*list = slices.DeleteFunc(slices.Clone(*list), func(name string) bool { return name == file })
	if text != nil {
		have.Files[file] = text
		*list = slices.Insert(*list, 0, file)
	}
	return have
}
