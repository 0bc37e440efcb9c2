package sshconf

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// askClient runs ssh -G once for each query, all on one layout of the files.
func (o *oracle) askClient(files map[string][]byte, queries []ClientQuery) (answers []answer, stderr string) {
	var script strings.Builder
	for _, q := range queries {
		script.WriteString("ssh -G ")
		if q.User != "" {
			script.WriteString("-l '" + q.User + "' ")
		}
		script.WriteString("'" + q.Host + "'; echo \"@@@ $?\"\n")
	}
	stdout, stderr, _ := o.Run(files, "sh", "-c", script.String())
	return split(stdout), stderr
}

func (o *oracle) checkClient(t *testing.T, name string, tree Tree, queries []ClientQuery) {
	t.Helper()
	o.trees++
	o.files += len(tree.Files)
	answers, stderr := o.askClient(tree.Files, queries)
	tree.NoGSSAPI = !o.clientDefaults(queries[0]).HasGSSAPI()
	for i, q := range queries {
		o.contexts++
		r := EvaluateClient(tree, q)
		if refused := answers[i].exit != 0; refused != r.Refused() {
			o.disagree(t, name, tree, "host %q: ssh -G exit %d, ours %v\n%s", q.Host, answers[i].exit, r.Problems, stderr)
			return
		} else if refused {
			o.refused++
			return
		}
		o.compareClient(t, name, tree, q, r, ParseDump(answers[i].stdout))
	}
}

func (o *oracle) compareClient(t *testing.T, name string, tree Tree, q ClientQuery, r Result, dump Dump) {
	t.Helper()
	defaults := o.clientDefaults(q)
	keywords := maps.Clone(dump)
	for _, k := range r.Keywords() {
		keywords[k] = nil
	}
	for keyword := range keywords {
		want := dump[keyword]
		got, known := r.Printed(keyword)
		if _, set := r.Winner(keyword); !set {
			got, known = defaults[keyword], true
		}
		if _, ok := Lookup(Client, keyword); !known || !ok || slices.Contains(derived, keyword) {
			continue
		}
		o.comparisons++
		if len(r.Settings(keyword)) > 0 {
			o.set++
		}
		if !slices.Equal(got, want) {
			o.disagree(t, name, tree, "host %q: %s: ssh %q, ours %q, settings %v", q.Host, keyword, want, got, r.Settings(keyword))
		}
	}
}

// derived are the keywords of which ssh -G prints something that it worked out
// from others, or from the machine.
var derived = []string{"host", "hostname", "proxyjump", "proxycommand", "localforward", "remoteforward", "dynamicforward",
	"exitonforwardfailure", "canonicalizepermittedcnames", "forwardagent", "controlpath", "updatehostkeys"}

func (o *oracle) clientDefaults(q ClientQuery) Dump {
	key := Context{Host: q.Host, User: q.User}
	if _, ok := o.defaults[key]; !ok {
		answers, _ := o.askClient(nil, []ClientQuery{q})
		if o.defaults == nil {
			o.defaults = map[Context]Dump{}
		}
		o.defaults[key] = ParseDump(answers[0].stdout)
	}
	return o.defaults[key]
}

// TestGeneratedClientTrees: what we say of a tree is what ssh -G prints.
func TestGeneratedClientTrees(t *testing.T) {
	t.Parallel()
	oracleReleases(t, func(t *testing.T, o *oracle) {
		for _, seed := range o.seeds(t, 100) {
			g := newGenerator(seed, o.version)
			o.checkClient(t, fmt.Sprintf("seed %d", seed), g.clientTree(), g.queries())
		}
		o.report(t, "generated ssh_config")
	})
}

// TestKeyFileThatBothConfigurationsInclude: the user's configuration includes a file in the
// first reading, the system's includes it in the second only. ssh has the key file twice.
func TestKeyFileThatBothConfigurationsInclude(t *testing.T) {
	t.Parallel()
	oracleReleases(t, func(t *testing.T, o *oracle) {
		g := newGenerator(1, o.version)
		tree, q := g.clientTree(), g.queries()[0]
		tree.Files = map[string][]byte{
			tree.Main:                 []byte("HostName %h.example.org\nInclude /etc/ssh/extra/key.conf\nMatch final\n"),
			tree.System:               []byte("Host *.example.org\nInclude /etc/ssh/extra/key.conf\n"),
			"/etc/ssh/extra/key.conf": []byte("IdentityFile ~/.ssh/c\n"),
		}
		q.Host = "127.0.0.1"
		o.checkClient(t, "key file of both", tree, []ClientQuery{q})
		if got := EvaluateClient(tree, q).Settings("IdentityFile"); len(got) < 2 {
			t.Errorf("have %v", got)
		}
		o.report(t, "key file of both configurations")
	})
}
