// Package marks has the comments by which our lines on hosts are recognised. Hosts have
// them from every release of the provider, so their bytes never change.
//
// Every mark names its owner, the drop-in name of a server resource or the opening line
// of a client's block: two resources on one host never undo each other. A drop-in that
// is ours alone starts with ServerHeader. In a file of others our lines stand between
// begin and end marks, in an sshd_config one block for global settings and one for Match
// blocks. A line that was commented out stays behind Takeover. What stands in the files
// is all that is needed to restore them; no record is kept elsewhere.
//
// This is the only package below provider whose text names Terraform and its resources.
// It must not know where lines go or what they say.
package marks

import (
	"regexp"
	"strings"
)

const (
	// ServerHeader is the first line of a drop-in of sshd_config that is ours alone.
	ServerHeader = "# Managed by Terraform: sshkeepalive_server. A change made here by hand is drift."
	// HostHeader is the first line of a drop-in of sysctl.d or logind.conf.d that is ours.
	HostHeader = "# Managed by Terraform: sshkeepalive_host. A change made here by hand is drift."
	// ClientHeader is the first line of an ssh_config that did not exist before.
	ClientHeader = "# Created by Terraform (sshkeepalive_client); removed again when nothing else is in it."
	// MadeDir comes before a directory that was made for our lines.
	MadeDir = "# sshkeepalive made the directory "
	// FoundValue comes before what was in use when our lines came: keyword = value.
	FoundValue = "# sshkeepalive found "
	// Repeated stands above the Match blocks that repeat global settings. An import
	// tells these from the blocks that the user declared by it.
	Repeated = "# For the declared contexts, which Match blocks of others would override:"
	// BeginPrefix and EndPrefix start the marks around a block of ours.
	BeginPrefix = "# BEGIN sshkeepalive "
	EndPrefix   = "# END sshkeepalive "

	managed      = " (managed by Terraform)"
	resource     = "# sshkeepalive resource "
	takeover     = "#sshkeepalive "
	renderedName = "render_sshd_config"
	renderedSSH  = "render_ssh_config"
)

// RenderedBegin and RenderedEnd stand around the text of render_sshd_config,
// RenderedSSHBegin and RenderedSSHEnd around that of render_ssh_config. No owner has
// them: no drop-in name is spelled like theirs, and a client's owner begins with Host or
// Match.
const (
	RenderedBegin    = BeginPrefix + renderedName + " (sshkeepalive_server takes over the lines that it declares)"
	RenderedEnd      = EndPrefix + renderedName
	RenderedSSHBegin = BeginPrefix + renderedSSH + " (sshkeepalive_client takes over the lines that it declares)"
	RenderedSSHEnd   = EndPrefix + renderedSSH
)

// Block returns the marks around owner's lines.
func Block(owner string) (begin, end string) {
	return BeginPrefix + owner + managed, EndPrefix + owner
}

// MatchBlock returns the marks around owner's Match blocks in an sshd_config.
func MatchBlock(owner string) (begin, end string) {
	return BeginPrefix + owner + " Match" + managed, EndPrefix + owner + " Match"
}

// BlockOwner reads the owner from a begin mark.
func BlockOwner(line string) (owner string, ok bool) {
	owner, ok = strings.CutPrefix(line, BeginPrefix)
	if !ok {
		return "", false
	}
	owner = strings.TrimSuffix(owner, managed)
	begin, _ := Block(owner)
	return owner, begin == line
}

var lineOwner = regexp.MustCompile(`^# (BEGIN|END) sshkeepalive (\S+)`)

// Edge reads the owner from a begin or an end mark. The rendered text has no owner: its
// marks end the lines of any.
func Edge(line string) (owner string, ok bool) {
	m := lineOwner.FindStringSubmatch(line)
	if m == nil {
		return "", false
	}
	if m[1] == "END" || m[2] == renderedName || m[2] == renderedSSH {
		return "", true
	}
	return m[2], true
}

// Takeover comes before a line of others that owner commented out.
func Takeover(owner string) string { return takeover + owner + "# " }

// TakeoverOwner reads the owner from a line that was commented out.
func TakeoverOwner(line string) (owner string, ok bool) {
	rest, ok := strings.CutPrefix(line, takeover)
	if !ok {
		return "", false
	}
	owner, _, ok = strings.Cut(rest, "# ")
	return owner, ok
}

// Mentions reports whether a text may have a mark of owner's.
func Mentions(text, owner string) bool { return strings.Contains(text, "sshkeepalive "+owner) }

// Resource returns the line with the random id of a resource, which is the first of its
// lines in a file, or between two marks.
func Resource(id string) string { return resource + id }

// IDLines returns the line with the id of a resource, if it has one.
func IDLines(id string) []string {
	if id == "" {
		return nil
	}
	return []string{Resource(id)}
}

// MadeDirLines returns the lines that note directories which were made.
func MadeDirLines(made []string) []string {
	lines := make([]string, len(made))
	for i, dir := range made {
		lines[i] = MadeDir + dir
	}
	return lines
}

var idForm = regexp.MustCompile(`^(image|[0-9a-f]{16})$`)

// ResourceID reads the id of a resource from a line.
func ResourceID(line string) (id string, ok bool) {
	id, ok = strings.CutPrefix(strings.TrimSpace(line), resource)
	return id, ok && idForm.MatchString(id)
}
