package sshconf

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// oracle asks the sshd of one Debian release what it makes of trees, and counts
// how often that is not what we say.
type oracle struct {
	*hosttest.Oracle
	version  Version
	defaults map[Context]Dump
	few      bool // try a part of the seeds

	// set counts the comparisons of keywords that some line sets; the others are
	// compared with sshd's defaults, which shows that no line has an effect.
	trees, files, contexts, comparisons, set, disagreements, refused int
	// skipped counts the trees that are not compared, by the reason.
	skipped map[string]int
}

// buildDependent lists what sshd says of a tree when it judges by its own build
// instead of by the text, and why such a tree is not compared.
var buildDependent = []struct{ stderr, reason string }{
	{"cannot be satisfied by enabled authentication methods", "which authentication methods there are depends on the build"},
	{"no hostkeys available", "the host keys are not in the tree"}, // HostKey==/x names one below /=
	{"Bad configuration option: DebianBanner", "the build has no patches of Debian"},
	{"Bad SSH2 mac spec 'hmac-sha2", "the build has no SHA-2 MAC"},
	{"Bad SSH2 cipher spec '+aes128-cbc'", "the build has no CBC cipher"},
}

// skip counts a tree that sshd judged by its build or crashed on.
func (o *oracle) skip(a answer, stderr string) bool {
	if a.exit == 139 {
		return o.skipFor("sshd crashes: 9.9 and 10.0 on a Subsystem that only a matching Match has")
	}
	if a.exit == 0 {
		return false
	}
	for _, b := range buildDependent {
		if strings.Contains(stderr, b.stderr) {
			return o.skipFor(b.reason)
		}
	}
	return false
}

func (o *oracle) skipFor(reason string) bool {
	if o.skipped == nil {
		o.skipped = map[string]int{}
	}
	o.skipped[reason]++
	return true
}

func newOracle(t *testing.T, release string) *oracle {
	t.Helper()
	o := &oracle{Oracle: hosttest.Binary(t, release)}
	_, banner, _ := o.Run(nil, "ssh", "-V")
	v, err := ParseVersion(banner)
	if err != nil {
		t.Fatal(err)
	}
	o.version = v
	return o
}

func (o *oracle) report(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: OpenSSH %s: %d trees (%d refused by both), %d files, %d contexts, %d comparisons (%d of keywords that are set), %d disagreements",
		what, o.version, o.trees, o.refused, o.files, o.contexts, o.comparisons, o.set, o.disagreements)
	for _, reason := range slices.Sorted(maps.Keys(o.skipped)) {
		t.Logf("%s: OpenSSH %s: %d trees are not compared: %s", what, o.version, o.skipped[reason], reason)
	}
}

