package pool

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// TestAlgorithmsOfTheGuide compares the guide "Ways in" with what this build offers and
// with what ssh offers by default.
func TestAlgorithmsOfTheGuide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../templates/guides/ways-in.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	plain := func(names []string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return strings.Contains(name, "-cert-v01@") })
	}
	offered := login.Algorithms()
	for row, c := range map[string]struct {
		ours []string
		line string // of ssh -G
	}{
		"key exchange": {offered.KeyExchanges, "kexalgorithms"},
		"cipher":       {offered.Ciphers, "ciphers"},
		"MAC":          {offered.MACs, "macs"},
		"host key":     {plain(hostkey.Checker{}.Algorithms()), "hostkeyalgorithms"},
	} {
		m := regexp.MustCompile(`(?m)^\| ` + row + ` \| (.*) \| (.*)\|$`).FindStringSubmatch(string(text))
		if m == nil {
			t.Fatalf("no row about %s", row)
		}
		both, only := namesIn(m[1]), namesIn(m[2])
		if !sameSet(both, c.ours) {
			t.Errorf("%s: the guide has %q, we offer %q", row, both, c.ours)
		}
		lacking := map[string]bool{}
		for _, release := range []string{"bookworm", "trixie"} {
			for _, name := range plain(defaultsOf(t, release, c.line)) {
				if !slices.Contains(c.ours, name) {
					lacking[name] = true
				}
			}
		}
		for name := range lacking {
			if !slices.Contains(only, name) {
				t.Errorf("%s: ssh offers %s, and the guide does not say that we do not", row, name)
			}
		}
		for _, name := range only {
			if !lacking[name] {
				t.Errorf("%s: the guide says that only ssh offers %s", row, name)
			}
		}
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// namesIn are the names in backquotes, but for those that a remark in parentheses has.
func namesIn(cell string) []string {
	var names []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(cell, ""), -1) {
		names = append(names, m[1])
	}
	return names
}

func defaultsOf(t *testing.T, release, keyword string) []string {
	t.Helper()
	out, stderr, exit := hosttest.Binary(t, release).Run(nil, "ssh", "-F", "/dev/null", "-G", "x")
	if exit != 0 {
		t.Fatal(stderr)
	}
	for line := range strings.Lines(out) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == keyword {
			return strings.Split(value, ",")
		}
	}
	t.Fatalf("ssh -G of %s says nothing about %s", release, keyword)
	return nil
}
