package examples

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The documentation's code blocks are run as a reader would paste them. The rule,
// which the guide "The first host" tells readers:
//
//   - A terraform block without a terraform or provider block of its own gets those of
//     beforeExamples: admin logs in with ~/.ssh/id_ed25519 and may run sudo.
//   - Names below example.com, example.net and example.org are hosts of the test, and
//     ~/.ssh/known_hosts has their keys (world_test.go).
//   - A host key in the text stands for the key of the host that its comment names:
//     "ssh-ed25519 AAAA… root@web1".
//
// Nothing else is replaced. A block is applied with no warning, planned again with exit
// code 0, and destroyed. A line before the block says what else is expected of it:
//
//	<!-- example: shown: REASON -->     not run, and why
//	<!-- example: warns: TEXT -->       run; the first plan has this warning
//	<!-- example: may warn: TEXT -->    the same, on a machine that is too busy for the block
//	<!-- example: parsed: REASON -->    YAML that is parsed and not run, and why
//	<!-- example: says: TEXT -->        a shell block prints this
//	<!-- example: env: NAME=VALUE -->   variables of the environment
//	<!-- example: on NAME -->           a shell block, run on that host as root
//	<!-- example: exits N -->           a shell block that ends with this exit code
//	<!-- example: before: NAME: COMMAND -->  run on a host before the block; after: as well
//	<!-- example: short: 5m is 4s -->   waiting times that the test replaces
//
// A shell block without such a line is run on the user's machine, in the directory of
// the terraform block above it, whose destroy waits for that. Blocks tagged text are
// output and are not run; hcl is a configuration of the engine itself, which must accept
// it. A block without a tag is an error. A file of examples/ that ends in .tfquery.hcl is
// put beside the terraform block above it. What the engine cannot do yet is not run.
const beforeExamples = `terraform {
  required_providers {
    sshkeepalive = { source = "sshkeepalive/sshkeepalive" }
  }
}
`

const loginOfExamples = `provider "sshkeepalive" {
  connection {
    user             = "admin"
    sudo             = true
    private_key_path = "~/.ssh/id_ed25519"
  }
}
`

const examples = "../../../../examples"

// block is one fenced code block, or one file of examples/.
type block struct {
	at    string // file:line
	lang  string
	text  string
	notes []note
}

type note struct{ word, rest string }

// note returns what a line before the block says after word.
func (b block) note(word string) (string, bool) {
	for _, n := range b.notes {
		if n.word == word {
			return n.rest, true
		}
	}
	return "", false
}

// all returns what every line before the block says after word.
func (b block) all(word string) (rests []string) {
	for _, n := range b.notes {
		if n.word == word {
			rests = append(rests, n.rest)
		}
	}
	return rests
}

// page is the blocks of one file, in order.
type page struct {
	name   string
	blocks []block
}

var (
	notePattern          = regexp.MustCompile(`^<!-- example: (shown|parsed|warns|may warn|says|on|exits|before|after|short|env):? (.+) -->$`)
	filePattern          = regexp.MustCompile(`^\{\{ (?:tffile|codefile "(\w+)") "((?:examples|packaging)/.*)" \}\}$`)
	blockPattern         = regexp.MustCompile("^ *```(.*)$")
	providerBlockPattern = regexp.MustCompile(`(?m)^provider "`)
)

