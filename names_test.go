package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// replacedWord is a word that is no longer used, in an area: a path, or the start of one.
type replacedWord struct{ area, old, now string }

// distinctive words are refused everywhere: in names of files, in every part of a name
// (PhaseVigil has the word vigil), in comments, messages and documentation.
var distinctive = replacedWords(`
internal/host: vigil=idle probe passage=proxy errand=pending look baton=token parting=close reason undialled=not ssh
internal/provider: foresight=plan facts foresee=plan ahead entitle=set id whereabouts=resolved target sighting=observation
internal/provider: outpost=source target lookout=data source aftermath=post-apply warnings openplace=mark unknown
internal/commit: performer=engine seize=acquire grab=lock_try enlist=lock_prepare unstale=drop_stale_lock lastwords=show_daemon_log
internal/commit: revive=restart_daemon loudly=with_signals retreat=roll_back_now undisarmed=not_disarmed unrolled=not_rolled_back
internal/reconcile: outlook=look cache foretell=stage digest
internal/hosttest: chassis=base furnish=install
internal/benchmark: keeper=rusage duel=comparison surroundings=environment
`)

// declared words are ordinary in a sentence, or as a local variable. They are refused as
// names of packages' constants, variables, types, functions and methods, and as names of
// shell functions.
var declared = replacedWords(`
internal/host: Watch=IdleProbeOptions PhaseVigil=PhaseIdle Reach=LoginProbe Meeting=LoginProgress Elsewhere=AlternateAddresses
internal/host: ShownHostKey=ExpectedHostKey UsualKnownHosts=DefaultKnownHosts NoPassage=ProxyDenied Way=RouteKey Lookup=Resolver
internal/host: barredError=permanentProxyError barred=permanent viaError=jumpError hear=updateAlternates heardSince=alternatesChangedSince
internal/host: lease=sharedHost solo=dedicatedHost drive=execution wire=monitoredConn ear=keepaliveRecorder moments=timings
internal/host: pace=retryPolicy usualPace=defaultRetryPolicy learn=noteSessionLimit trust=hostKeyChecker isCut=isConnClosed
internal/host: turnedAway=isThrottleBanner doubt=certProblem narrow=selectAgentKey become=sudoCommand escalation=sudo together=killGroupOnCancel
internal/provider: subject=managedModel glance=observation lookUp=resolveTarget meeting=lastAddress meetings=addressBook blind=planUnreachable
internal/provider: rivalled=conflictsWithSibling stay=keepComputed about=describeObject claims=ownership sameWish=sameDesired suits=supportsTransport
internal/provider: leaveOpen=markUnknown leavePlaceOpen=markPlacementUnknown settled=unchanged decide=planComputed decided=computedAfter
internal/provider: verdict=loginResult looker=reader tell=setState tellNothing=setNull mannerSchema=applyOptionsSchema everywhere=allBlocks
internal/provider: slot=field absorb=setFromHost layered=withLayer unless=keepKnown Spare=TuneProcess hush=silenceUnreadLogs garbage=gcPercent
internal/provider: twoForOne=conflictingResources metElsewhere=foundAtOtherAddress keptOut=accessDenied unlooked=notLookedAt
internal/reconcile: Sight=Snapshot view=cachedFacts knowledge=factIndex question=query questions=query follow=withNewEndpoints afresh=gatherUncached
internal/reconcile: carry=commitWithRetry unmet=mismatches Unmet=Mismatches personOf=accountOf nobody=noHost greeted=serverIdent
internal/reconcile: told=reported canon=canonical give=make_privsep_dir lend=lend_host_key
internal/keepalive: rival=siblingConflict Concern=Warning Untold=Unknown On=ForRelease spot=insertionPoint spotAt=insertionPoint taken=adopted
internal/keepalive: forced=overridden remains=leftover bytesAlone=byteOnlyChange unbearable=rejectedBeside unreached=unreachable standing=inForce
internal/keepalive: climb=ascendIncludes madeUp=synthetic handOver=transfer roomy=hasCapacity killing=disconnects mended=repaired family=keywordGroup
internal/keepalive: Opened=ParsedBlock Survey=AuditInput Reading=AuditRow loss=shadowed
internal/commit: proper=standardProtocol spare=stripComments filled=withDefaults Print=PrintCommand claim=mark_rolling grip=lock_force settle=resolve_pending
internal/commit: settled=report_ended hush=buffer_stderr recall=load_state witness=load_proof arrived=wait_running abandon=give_up kept=confirmed Settle=ResolvePending
internal/userconf: About=Lookup reading=translator place=localEnv forest=includeLoader plant=add grow=expand
internal/sshconf: specials=quotingRules reader=lexer reached=atLeast settle=resolvePending entangled=interdependent news=changes tildeless=withoutTilde
internal/dotenv: Noted=Marked Own=Managed Flaw=Problem lead=prefix
internal/benchmark: course=workload scene=scenario turn=round twin=noopServer idle=noopProvider stone=noopResource
`)

