package pool

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The 57 faults that a transport must survive are tests called TestFaultNN…, here
// or in the packages whose business they are:
//
//	46  reconcile: an apply cut at random     48  commit: stale locks
//	47  commit: TestConcurrent                55  commit: full and read-only file systems
//
// What of their text is not done, and why:
//
//	16  ssh-keygen -F says which lines are about a host, and not what a marker on
//	    them means; TestTrust and TestFault17RevokedAuthority do.
//	48  A reboot is another boot id in the lock: a namespace has its kernel's.
//	50  A shell that this machine lacks is skipped, unless REQUIRE_SHELLS=1.
//	51  A real sudo for all, and doas for accounts that need no password: doas
//	    reads one from a terminal alone, and su is not supported.
//	57  TCP's own round trip is added by count, because the relay that delays a real
//	    sshd accepts connections itself.
var elsewhere = map[int]string{
	46: "../../reconcile TestFault46",
	47: "../../commit TestConcurrent",
	48: "../../commit TestStaleLock",
	55: "../../commit TestUnwritable",
}

// here is every package of the transport.
const here = ". ../exec ../login ../hostkey ../knownhosts ../conn"

func TestEveryFaultHasATest(t *testing.T) {
	texts := map[string]string{}
	for n := 1; n <= 57; n++ {
		dir, name := here, fmt.Sprintf("TestFault%02d", n)
		if place, ok := elsewhere[n]; ok {
			dir, name, _ = strings.Cut(place, " ")
		}
		if texts[dir] == "" {
			texts[dir] = testsIn(t, dir)
		}
		if !strings.Contains(texts[dir], "\nfunc "+name) {
			t.Errorf("fault %d: there is no %s in %s", n, name, dir)
		}
	}
}

func testsIn(t *testing.T, dir string) string {
	t.Helper()
	var files []string
	for _, one := range strings.Fields(dir) {
		found, err := filepath.Glob(filepath.Join(one, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}
