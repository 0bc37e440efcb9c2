package sshconf

import (
	"bytes"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

func corpus(t testing.TB, pattern string, v Version) map[string]Tree {
	t.Helper()
	files, err := filepath.Glob("testdata/corpus/" + pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	trees := map[string]Tree{}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree := Tree{Version: v, Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh", Files: map[string][]byte{}}
		if strings.HasPrefix(filepath.Base(file), "client") {
			tree.Dialect, tree.Main, tree.System = Client, "/root/.ssh/config", "/etc/ssh/ssh_config"
		}
		for _, f := range a.Files {
			tree.Files[f.Name] = []byte(unmark.Replace(string(f.Data)))
		}
		trees[file] = tree
	}
	return trees
}

var corpusContexts = []Context{
	{LocalPort: 7},
	{User: "git", Host: "h.example.org", Address: "10.1.2.3", LocalAddress: "127.0.0.1", LocalPort: 22},
	{User: "bob", Host: "bad.example.org", Address: "203.0.113.9", LocalAddress: "10.0.0.1", LocalPort: 2222},
	{User: "root", Host: "x", Address: "192.168.0.1", LocalAddress: "127.0.0.1", LocalPort: 22},
	{User: "jürgen", Host: "x", Address: "2001:db8::1", LocalAddress: "::1", LocalPort: 22},
}

func corpusQueries() []ClientQuery {
	var list []ClientQuery
	for i, host := range []string{"web1", "web2.example.org", "WEB1", "db", "git.example.org", "other"} {
		list = append(list, ClientQuery{Host: host, User: []string{"", "git"}[i%2], LocalUser: "root", Home: "/root"})
	}
	return list
}

// TestCorpus: what we say of every file of the corpus is what sshd -T and ssh -G
// print, before and after an edit; the edit changes one line of one file.
func TestCorpus(t *testing.T) {
	t.Parallel()
	oracleReleases(t, func(t *testing.T, o *oracle) {
		for name, tree := range corpus(t, "server_*", o.version) {
			o.check(t, name, tree, corpusContexts)
			o.check(t, name+" edited", edited(t, name, tree, "ClientAliveInterval"), corpusContexts)
		}
		for name, tree := range corpus(t, "client_*", o.version) {
			o.checkClient(t, name, tree, corpusQueries())
			o.checkClient(t, name+" edited", edited(t, name, tree, "ServerAliveInterval"), corpusQueries())
		}
		o.report(t, "corpus")
	})
}

// edited returns tree with keyword set to 4242 in its main file.
func edited(t *testing.T, name string, tree Tree, keyword string) Tree {
	t.Helper()
	refused := Evaluate(tree, Context{}).Refused()
	f := Parse(tree.Dialect, tree.Version, tree.Files[tree.Main])
	before := rawLines(f)
	if !bytes.Equal(f.Bytes(), tree.Files[tree.Main]) {
		t.Errorf("%s: no edit, and yet the bytes changed", name)
	}
	f.Set(keyword, "4242")
	if n := changedLines(before, rawLines(f)); n != 1 {
		t.Errorf("%s: %d lines changed", name, n)
	}
	tree.Files = maps.Clone(tree.Files)
	tree.Files[tree.Main] = f.Bytes()
	if tree.Dialect == Server && !refused {
		if r := Evaluate(tree, Context{}); !effectiveOrShadowed(r, tree.Main) {
			t.Errorf("%s: %s 4242 was set, is not effective, and nothing is named that wins over it: %v", name, keyword, r.Settings(keyword))
		}
	}
	return tree
}

// effectiveOrShadowed: the new value wins, or a line that is read before it or a
// Match does.
func effectiveOrShadowed(r Result, main string) bool {
	w, ok := r.Winner("ClientAliveInterval")
	return ok && (w.Rest == "4242" || w.Match != "" || w.Pos.Path != main)
}

// TestRebase: a copy of the tree below another directory means the same.
func TestRebase(t *testing.T) {
	t.Parallel()
	oracleReleases(t, func(t *testing.T, o *oracle) {
		const prefix = "/run/stage [1]"
		for name, tree := range corpus(t, "server_*", o.version) {
			copied := tree.Clone()
			for path, data := range tree.Files {
				copied.Files[prefix+path] = Rebase(Parse(Server, o.version, data), tree.Dir, prefix)
			}
			stdout, _, _ := o.Run(copied.Files, "sh", "-c", "/usr/sbin/sshd -T -C user=git,lport=22; echo @@@; /usr/sbin/sshd -T -C user=git,lport=22 -f '"+prefix+tree.Main+"'")
			live, staged, _ := strings.Cut(stdout, "@@@\n")
			o.trees++
			o.comparisons++
			if live != staged {
				o.disagree(t, name, copied, "the copy means something else:\n%s\nthan the tree:\n%s", staged, live)
			}
		}
		o.report(t, "rebased")
	})
}
