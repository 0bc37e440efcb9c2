package server

import (
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// query is what wants make one ask an sshd, beside what every look tells.
type query struct {
	specs []string // contexts, as sshd -T -C takes them; "" is asked about anyway
	texts []string // wanted lines, for sshd -T to judge and to spell

	greeted bool // the server told its release in its identification
	old     bool // which is one before 8.7
	fresh   bool // the connection was made for this look
	sockets bool // who listens matters
	// confirming says that a change of ours is pending, which holds the lock: none of
	// another run can be.
	confirming bool
}

// state is the directory in which pending changes are looked for, "" for none.
func (q query) state(t reconcile.Target) string {
	if q.confirming || t.IsImage() {
		return ""
	}
	return commit.StateDir()
}

func queryOf(wants []sshserver.Want, v sshconf.Version) query {
	var q query
	for _, want := range wants {
		want = want.ForRelease(v)
		for _, c := range sshserver.ContextsOf(want) {
			q.specs = insert(q.specs, keepalive.ContextSpec(c))
		}
		for _, w := range sshserver.WantedTexts(want) {
			q.texts = insert(q.texts, textOf(w))
		}
	}
	return q
}

func insert(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func textOf(w keepalive.Wanted) string { return strings.Join(w.Lines, "\n") }

// without leaves out the texts whose answers are known.
func (q query) without(spellings map[string]answer) query {
	q.texts = slices.DeleteFunc(q.texts, func(text string) bool {
		_, known := spellings[text]
		return known
	})
	return q
}

// functions are what the scripts call to ask.
func (q query) functions() string {
	var b strings.Builder
	b.WriteString("specs() { each")
	for _, spec := range q.specs {
		b.WriteString(" " + shell.Quote(spec))
	}
	b.WriteString("; }; wants() { :;")
	for _, text := range q.texts {
		b.WriteString(peerOf(text) + " canonical")
		for line := range strings.SplitSeq(text, "\n") {
			b.WriteString(" " + shell.Quote(line))
		}
		b.WriteString(";")
	}
	b.WriteString(" }; ")
	return b.String()
}

// peerOf assigns the connection for which a text is judged: some, if it has Match
// lines, and else none.
func peerOf(text string) string {
	if strings.HasPrefix(text, "Match ") || strings.Contains(text, "\nMatch ") {
		return " PEER='-C user=x,host=x,addr=::,laddr=::,lport=1';"
	}
	return " PEER=;"
}

// answer is what sshd -T printed, or said against what it was asked.
type answer struct {
	values  sshconf.Dump
	refusal string
}
