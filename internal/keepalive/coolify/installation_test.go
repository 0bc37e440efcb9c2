package coolify

import (
	"strings"
	"testing"
)

// TestReportsByRelease: what applies to whom, by Coolify's tags, and what to do first.
func TestReportsByRelease(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ image, text, verdicts, advice string }{
		{"4.3.10", "", "no no no yes", "set SSH_MAX_RETRIES"},
		{"4.3.9", "SSH_MAX_RETRIES=1", "no no no no", ""},
		{"4.3.8", "", "yes yes yes yes", "upgrade to Coolify 4.3.9 or newer, which no longer ends shared connections in use (age, health_check, persist)|set SSH_MAX_RETRIES|set SSH_MUX_PERSIST_TIME|where no upgrade"},
		{"4.3.8", "SSH_MUX_ENABLED=0\nSSH_MAX_RETRIES=1", "no no no no", ""},
		{"4.3.8", "SSH_MUX_HEALTH_CHECK_ENABLED=false\nSSH_MAX_RETRIES=1", "yes no yes no", "upgrade|set SSH_MUX_PERSIST_TIME|where no upgrade"},
		{"4.1.1", "", "no no no yes", "set SSH_MAX_RETRIES"},
		{"4.1.0", "SSH_MAX_RETRIES=1", "yes yes no no", "upgrade|where no upgrade"},
		{"4.0.0-beta.426", "", "no no no no", ""},
		{"latest", "", "possible possible possible possible", "upgrade|set SSH_MAX_RETRIES|set SSH_MUX_PERSIST_TIME|where no upgrade"},
		{"latest", "LATEST_IMAGE=4.3.9\nSSH_MAX_RETRIES=1", "no no no no", ""},
		{"4.3.8", "LATEST_IMAGE=4.3.9\nMUX_ENABLED=false\nSSH_MAX_RETRIES=1", "no no no no", "the file names release 4.3.9 and the container runs 4.3.8"},
	} {
		in := Installation{Facts: Facts{Text: []byte(c.text)}, Container: &Container{Image: "docker.io/coollabsio/coolify:" + c.image}}
		var verdicts []string
		for _, r := range in.Reports() {
			verdicts = append(verdicts, string(r.Verdict))
			if r.Why == "" {
				t.Errorf("%s: %s has no reason", c.image, r.Name)
			}
		}
		if got := strings.Join(verdicts, " "); got != c.verdicts {
			t.Errorf("%s, %q: %s, not %s", c.image, c.text, got, c.verdicts)
		}
		advice := in.Advice()
		want := strings.Split(c.advice, "|")
		if c.advice == "" {
			want = nil
		}
		if len(advice) != len(want) {
			t.Errorf("%s, %q: %q", c.image, c.text, advice)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(advice[i], want[i]) {
				t.Errorf("%s, %q: %q, not %q", c.image, c.text, advice[i], want[i])
			}
		}
	}
}

// TestDefaultsByRelease: the one default that changed, and keys that a release does not
// read have none.
func TestDefaultsByRelease(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]string{
		"4.0.0-beta.331": "60 none none", "4.0.0-beta.332": "3600 none none", "4.0.0-beta.427": "3600 1800 none", "4.3.10": "3600 none 3600", "": "3600 1800 3600",
	} {
		in := Installation{Facts: Facts{Text: []byte("COOLIFY_VERSION=" + release)}}
		got := map[string]string{}
		for _, k := range in.Keys() {
			if got[k.Key] = k.Default; k.Default == "" {
				got[k.Key] = "none"
			}
			if k.Value != k.Default || k.Line != 0 {
				t.Errorf("%s: %+v", release, k)
			}
		}
		if text := got["SSH_MUX_PERSIST_TIME"] + " " + got["SSH_MUX_MAX_AGE"] + " " + got["SSH_COMMAND_TIMEOUT"]; text != want {
			t.Errorf("%s: %s, not %s", release, text, want)
		}
	}
}
