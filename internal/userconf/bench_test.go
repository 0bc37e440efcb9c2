package userconf

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkAbout looks up one of a thousand hosts, as if for the first time.
func BenchmarkAbout(b *testing.B) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "Host web%d\n  HostName 10.0.0.%d\n  User deploy\n  ProxyJump gate\n", i, i%250)
	}
	file := write(b, filepath.Join(b.TempDir(), "config"), text.String())
	r := New()
	for b.Loop() {
		clear(r.answers)
		if _, err := r.Lookup(b.Context(), file, question{host: "web500"}.said(), ""); err != nil {
			b.Fatal(err)
		}
	}
}