// N is the number of trees to generate, from the environment for long runs.
func oracleN(t *testing.T, byDefault int) int {
	t.Helper()
	text := os.Getenv("ORACLE_N")
	if text == "" {
		return byDefault
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func spec(c Context) string {
	var items []string
	add := func(name, v string) {
		if v != "" {
			items = append(items, name+"="+v)
		}
	}
	add("user", c.User)
	add("host", c.Host)
	add("addr", c.Address)
	add("laddr", c.LocalAddress)
	if c.LocalPort != 0 {
		add("lport", strconv.Itoa(c.LocalPort))
	}
	return strings.Join(items, ",")
}

// seeds are the seeds to try: those of ORACLE_SEED, parted by commas, to look at a
// disagreement again, else as many as oracleN says.
func (o *oracle) seeds(t *testing.T, byDefault int) []uint64 {
	t.Helper()
	var seeds []uint64
	if list := os.Getenv("ORACLE_SEED"); list != "" {
		for text := range strings.SplitSeq(list, ",") {
			seed, err := strconv.ParseUint(text, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			seeds = append(seeds, seed)
		}
		return seeds
	}
	if o.few {
		byDefault /= 4
	}
	for seed := range oracleN(t, byDefault) {
		seeds = append(seeds, uint64(seed))
	}
	return seeds
}

type answer struct {
	dump   Dump
	stdout string
	exit   int
}

// ask runs sshd -T once for each context, all on one layout of the files.
func (o *oracle) ask(files map[string][]byte, contexts []Context) (answers []answer, stderr string) {
	var script strings.Builder
	for _, c := range contexts {
		script.WriteString("/usr/sbin/sshd -T")
		if s := spec(c); s != "" {
			script.WriteString(" -C '" + s + "'")
		}
		script.WriteString("; echo \"@@@ $?\"\n")
	}
	stdout, stderr, _ := o.Run(files, "sh", "-c", script.String())
	return split(stdout), stderr
}

func split(stdout string) (answers []answer) {
	for part := range strings.SplitAfterSeq(stdout, "@@@ ") {
		if n := len(answers); n > 0 {
			code, rest, _ := strings.Cut(part, "\n")
			answers[n-1].exit, _ = strconv.Atoi(code)
			part = rest
		}
		part = strings.TrimSuffix(part, "@@@ ")
		answers = append(answers, answer{stdout: part, dump: ParseDump(part)})
	}
	return answers[:len(answers)-1]
}

// check compares one tree in the contexts.
func (o *oracle) check(t *testing.T, name string, tree Tree, contexts []Context) {
	t.Helper()
	answers, stderr := o.ask(tree.Files, contexts)
	o.compareAnswers(t, name, tree, contexts, answers, stderr)
}

// compareAnswers counts a tree and compares what sshd said of it in the contexts.
func (o *oracle) compareAnswers(t *testing.T, name string, tree Tree, contexts []Context, answers []answer, stderr string) {
	t.Helper()
	o.trees++
	o.files += len(tree.Files)
	tree.NoGSSAPI = !o.defaultsFor(contexts[0]).HasGSSAPI()
	for i, c := range contexts {
		o.contexts++
		r := Evaluate(tree, c)
		if o.skip(answers[i], stderr) {
			return
		}
		if refused := answers[i].exit != 0; refused != r.Refused() {
			o.disagree(t, name, tree, "context %q: sshd exit %d, ours %v\n%s", spec(c), answers[i].exit, r.Problems, stderr)
			return
		} else if refused {
			o.refused++
			return
		}
		o.compare(t, name, tree, c, r, answers[i].dump)
	}
}

func (o *oracle) compare(t *testing.T, name string, tree Tree, c Context, r Result, dump Dump) {
	t.Helper()
	defaults := o.defaultsFor(c)
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
		if kw, ok := Lookup(Server, keyword); !known || !ok || notPrinted(kw) || r.interdependent(kw) || keyword == "listenaddress" {
			continue
		}
		o.comparisons++
		if len(r.Settings(keyword)) > 0 {
			o.set++
		}
		if !slices.Equal(got, want) {
			o.disagree(t, name, tree, "context %q: %s: sshd %q, ours %q, settings %v", spec(c), keyword, want, got, r.Settings(keyword))
		}
	}
}

func notPrinted(kw Keyword) bool {
	return kw.Name == "DebianBanner" || strings.HasPrefix(kw.Name, "Kerberos") || kw.Name == "Banner"
}

func (o *oracle) defaultsFor(c Context) Dump {
	if _, ok := o.defaults[c]; !ok {
		answers, _ := o.ask(map[string][]byte{"/etc/ssh/sshd_config": nil}, []Context{c})
		if o.defaults == nil {
			o.defaults = map[Context]Dump{}
		}
		o.defaults[c] = answers[0].dump
	}
	return o.defaults[c]
}

func (o *oracle) disagree(t *testing.T, name string, tree Tree, format string, args ...any) {
	t.Helper()
	o.disagreements++
	if o.disagreements > 5 {
		return
	}
	var files strings.Builder
	for _, path := range slices.Sorted(maps.Keys(tree.Files)) {
		fmt.Fprintf(&files, "-- %s --\n%q\n", path, tree.Files[path])
	}
	t.Errorf("%s: %s\n%s", name, fmt.Sprintf(format, args...), files.String())
}

// oracleReleases runs a test against each Debian release of ORACLE_RELEASES. Without
// that it takes bookworm, and a share of the seeds with the newest OpenSSH, of sid,
// unless that is one for which the tables were not made yet: then make oracle shows
// what it changed, and an unrelated change can land.
func oracleReleases(t *testing.T, test func(*testing.T, *oracle)) {
	t.Helper()
	releases := os.Getenv("ORACLE_RELEASES")
	bounded := releases == ""
	if bounded {
		releases = "bookworm,sid"
	}
	for release := range strings.SplitSeq(releases, ",") {
		t.Run(release, func(t *testing.T) {
			o := newOracle(t, release)
			if o.few = bounded && release == "sid"; o.few && unknownRelease(o.version) {
				t.Logf("OpenSSH %s of Debian sid is newer than the tables; make oracle compares it", o.version)
				return
			}
			test(t, o)
		})
	}
}

// TestGeneratedTrees: what we say of a tree is what sshd -T prints.
func TestGeneratedTrees(t *testing.T) {
	t.Parallel()
	oracleReleases(t, func(t *testing.T, o *oracle) {
		for _, seed := range o.seeds(t, 100) {
			g := newGenerator(seed, o.version)
			o.check(t, fmt.Sprintf("seed %d", seed), g.tree(), g.contexts())
		}
		o.report(t, "generated")
	})
}

// edits are what TestGeneratedEdits sets, and what sshd prints for it: "" is what
// Canonical says.
var edits = []struct{ keyword, value, printed string }{
	{"ClientAliveInterval", "70m42s", "4242"},
	{"MaxStartups", "7:77:777", "7:77:777"},
	{"TCPKeepAlive", "no", ""}, // false since 10.6
	{"LoginGraceTime", "42", "42"},
	{"RekeyLimit", "1M 42", "1048576 42"},
	{"ForceCommand", "/bin/echo \"a b\" 'c'", "/bin/echo \"a b\" 'c'"},
	{"PermitRootLogin", "forced-commands-only", "forced-commands-only"},
}

// TestGeneratedEdits: what Set writes is what sshd prints, unless a line of
// another file or of a Match is named that wins over it; and nothing else that
// sshd prints changes.
func TestGeneratedEdits(t *testing.T) {
	t.Parallel()
	oracleReleases(t, func(t *testing.T, o *oracle) {
		effective := 0
		for _, seed := range o.seeds(t, 50) {
			g := newGenerator(seed+1<<32, o.version)
			tree, contexts := g.tree(), g.contexts()
			if Evaluate(tree, Context{}).Refused() {
				continue
			}
			e := edits[seed%uint64(len(edits))]
			if e.printed == "" {
				e.printed, _ = Canonical(Server, e.keyword, e.value, o.version)
			}
			name := fmt.Sprintf("seed %d, %s set", seed, e.keyword)
			before, stderr := o.ask(tree.Files, contexts)
			if before[0].exit != 0 {
				continue
			}
			f := Parse(Server, o.version, tree.Files[tree.Main])
			f.Set(e.keyword, e.value)
			tree.Files[tree.Main] = f.Bytes()
			o.check(t, name, tree, contexts)
			after, more := o.ask(tree.Files, contexts)
			for i, c := range contexts {
				a, b := maps.Clone(before[i].dump), maps.Clone(after[i].dump)
				// A context can be refused that the first one is not: 8.4 takes no
				// "none" for AuthorizedPrincipalsCommand, once a Match applies it. That
				// we say so is seen by check.
				if before[i].exit == 139 || after[i].exit == 139 || before[i].exit != 0 && after[i].exit != 0 {
					continue
				}
				shadowed := slices.ContainsFunc(Evaluate(tree, c).Winners(e.keyword), func(s Setting) bool { return s.Match != "" || s.Pos.Path != tree.Main })
				if got := b[strings.ToLower(e.keyword)]; slices.Equal(got, []string{e.printed}) {
					effective++
				} else if !shadowed {
					o.disagree(t, name, tree, "context %q: sshd prints %q\n%s%s", spec(c), got, stderr, more)
				}
				delete(a, strings.ToLower(e.keyword))
				delete(b, strings.ToLower(e.keyword))
				if !maps.EqualFunc(a, b, slices.Equal) {
					o.disagree(t, name, tree, "context %q: the edit changed something else:\n%s\n%s", spec(c), before[i].stdout, after[i].stdout)
				}
			}
		}
		o.report(t, "edited")
		t.Logf("effective in %d contexts, shadowed by a named line in the others", effective)
	})
}
