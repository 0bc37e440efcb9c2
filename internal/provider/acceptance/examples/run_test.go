package examples

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestExamplesRun runs the blocks of README.md, templates/ and examples/ by the rule at
// the head of blocks_test.go.
func TestExamplesRun(t *testing.T) {
	t.Parallel()
	pages, err := pagesOf("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	// Most examples are about web1 and wait for each other there; half of them have another.
	worlds := []*exampleWorld{newExampleWorld(t), newExampleWorld(t)}
	t.Run("pages", func(t *testing.T) {
		for n, p := range pages {
			for i, g := range p.groups() {
				w := worlds[(n+i)%len(worlds)]
				t.Run(strings.ReplaceAll(g[0].at, "/", "."), func(t *testing.T) {
					t.Parallel()
					defer w.hold(g)()
					r := exampleRun{t: t, w: w, dir: fmt.Sprintf("/root/%s.%d", strings.ReplaceAll(p.name, "/", "."), i)}
					r.group(g)
				})
			}
		}
	})
	t.Run("faults", func(t *testing.T) {
		for name, c := range faultyExamples {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c.run(t, worlds[0], "/root/"+strings.ReplaceAll(name, " ", "-"))
			})
		}
	})
	for _, w := range worlds {
		for name, h := range w.hosts {
			if left := hosttest.Differences(h.before, h.Snapshot(exampleDirs...)); left != "" {
				t.Errorf("%s is not as it was before the examples:\n%s", name, left)
			}
		}
	}
}

// groups are the blocks that are run together: a terraform block and the shell and JSON
// blocks below it, up to the next terraform block.
func (p page) groups() (groups [][]block) {
	for _, b := range p.blocks {
		_, shown := b.note("shown")
		switch {
		case shown || b.lang == "text":
		case b.lang == "terraform" || groups == nil:
			groups = append(groups, []block{b})
		default:
			groups[len(groups)-1] = append(groups[len(groups)-1], b)
		}
	}
	return groups
}

// exampleRun runs one group in a directory of the user's machine.
type exampleRun struct {
	t   testing.TB
	w   *exampleWorld
	dir string
}

func (r *exampleRun) group(g []block) {
	for _, b := range g {
		r.skipNewer(b)
	}
	for _, b := range g {
		switch b.lang {
		case "terraform":
			if !r.apply(b) {
				return
			}
			defer r.aside(b, "after")
			if strings.Contains(b.text, "\nresource \"") || strings.HasPrefix(b.text, "resource \"") {
				defer r.terraform(b, 0, "destroy -auto-approve")
			}
		case "shell", "sh":
			r.shell(b)
		default:
			r.data(b)
		}
	}
}

// skipNewer skips what the engine cannot do yet.
func (r *exampleRun) skipNewer(b block) {
	engine := hosttest.NeedsEngine(r.t)
	switch {
	case strings.Contains(b.text, "identity = {") && !acceptance.ImportsByIdentity(r.t, engine):
		r.t.Skip("importing by identity needs Terraform 1.12 or OpenTofu 1.12")
	case actionPattern.MatchString(b.text) && !acceptance.IsTerraform(r.t, engine, 14):
		r.t.Skip("an action needs Terraform 1.14")
	case b.lang == "query" && !acceptance.Queries(engine):
		r.t.Skip("terraform query needs Terraform 1.14, or 1.13 with experiments")
	}
}

var actionPattern = regexp.MustCompile(`(?m)^action "`)

// apply applies a block without warnings, but for one that its note tells, and plans
// again: the second plan is empty and warns of nothing.
func (r *exampleRun) apply(b block) bool {
	r.t.Helper()
	r.aside(b, "before")
	text, err := r.w.withKeys(b.shortened())
	if err != nil {
		r.t.Errorf("%s: %v", b.at, err)
		return false
	}
	r.w.here.Write(r.dir+"/main.tf", completed(text))
	out, ok := r.terraform(b, 0, "apply -auto-approve")
	if !ok {
		return false
	}
	r.warned(b, out, true)
	out, ok = r.terraform(b, 0, "plan -detailed-exitcode")
	if ok {
		r.warned(b, out, false)
	}
	return true
}

