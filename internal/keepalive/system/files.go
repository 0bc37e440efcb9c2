package system

import (
	"cmp"
	"path"
	"slices"
	"strings"

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

	sysctlConf = "/etc/sysctl.conf"
)

func ours(file string) bool { return file == SysctlFile || file == LogindFile }

func fileOf(keyword string) string {
	if IsKernel(keyword) {
		return SysctlFile
	}
	return LogindFile
}

// line is the one that gives a keyword its value, as Spell writes it.
type line struct {
	value string
	pos   sshconf.Pos
}

// atBoot is what the files give each keyword when they are read.
func (have Facts) atBoot() map[string]line {
	found := map[string]line{}
	for _, file := range append(inOrder(have.Sysctl, have.Init), inOrder(have.Logind, have.Init)...) {
		read(file, have.Files[file], found)
	}
	return found
}

// inOrder sorts files as their programs read them. Of several with one name, that of the
// first directory counts. logind.conf comes before its drop-ins. /etc/sysctl.conf comes
// after all of sysctl.d, and systemd does not read it.
func inOrder(files []string, init string) []string {
	place := func(file string) int {
		switch {
		case file == sysctlConf:
			return 2
		case strings.HasSuffix(path.Dir(file), ".d"):
			return 1
		}
		return 0
	}
	var list []string
	names := map[string]bool{}
	for _, file := range files {
		if name := path.Base(file); !names[name] && (file != sysctlConf || init != "systemd") {
			names[name] = true
			list = append(list, file)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(path.Base(a), path.Base(b)))
	})
	return list
}

// read adds to found what a file gives each keyword. sysctl.d(5): a hyphen in front ignores
// errors, and slashes may stand for the dots. logind.conf(5): a list grows with each
// line, and ends at an empty one.
func read(file string, text []byte, found map[string]line) {
	section, n := "", 0
	for l := range strings.Lines(string(text)) {
		n++
		l = strings.TrimSpace(l)
		key, value, ok := strings.Cut(l, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case l == "" || l[0] == '#' || l[0] == ';' || !ok && l[0] != '[':
			continue
		case l[0] == '[':
			section = l
			continue
		case section == "":
			key = strings.ReplaceAll(strings.TrimPrefix(key, "-"), "/", ".")
		case section != "[Login]":
			continue
		case (key == exclude || key == only) && value != "":
			value = found[key].value + " " + value
		}
		if slices.Contains([]string{retries, idle, interval, probes, kill, exclude, only}, key) {
			found[key] = line{Spell(key, value), sshconf.Pos{Path: file, Line: n}}
		}
	}
}

// text is a drop-in of ours that was read.
type text struct {
	keepalive.OwnedLines
	made  []string          // directories that were made for it
	found map[string]string // what the kernel used before, by keyword
}

// foundPrefix starts the note of what the kernel used before: a removal sets it again.
const foundPrefix = "# sshkeepalive found "

func (have Facts) owned(file string) text {
	t := text{found: map[string]string{}}
	rest, ours := strings.CutPrefix(string(have.Files[file]), marks.HostHeader+"\n")
	t.Found = ours
	n := 1
	for l := range strings.Lines(rest) {
		n++
		l = strings.TrimSpace(l)
		if id, ok := marks.ResourceID(l); ok {
			t.ID = id
		} else if dir, ok := strings.CutPrefix(l, marks.MadeDir); ok {
			t.made = append(t.made, dir)
		} else if note, ok := strings.CutPrefix(l, foundPrefix); ok {
			keyword, value, _ := strings.Cut(note, " = ")
			t.found[keyword] = value
		} else if ours && l != "" && l[0] != '[' {
			t.Lines = append(t.Lines, keepalive.OwnedLine{Text: l, Pos: sshconf.Pos{Path: file, Line: n}})
		}
	}
	return t
}

// write returns the drop-in with lines, nil for none.
func (t text) write(file, id string, lines []string) []byte {
	if len(lines) == 0 {
		return nil
	}
	all := []string{marks.HostHeader}
	if id != "" {
		all = append(all, marks.Resource(id))
	}
	for _, dir := range t.made {
		all = append(all, marks.MadeDir+dir)
	}
	for _, a := range Attributes() {
		if value, ok := t.found[a.Keyword]; ok {
			all = append(all, foundPrefix+a.Keyword+" = "+value)
		}
	}
	if file == LogindFile {
		all = append(all, "[Login]")
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
	for _, file := range []string{SysctlFile, LogindFile} {
		var there []string
		for _, l := range have.owned(file).Lines {
			there = append(there, l.Text)
		}
		if !slices.Equal(there, linesOf(want, file)) {
			return false
		}
	}
	return true
}