// pagesOf returns every page of the sources of the documentation. docs/ itself is made
// of templates/ and examples/: TestDocsAreCurrent holds it to them.
func pagesOf(root string) (pages []page, err error) {
	var names []string
	for _, dir := range []string{"README.md", "templates", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	included := map[string]bool{}
	var p page
	for _, name := range names {
		short := strings.TrimPrefix(name, root+string(filepath.Separator))
		switch {
		case strings.HasPrefix(short, "examples") && included[short]:
			continue
		case strings.HasPrefix(short, "examples"):
			p, err = fileAsPage(root, short)
		default:
			p, err = parsePage(root, short, included)
		}
		if err != nil {
			return nil, err
		}
		pages = append(pages, p)
	}
	return pages, nil
}

func fileAsPage(root, name string) (page, error) {
	text, err := os.ReadFile(filepath.Join(root, name))
	lang := map[string]string{".tf": "terraform", ".sh": "shell", ".hcl": "query", ".yml": "yaml"}[filepath.Ext(name)]
	return page{name, []block{{at: name, lang: lang, text: string(text)}}}, err
}

// parsePage reads a page in Markdown, and notes which files of examples/ it includes.
func parsePage(root, name string, included map[string]bool) (page, error) {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return page{}, err
	}
	p := page{name: name}
	var notes []note
	var open *block
	for i, line := range strings.Split(string(text), "\n") {
		at := fmt.Sprintf("%s:%d", name, i+1)
		fence := blockPattern.FindStringSubmatch(line)
		switch {
		case fence != nil && open == nil:
			open, notes = &block{at: at, lang: fence[1], notes: notes}, nil
		case fence != nil:
			p.blocks, open = append(p.blocks, *open), nil
		case open != nil:
			open.text += line + "\n"
		case strings.HasPrefix(line, "<!-- example:"):
			found := notePattern.FindStringSubmatch(line)
			if found == nil {
				return p, fmt.Errorf("%s: %q is not a note of the form that blocks_test.go lists", at, line)
			}
			notes = append(notes, note{found[1], found[2]})
		case filePattern.MatchString(line):
			found := filePattern.FindStringSubmatch(line)
			file, err := fileAsPage(root, found[2])
			if err != nil {
				return p, err
			}
			included[found[2]] = true
			b := file.blocks[0]
			b.notes, notes = notes, nil
			p.blocks = append(p.blocks, b)
		case strings.TrimSpace(line) != "" && notes != nil:
			return p, fmt.Errorf("%s: the line before says what is expected of a block, and no block follows", at)
		}
	}
	if open != nil {
		return p, fmt.Errorf("%s: the block does not end", open.at)
	}
	return p, nil
}

// fault says why a block can neither be run nor be left out, "" if it can.
func (b block) fault() string {
	if reason, shown := b.note("shown"); shown {
		if len(strings.Fields(reason)) < 3 {
			return "the reason why it is not run is missing"
		}
		return ""
	}
	if _, parsed := b.note("parsed"); parsed && b.lang == "yaml" {
		return ""
	}
	if !slices.Contains([]string{"terraform", "query", "hcl", "shell", "sh", "json", "text"}, b.lang) {
		return fmt.Sprintf("tag %q: tag it terraform, hcl, shell, json or text, or say before it why it is not run: <!-- example: shown: REASON -->", b.lang)
	}
	return ""
}

// TestEveryExampleIsRunOrSaysWhyNot finds blocks that no rule covers.
func TestEveryExampleIsRunOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	pages, err := pagesOf("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	run := 0
	for _, p := range pages {
		for _, b := range p.blocks {
			if why := b.fault(); why != "" {
				t.Errorf("%s: %s", b.at, why)
			}
			if _, shown := b.note("shown"); !shown && b.lang == "terraform" {
				run++
			}
		}
	}
	if run < 40 {
		t.Errorf("only %d terraform blocks are run", run)
	}
}

// TestExamplesThatNoRuleCovers: the test above can fail.
func TestExamplesThatNoRuleCovers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no tag":         {"```\nx\n```\n", `tag ""`},
		"other tag":      {"```yaml\nx\n```\n", `tag "yaml"`},
		"no reason":      {"<!-- example: shown: no -->\n```terraform\nx\n```\n", "reason"},
		"another note":   {"<!-- example: sometimes: it is late -->\n```terraform\nx\n```\n", "not a note"},
		"note, no block": {"<!-- example: on web1 -->\ntext\n", "no block follows"},
		"no end":         {"```terraform\nx\n", "does not end"},
		"shown":          {"<!-- example: shown: it has no host -->\n```yaml\nx\n```\n", ""},
		"run":            {"```terraform\nx\n```\n", ""},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got := ""
		p, err := parsePage(dir, "a.md", map[string]bool{})
		if err != nil {
			got = err.Error()
		}
		for _, b := range p.blocks {
			got += b.fault()
		}
		if !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