// notYet lists, by area, replaced words that are still in use. It only shrinks: a word
// that is gone must be removed here.
var notYet = map[string]string{
	"internal/host": "parting",
}

// TestReplacedWordsAreGone finds the words that DESIGN.md's glossary replaced.
func TestReplacedWordsAreGone(t *testing.T) {
	found := map[string]string{} // area and word -> a place
	for _, u := range replacedIn(t, ".") {
		found[u.area+" "+u.old] = u.place
		if !slices.Contains(strings.Fields(notYet[u.area]), u.old) {
			t.Errorf("%s: %q was replaced by %q: see the glossary in DESIGN.md", u.place, u.old, u.now)
		}
	}
	for area, words := range notYet {
		for word := range strings.FieldsSeq(words) {
			if found[area+" "+word] == "" {
				t.Errorf("%s: %q is gone: remove it from the table notYet in names_test.go", area, word)
			}
		}
	}
}

// use is a place where a replaced word is.
type use struct {
	replacedWord
	place string
}

// scanned are the names of files in which words are looked for. Records of measurements
// and of changes keep the words of their time.
var (
	scanned = regexp.MustCompile(`\.(go|sh|md|tmpl|tf|yml|txt)$|(^|/)GNUmakefile$|^\.ci/`)
	records = regexp.MustCompile(`^(CHANGELOG|BENCHMARKS)\.md$|^names_test\.go$|(^|/)testdata/fuzz/`)
)

// replacedIn returns every use of a replaced word below root.
func replacedIn(t *testing.T, root string) (uses []use) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if d.Name() == ".git" || rel == "bin" || rel == "dist" {
				return fs.SkipDir
			}
			return nil
		}
		if !scanned.MatchString(rel) || records.MatchString(rel) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			uses = append(uses, replacedInFile(t, rel, string(text))...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return uses
}

func replacedInFile(t *testing.T, name, text string) (uses []use) {
	t.Helper()
	for n, line := range append([]string{name}, strings.Split(text, "\n")...) {
		for _, word := range wordsOf(line) {
			for _, r := range distinctive[word] {
				r.area = areaOf(name)
				uses = append(uses, use{r, fmt.Sprintf("%s:%d", name, n)})
			}
		}
	}
	for word, line := range declaredIn(t, name, text) {
		for _, r := range declared[word] {
			if strings.HasPrefix(name, r.area+"/") {
				uses = append(uses, use{r, fmt.Sprintf("%s:%d", name, line)})
			}
		}
	}
	return uses
}

// areaOf returns the folder of the file: for example internal/host, docs, or ".".
func areaOf(name string) string {
	parts := strings.Split(name, "/")
	if len(parts) > 2 && parts[0] == "internal" {
		return parts[0] + "/" + parts[1]
	}
	if len(parts) > 1 {
		return parts[0]
	}
	return "."
}

// wordsOf returns the words of a line in lower case, and those that names are made of.
func wordsOf(line string) (words []string) {
	var word []rune
	flush := func() {
		if len(word) > 1 {
			words = append(words, strings.ToLower(string(word)))
		}
		word = nil
	}
	lower := false
	for _, c := range line {
		if !unicode.IsLetter(c) || unicode.IsUpper(c) && lower {
			flush()
		}
		if lower = unicode.IsLower(c); unicode.IsLetter(c) {
			word = append(word, c)
		}
	}
	flush()
	return words
}

var shellFunction = regexp.MustCompile(`^\s*([A-Za-z_]+)\(\)`)

