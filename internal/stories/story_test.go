package stories

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

// story is one report: what is run, and how it ends without and with the cure.
type story struct {
	name          string
	before, after string // scripts of the machine that deploys; after is before if empty
	// fails is how before ends: the end of what it prints, or its exit code.
	fails string
}

// cure is what is applied for stories.
type cure struct {
	name, resources string
	stories         []story
}

// longest is how many seconds a script of a story may take: one that hangs is ended.
const longest = 40

// released is the last line of a deploy that came to its end.
const released = "released"

// TestStories shows that each report fails as it says and is cured by what the guides
// advise. STORIES says how often each is run.
func TestStories(t *testing.T) {
	runs, err := strconv.Atoi(cmp.Or(os.Getenv("STORIES"), "1"))
	if err != nil {
		t.Fatal(err)
	}
	for release := range strings.FieldsSeq(cmp.Or(os.Getenv("STORIES_RELEASES"), "bookworm")) {
		t.Run(release, func(t *testing.T) {
			w := newWorld(t, release)
			var table strings.Builder
			rows := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
			fmt.Fprintln(rows, "story\tbefore: fails\thow\tcure\tafter: passes")
			all := cures(release)
			before := w.play(all, runs, func(s story) string { return s.before })
			for i, c := range all {
				tell(t, w, c, before[i], rows)
			}
			rows.Flush()
			t.Logf("%d runs each, on OpenSSH of %s, path that forgets after %d s:\n%s", runs, release, forgets, &table)
		})
	}
}

// tell runs the stories of a cure after it is applied, and compares with how they ended
// before.
func tell(t *testing.T, w *world, c cure, before [][]end, rows *tabwriter.Writer) {
	t.Helper()
	destroy := w.apply(t, c.resources)
	after := w.play([]cure{c}, len(before[0]), func(s story) string { return cmp.Or(s.after, s.before) })[0]
	destroy()
	for i, s := range c.stories {
		failed, passed := 0, 0
		for run, b := range before[i] {
			if strings.Contains(b.String(), s.fails) && !b.released() {
				failed++
			} else {
				t.Errorf("%s, before: want %q, have %s", s.name, s.fails, b)
			}
			if a := after[i][run]; a.released() {
				passed++
			} else {
				t.Errorf("%s, after %s: %s", s.name, c.name, a)
			}
		}
		fmt.Fprintf(rows, "%s\t%d of %d\t%s\t%s\t%d of %d\n", s.name, failed, len(before[i]), s.fails, c.name, passed, len(before[i]))
	}
}

// end is how a script ended.
type end struct {
	said string
	code int
}

func (e end) released() bool {
	return e.code == 0 && strings.HasSuffix(strings.TrimSpace(e.said), released)
}

func (e end) String() string {
	if e.code == 124 {
		return "hangs: " + e.said
	}
	return fmt.Sprintf("exit code %d: %s", e.code, e.said)
}

// play runs the scripts of stories side by side, each as often as runs says.
func (w *world) play(cures []cure, runs int, script func(story) string) [][][]end {
	ends := make([][][]end, len(cures))
	var all sync.WaitGroup
	for i, c := range cures {
		ends[i] = make([][]end, len(c.stories))
		for j, s := range c.stories {
			ends[i][j] = make([]end, runs)
			for run := range runs {
				all.Go(func() {
					dir := fmt.Sprintf("/tmp/%d-%d-%d", i, j, run)
					said, code := w.run(longest, fmt.Sprintf("rm -rf %[1]s; mkdir %[1]s; cd %[1]s; export STEADY_DIR=%[1]s STEADY_INTERVAL=1\n%[2]s", dir, script(s)))
					ends[i][j][run] = end{said, code}
				})
			}
		}
	}
	all.Wait()
	return ends
}
