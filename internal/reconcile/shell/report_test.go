package shell

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// TestCutLeavesNoHalfSecret: what a host repeats of its secrets is masked where it is cut,
// because the masks at the end know whole secrets only.
func TestCutLeavesNoHalfSecret(t *testing.T) {
	t.Parallel()
	const secret, most = "hunter2-horse", 40
	spec := host.Spec{SudoPassword: secret}
	for before := range most + 5 {
		text := strings.Repeat("x", before) + secret + strings.Repeat("y", most)
		r := NewReport(text+"\n", spec.Masker)
		for what, cut := range map[string]string{"Cut": r.Cut(text, most), "Shown": r.Shown(text, most)} {
			if strings.Contains(cut, "hunt") || len(cut) > most {
				t.Errorf("%s after %d bytes: %s", what, before, cut)
			}
		}
		unexpected := r
		unexpected.Rest = strings.Repeat("x", 150+before) + secret + strings.Repeat("y", 200)
		odd := r
		odd.Rest = "@file " + strings.Repeat("x", 150+before) + secret + strings.Repeat("y", 200)
		for _, r := range []Report{unexpected, odd} {
			if err := r.Read(func(string, string) error { return nil }); err == nil || strings.Contains(spec.Masker().Mask(err.Error()), "hunt") {
				t.Errorf("an error after %d bytes: %v", before, err)
			}
		}
	}
	made := 0
	r := NewReport("", func() *host.Masker { made++; return spec.Masker() })
	for range 1000 {
		r.Cut(secret, 6)
	}
	if made != 1 {
		t.Errorf("the masks were made %d times", made)
	}
	if r := NewReport("", nil); r.Cut(secret, 6) != "hunter" {
		t.Error("the search finds nothing")
	}
}
