// Package shelltest has the tests that every script and every reader of a report must
// pass.
package shelltest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Shells are those that are there, of the ones that hosts have as /bin/sh.
func Shells(t *testing.T) [][]string {
	t.Helper()
	var found [][]string
	for _, shell := range [][]string{{"dash"}, {"bash", "--posix"}, {"busybox", "ash"}, {"mksh"}, {"zsh", "--emulate", "sh"}} {
		path, err := exec.LookPath(shell[0])
		if err == nil {
			found = append(found, append([]string{path}, shell[1:]...))
		} else if os.Getenv("REQUIRE_SHELLS") == "1" {
			t.Fatal(err)
		}
	}
	if len(found) == 0 {
		t.Skip("none of the shells is here")
	}
	return found
}

// Lies are put in place of arguments in reports that are otherwise valid.
var Lies = []string{"", "-1", "0", "99999999999999999999", "../x", "x", "/../../x", "/a\x1bb", "$(id)", "\u202e", strings.Repeat("9", 1000), "1 2 3 4 5", "-"}

// CheckLies fails if a lie crashes a reader, or a section that is missing, or if one is
// told back at length. text is a report that read takes.
func CheckLies(t *testing.T, text string, read func(string) error) {
	t.Helper()
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		without := strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")
		_ = read(without)
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, lie := range Lies {
			lied := strings.Join(append(append(append([]string{}, lines[:i]...), word+" "+lie+"\n"), lines[i+1:]...), "")
			if err := read(lied); err != nil && len(err.Error()) > 2000 {
				t.Errorf("%q: the error has %d bytes", word, len(err.Error()))
			}
		}
	}
}

// Quickly fails a fuzz target that takes longer than text of that length may: the
// readers go over their text a few times.
func Quickly(t *testing.T, text string, read func(string) error) {
	t.Helper()
	began := time.Now()
	err := read(text)
	if took := time.Since(began); took > 5*time.Second+time.Duration(len(text))*10*time.Microsecond {
		t.Fatalf("%d bytes took %s", len(text), took)
	}
	if err != nil && len(err.Error()) > 4*len(text)+2000 {
		t.Fatalf("the error for %d bytes has %d", len(text), len(err.Error()))
	}
}

// Fuzz fuzzes a reader, beginning with a report that it takes.
func Fuzz(f *testing.F, text string, read func(string) error) {
	f.Helper()
	f.Add(text)
	for _, lie := range Lies {
		f.Add(strings.Replace(text, " ", " "+lie+" ", 2))
	}
	f.Fuzz(func(t *testing.T, text string) { Quickly(t, text, read) })
}