// shortened is the block with the waiting times of its note.
func (b block) shortened() string {
	times, ok := b.note("short")
	if !ok {
		return b.text
	}
	long, short, _ := strings.Cut(times, " is ")
	return strings.ReplaceAll(b.text, strconv.Quote(long), strconv.Quote(short))
}

// aside runs the command of a note before or after a block.
func (r *exampleRun) aside(b block, when string) {
	r.t.Helper()
	for _, command := range b.all(when) {
		name, script, _ := strings.Cut(command, ": ")
		dir := "/root"
		if name == "here" {
			dir = r.dir
		}
		if out, code := r.w.run(r.w.machine(name), dir, script); code != 0 {
			r.t.Errorf("%s: %s the block, on %s: %s", b.at, when, name, out)
		}
	}
}

// environment sets the variables that a note names.
func (b block) environment() string {
	if variables, ok := b.note("env"); ok {
		return "export " + variables + "\n"
	}
	return ""
}

// completed adds the terraform and provider blocks that a block does not have itself.
func completed(text string) string {
	if !providerBlockPattern.MatchString(text) {
		text = loginOfExamples + text
	}
	if !strings.Contains(text, "required_providers") {
		text = beforeExamples + text
	}
	return text
}

func (r *exampleRun) terraform(b block, want int, args string) (string, bool) {
	r.t.Helper()
	out, code := r.w.run(r.w.here, r.dir, b.environment()+"exec terraform "+strings.Replace(args, " ", " -no-color ", 1))
	if code != want {
		r.t.Errorf("%s: terraform %s ended with %d, not %d:\n%s", b.at, args, code, want, out)
	}
	return out, code == want
}

// warned complains of warnings that no note tells, and of a told one that is missing.
func (r *exampleRun) warned(b block, out string, first bool) {
	r.t.Helper()
	out = acceptance.Flat(out)
	told := []string{"Provider development overrides are in effect"}
	told = append(told, b.all("warns")...)
	for _, text := range told {
		if first && !strings.Contains(out, text) {
			r.t.Errorf("%s: the first plan does not warn of %q:\n%s", b.at, text, out)
		}
	}
	told = append(told, b.all("may warn")...)
	for _, rest := range strings.Split(out, "Warning: ")[1:] {
		if !slices.ContainsFunc(told, func(text string) bool { return strings.Contains(rest, text) }) {
			r.t.Errorf("%s: a warning that the example does not tell: %.700s", b.at, rest)
		}
	}
}

// data has a block read by what will read it.
func (r *exampleRun) data(b block) {
	r.t.Helper()
	r.w.here.Write(r.dir+"/block", b.text)
	switch b.lang {
	case "query":
		r.w.here.Write(r.dir+"/list.tfquery.hcl", b.text)
	case "json":
		if !json.Valid([]byte(b.text)) {
			r.t.Errorf("%s: not JSON", b.at)
		}
	case "yaml":
		r.check(b, "echo 'keys(yamldecode(file(\"block\")))' | terraform console", 0)
	case "hcl":
		r.check(b, "export TF_CLI_CONFIG_FILE=block; ! terraform version 2>&1 | grep -A9 -i -E 'problem|error'", 0)
	}
}

// check runs a script in the directory of the block.
func (r *exampleRun) check(b block, script string, want int) {
	r.t.Helper()
	if out, code := r.w.run(r.w.here, r.dir, script); code != want {
		r.t.Errorf("%s: ended with %d, not %d:\n%s", b.at, code, want, out)
	}
}

// shell runs a block on the user's machine, or on the host that its note names.
func (r *exampleRun) shell(b block) {
	r.t.Helper()
	machine, dir, want := r.w.here, r.dir, 0
	if name, ok := b.note("on"); ok {
		machine, dir = r.w.machine(name), "/root"
	}
	if code, ok := b.note("exits"); ok {
		want, _ = strconv.Atoi(code)
	}
	r.aside(b, "before")
	defer r.aside(b, "after")
	out, code := r.w.run(machine, dir, b.environment()+b.text)
	if code != want {
		r.t.Errorf("%s: ended with %d, not %d:\n%s", b.at, code, want, out)
	}
	for _, text := range b.all("says") {
		if !strings.Contains(acceptance.Flat(out), text) {
			r.t.Errorf("%s: does not print %q:\n%s", b.at, text, out)
		}
	}
}