// declaredIn returns the names that a file declares, each with its line.
func declaredIn(t *testing.T, name, text string) map[string]int {
	t.Helper()
	found := map[string]int{}
	switch filepath.Ext(name) {
	case ".sh":
		for n, line := range strings.Split(text, "\n") {
			if m := shellFunction.FindStringSubmatch(line); m != nil {
				found[m[1]] = n + 1
			}
		}
	case ".go":
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			for _, id := range declaredBy(d) {
				found[id.Name] = files.Position(id.Pos()).Line
			}
		}
	}
	return found
}

func declaredBy(d ast.Decl) (names []*ast.Ident) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return []*ast.Ident{d.Name}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name)
			case *ast.ValueSpec:
				names = append(names, s.Names...)
			}
		}
	}
	return names
}

// replacedWords reads lines "area: old=new old=new"; a new name may have several words.
func replacedWords(table string) map[string][]replacedWord {
	words := map[string][]replacedWord{}
	for line := range strings.Lines(table) {
		area, rest, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		var last *replacedWord
		for field := range strings.FieldsSeq(rest) {
			if old, now, ok := strings.Cut(field, "="); ok {
				words[old] = append(words[old], replacedWord{area, old, now})
				last = &words[old][len(words[old])-1]
			} else {
				last.now += " " + field
			}
		}
	}
	return words
}

// TestReplacedWordsAreFound plants words, each where it is refused, and others where they
// are not.
func TestReplacedWordsAreFound(t *testing.T) {
	for name, plant := range map[string]struct{ file, text, want string }{
		"in a comment":          {"internal/sshconf/x.go", "package x\n\n// The errand is over.\n", "x.go:3 errand"},
		"in a name":             {"internal/host/x.go", "package x\n\nfunc f() { endOfVigil() }\n", "x.go:3 vigil"},
		"in a message":          {"internal/host/x.go", "package x\n\nvar v = \"no Passage\"\n", "x.go:3 passage"},
		"in a document":         {"docs/index.md", "one\n\nThe baton_of it\n", "index.md:3 baton"},
		"in a script":           {"internal/commit/x.sh", "seize() {\n", "x.sh:1 seize"},
		"in the name of a file": {"internal/host/vigil_test.go", "package x\n", "vigil_test.go:0 vigil"},
		"as a function":         {"internal/host/x.go", "package x\n\nfunc hear() {}\n", "x.go:3 hear"},
		"as a method":           {"internal/host/x.go", "package x\n\nfunc (x) hear() {}\n", "x.go:3 hear"},
		"as a type":             {"internal/host/x.go", "package x\n\ntype lease struct{}\n", "x.go:3 lease"},
		"as a constant":         {"internal/provider/x.go", "package x\n\nconst (\n\ta = 1\n\tgarbage = 2\n)\n", "x.go:5 garbage"},
		"as a shell function":   {"internal/commit/x.sh", "\nsettle() {\n", "x.sh:2 settle"},
		"in a sentence":         {"internal/host/x.go", "package x\n\n// It can hear the lease.\n", ""},
		"as a local variable":   {"internal/host/x.go", "package x\n\nfunc f() { wire := 1 }\n", ""},
		"in another area":       {"internal/sshconf/x.go", "package x\n\nfunc hear() {}\n", ""},
		"as part of a word":     {"docs/index.md", "errands and passages\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			path := filepath.Join(root, plant.file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(plant.text), 0o644); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range replacedIn(t, root) {
				got = append(got, u.place+" "+u.old)
			}
			if text := strings.Join(got, "\n"); !strings.Contains(text, plant.want) || (plant.want == "") != (text == "") {
				t.Errorf("found %q, want %q", text, plant.want)
			}
		})
	}
}

// TestGlossaryIsShort: at most 40 terms.
func TestGlossaryIsShort(t *testing.T) {
	text, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "## Glossary\n")
	table, _, _ := strings.Cut(rest, "\n## ")
	terms := 0
	for line := range strings.Lines(table) {
		if first, _, row := strings.Cut(strings.TrimPrefix(line, "| "), " |"); row && strings.HasPrefix(line, "| ") && first != "term" {
			terms += len(strings.Split(first, ","))
		}
	}
	if !ok || terms < 20 || terms > 40 {
		t.Errorf("the glossary has %d terms, want 20 to 40", terms)
	}
}
