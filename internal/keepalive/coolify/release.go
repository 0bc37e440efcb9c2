package coolify

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv"
)

// release is a release of Coolify as far as it can be compared: 4.0.0-beta.427
// comes before 4.0.0, and 4.4-rc.1 before 4.4.
type release struct{ major, minor, patch, pre int }

// final stands for the pre-release number of a release that is not a pre-release.
const final = math.MaxInt

var releaseForm = regexp.MustCompile(`^v?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?(?:-[a-z]+\.([0-9]{1,5}))?$`)

// parseRelease reads a tag of Coolify, such as v4.3.9 or 4.4-rc.1.
func parseRelease(text string) (r release, ok bool) {
	m := releaseForm.FindStringSubmatch(text)
	if m == nil {
		return r, false
	}
	number := func(digits string) int { n, _ := strconv.Atoi(digits); return n }
	r = release{number(m[1]), number(m[2]), number(m[3]), final}
	if m[4] != "" {
		r.pre = number(m[4])
	}
	return r, true
}

func (r release) compare(other release) int {
	return cmp.Or(cmp.Compare(r.major, other.major), cmp.Compare(r.minor, other.minor), cmp.Compare(r.patch, other.patch), cmp.Compare(r.pre, other.pre))
}

// span is a range of releases: the first that has something, and the first that no
// longer has it; a zero end is open.
type span struct{ since, until release }

func (s span) has(r release) bool {
	return r.compare(s.since) >= 0 && (s.until == release{} || r.compare(s.until) < 0)
}

func v4(minor, patch int) release { return release{4, minor, patch, final} }

func beta(n int) release { return release{4, 0, 0, n} }

// keySpans says which releases read a key in config/constants.php, from all 693
// tags up to v4.3.10 and 4.4-rc.1. 4.1.1 was without the keys of beta.427 for shared
// connections.
var keySpans = map[string][]span{
	"SSH_MUX_PERSIST_TIME":         {{since: beta(259)}},
	muxKey:                         {{since: beta(332)}},
	"SSH_MUX_HEALTH_CHECK_ENABLED": {{beta(427), v4(1, 1)}, {since: v4(1, 2)}},
	"SSH_MUX_HEALTH_CHECK_TIMEOUT": {{beta(427), v4(1, 1)}, {since: v4(1, 2)}},
	"SSH_MUX_MAX_AGE":              {{beta(427), v4(1, 1)}, {v4(1, 2), v4(3, 9)}},
	"SSH_MUX_LOCK_TTL":             {{since: v4(1, 2)}},
	"SSH_MUX_LOCK_TIMEOUT":         {{since: v4(1, 2)}},
	"SSH_MUX_ORPHAN_MIN_AGE":       {{since: v4(1, 2)}},
	"SSH_MUX_ORPHAN_REAP_ENABLED":  {{since: v4(1, 2)}},
	"SSH_COMMAND_TIMEOUT":          {{since: v4(3, 2)}},
	"SSH_MAX_RETRIES":              {{since: beta(427)}},
	"SSH_RETRY_BASE_DELAY":         {{since: beta(427)}},
	"SSH_RETRY_MAX_DELAY":          {{since: beta(427)}},
	"SSH_RETRY_MULTIPLIER":         {{since: beta(427)}},
}

// hourlyKill are the releases whose hourly clean-up ends shared connections that are
// older than SSH_MUX_PERSIST_TIME, in use or not. From beta.427 to 4.1.0 it was not
// scheduled, and 4.3.9 no longer looks at the age.
var hourlyKill = span{v4(1, 2), v4(3, 9)}

// knownKey reports whether the tables know from which releases on a key is read.
func knownKey(key string) bool { return keySpans[key] != nil }

// reads reports whether release r reads the key.
func (r release) reads(key string) bool {
	return slices.ContainsFunc(keySpans[key], func(s span) bool { return s.has(r) })
}

// spansText says in words which releases read the key.
func spansText(key string) string {
	var text string
	for i, s := range keySpans[key] {
		if i > 0 {
			text += " and "
		}
		if text += "from " + s.since.String() + " on"; s.until != (release{}) {
			text = text[:len(text)-len(" on")] + " up to, but not including, " + s.until.String()
		}
	}
	return text
}

// String returns the release as Coolify writes it.
func (r release) String() string {
	text := fmt.Sprintf("%d.%d.%d", r.major, r.minor, r.patch)
	if r.pre != final {
		text += fmt.Sprintf("-beta.%d", r.pre)
	}
	return text
}

// The keys that tell the release: Coolify's upgrade writes them since August 2026
// (pull request 11401), and earlier installations name none.
var versionKeys = []string{"COOLIFY_VERSION", "LATEST_IMAGE"}

// Version is the release that the file names, "" if it names none.
func Version(have Facts) string {
	f := dotenv.Parse(have.Text)
	for _, key := range versionKeys {
		e, _ := f.Get(key)
		if releaseForm.MatchString(e.Value) {
			return bare(e.Value)
		}
	}
	return ""
}

// bare is a tag without the v that some have.
func bare(tag string) string { return strings.TrimPrefix(tag, "v") }

// release is the release of want or, if want declares none, of the file; ok is false
// where neither names one.
func (want Want) release(have Facts) (r release, ok bool) {
	return parseRelease(cmp.Or(want.Release, Version(have)))
}
