// Package coolify decides about the SSH settings in the environment file of a Coolify.
// From the settings that are wanted and the text of the file it computes which lines
// change, and warns of values that are known to break deployments.
//
// It knows the keys that each release of Coolify reads. It must not know how the file
// is read or written, or that Terraform exists.
package coolify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Want is what a user wants of the SSH settings of a Coolify: keys of its
// environment file.
type Want struct {
	Settings []keepalive.Setting
	// Release is the release of Coolify where its file names none; "" is unknown.
	Release string
	// Claim says which lines of the file are the resource's own.
	Claim keepalive.Claim
}

// Facts is everything that a decision about a Coolify may depend on.
type Facts struct {
	File string // absolute path of the environment file
	// Text is that file without its secrets, see dotenvtest.Mask: the values of
	// Keys are those of the host, the values of all others are x.
	Text []byte
	// Digest is the SHA-256 of the file as it is on the host, secrets included.
	Digest string
	// Mounts has File if something is mounted on it.
	Mounts []string
	// Changed is when the file was written last, in seconds since 1970, where that was
	// asked for.
	Changed int
}

// The two keys of one setting: Coolify reads MUX_ENABLED, and SSH_MUX_ENABLED only
// where that is not set (config/constants.php).
const (
	muxKey      = "SSH_MUX_ENABLED"
	olderMuxKey = "MUX_ENABLED"
)

// DefaultFile is the environment file where Coolify's installer puts it.
const DefaultFile = "/data/coolify/source/.env"

// Attributes returns the typed attributes of sshkeepalive_coolify in the
// order they are written: the keys of config/constants.php, see keySpans.
func Attributes() []keepalive.Attribute {
	return []keepalive.Attribute{
		{Name: "mux_enabled", Keyword: muxKey, Kind: keepalive.Flag},
		{Name: "mux_persist_time", Keyword: "SSH_MUX_PERSIST_TIME", Kind: keepalive.Time},
		{Name: "mux_max_age", Keyword: "SSH_MUX_MAX_AGE", Kind: keepalive.Time},
		{Name: "mux_health_check_enabled", Keyword: "SSH_MUX_HEALTH_CHECK_ENABLED", Kind: keepalive.Flag},
		{Name: "mux_health_check_timeout", Keyword: "SSH_MUX_HEALTH_CHECK_TIMEOUT", Kind: keepalive.Time},
		{Name: "mux_lock_ttl", Keyword: "SSH_MUX_LOCK_TTL", Kind: keepalive.Time},
		{Name: "mux_lock_timeout", Keyword: "SSH_MUX_LOCK_TIMEOUT", Kind: keepalive.Time},
		{Name: "mux_orphan_min_age", Keyword: "SSH_MUX_ORPHAN_MIN_AGE", Kind: keepalive.Time},
		{Name: "mux_orphan_reap_enabled", Keyword: "SSH_MUX_ORPHAN_REAP_ENABLED", Kind: keepalive.Flag},
		{Name: "command_timeout", Keyword: "SSH_COMMAND_TIMEOUT", Kind: keepalive.Time},
		{Name: "max_retries", Keyword: "SSH_MAX_RETRIES", Kind: keepalive.Count},
		{Name: "retry_base_delay", Keyword: "SSH_RETRY_BASE_DELAY", Kind: keepalive.Time},
		{Name: "retry_max_delay", Keyword: "SSH_RETRY_MAX_DELAY", Kind: keepalive.Time},
		{Name: "retry_multiplier", Keyword: "SSH_RETRY_MULTIPLIER", Kind: keepalive.Text},
	}
}

// Keys returns the keys whose values a decision about want needs to see.
func Keys(want Want) []string {
	keys := append([]string{olderMuxKey}, versionKeys...)
	for _, a := range Attributes() {
		keys = append(keys, a.Keyword)
	}
	for _, s := range want.Settings {
		if !slices.Contains(keys, s.Keyword) {
			keys = append(keys, s.Keyword)
		}
	}
	return keys
}

func attributeOf(key string) (keepalive.Attribute, bool) { return keepalive.Find(Attributes(), key) }

// written is the text of s in the file. Times are seconds in the file: PHP
// makes 1 of "1h".
func written(s keepalive.Setting) string {
	text := strings.Join(s.Values, "\n")
	a, _ := attributeOf(s.Keyword)
	//exhaustive:enforce
	switch a.Kind {
	case keepalive.Flag:
		return strconv.FormatBool(text == "yes")
	case keepalive.Time:
		if seconds, err := sshconf.ParseTime(text); err == nil && !s.ByKeyword {
			return strconv.FormatInt(seconds, 10)
		}
	case keepalive.Count, keepalive.Text, keepalive.Pairs, keepalive.Names:
	}
	return text
}

// readAs returns the value that Coolify reads, as the attribute spells it.
func readAs(key, value string) string {
	a, typed := attributeOf(key)
	if !typed || a.Kind != keepalive.Flag {
		return value
	}
	// Laravel's env() knows these words; of all others PHP takes "0" and nothing for
	// false, so that "off" and "no" are true.
	switch strings.ToLower(value) {
	case "", "0", "false", "(false)", "null", "(null)", "empty", "(empty)":
		return "no"
	}
	return "yes"
}

// matches reports whether Coolify reads value as what s wants.
func matches(s keepalive.Setting, value string) bool {
	a, typed := attributeOf(s.Keyword)
	switch {
	case !typed:
		return value == written(s)
	case a.Kind == keepalive.Flag:
		return readAs(s.Keyword, value) == strings.Join(s.Values, "")
	}
	have, err := strconv.ParseFloat(value, 64)
	want, also := strconv.ParseFloat(written(s), 64)
	return err == nil && also == nil && have == want
}

// envView is what counts in a file: the last of several lines.
type envView struct{ *dotenv.File }

func viewOf(text []byte) envView { return envView{dotenv.Parse(text)} }

// get returns what Coolify reads for a key, and the line that it comes from.
func (v envView) get(key string) (dotenv.Entry, bool) {
	if key == muxKey {
		if e, ok := v.Get(olderMuxKey); ok {
			return e, true
		}
	}
	return v.Get(key)
}

// Effective returns what the file gives each managed key.
func Effective(want Want, have Facts) map[string]string {
	found, v := map[string]string{}, viewOf(have.Text)
	for _, s := range want.Settings {
		if e, ok := v.get(s.Keyword); ok {
			found[s.Keyword] = e.Value
		}
	}
	return found
}

// Observe says what the file has of the wanted settings. A line of another
// author that says the same is as good as ours.
func Observe(want Want, have Facts) keepalive.Observed {
	v := viewOf(have.Text)
	o := keepalive.Observed{Values: map[string][]string{}, Effective: Effective(want, have), Managed: true}
	for _, s := range want.Settings {
		e, ok := v.get(s.Keyword)
		switch {
		case ok && matches(s, e.Value):
			o.Values[s.Attribute] = s.Values
			continue
		case ok:
			o.Values[s.Attribute] = []string{readAs(s.Keyword, e.Value)}
		}
		o.Drift = append(o.Drift, drift(s, e, ok, have.File))
	}
	return o
}

func drift(s keepalive.Setting, e dotenv.Entry, ok bool, file string) keepalive.Problem {
	p := keepalive.Problem{Code: keepalive.Drifted, Warning: true, Attribute: s.Attribute, Text: s.Keyword + " is no longer set in " + file}
	if ok {
		p.Pos = sshconf.Pos{Path: file, Line: e.Line}
		p.Text = fmt.Sprintf("%s is %q, not %q, because of %s:%d", s.Keyword, e.Value, written(s), file, e.Line)
		if e.Key != s.Keyword {
			p.Text += ", where " + e.Key + " overrides it"
		}
	}
	return p
}

// Adopt reads from the file what the resource would have been declared as:
// the keys that have an attribute, and those that our notes are about. The values
// of keys without an attribute are masked unless they were asked for.
func Adopt(have Facts) Want {
	want := found(have)
	want.Settings, _ = declarable(want)
	return want
}

// ImportProblems says which keys Adopt leaves out, because no attribute takes their values.
func ImportProblems(have Facts) []keepalive.Problem {
	var lines []string
	_, left := declarable(found(have))
	for _, s := range left {
		lines = append(lines, s.Keyword+"="+s.Values[0])
	}
	return keepalive.NotDeclaredProblems(lines)
}

// declarable parts the settings of want. What has no attribute is masked, and taken as it is.
func declarable(want Want) (kept, left []keepalive.Setting) {
	typed := slices.DeleteFunc(slices.Clone(want.Settings), func(s keepalive.Setting) bool { return s.ByKeyword })
	return keepalive.Declarable(want.Settings, Check(Want{Settings: typed}))
}

// found is every key of the file that a resource may have.
func found(have Facts) Want {
	v := viewOf(have.Text)
	noted := slices.DeleteFunc(v.Marked(), func(key string) bool { return !manageable(key) })
	var want Want
	adopt := func(attribute, key string, byKeyword bool) {
		if e, ok := v.get(key); ok {
			want.Settings = append(want.Settings, keepalive.Setting{Attribute: attribute, ByKeyword: byKeyword, Keyword: key, Values: []string{readAs(key, e.Value)}})
		}
	}
	for _, a := range Attributes() {
		adopt(a.Name, a.Keyword, false)
	}
	slices.Sort(noted)
	for _, key := range noted {
		if _, typed := attributeOf(key); !typed && key != olderMuxKey {
			adopt(fmt.Sprintf("settings[%q]", key), key, true)
		}
	}
	return want
}

// manageable reports whether notes on a key may be ours: a resource manages no other.
func manageable(key string) bool { return key == olderMuxKey || strings.HasPrefix(key, "SSH_") }

// strip undoes what our notes record.
func (v envView) strip() {
	v.SetResource("")
	for _, key := range v.Marked() {
		if manageable(key) {
			v.Unset(key)
		}
	}
}

// values are the numbers that count once want is in force; a key that is neither
// wanted nor in the file has Coolify's default.
func (want Want) values(have Facts) map[string]string {
	all, v := defaults(want.release(have)), viewOf(have.Text)
	v.strip()
	for _, a := range Attributes() {
		if e, ok := v.get(a.Keyword); ok {
			all[a.Keyword] = e.Value
		}
	}
	for _, s := range want.Settings {
		all[s.Keyword] = written(s)
	}
	return all
}

// defaults are those of config/constants.php, in all tags up to v4.3.10 and 4.4-rc.1:
// only SSH_MUX_PERSIST_TIME had another one before beta.332. Where the release is not
// known they are those since then.
func defaults(r release, known bool) map[string]string {
	all := map[string]string{
		muxKey: "true", "SSH_MUX_PERSIST_TIME": "3600",
		"SSH_MUX_HEALTH_CHECK_ENABLED": "true", "SSH_MUX_HEALTH_CHECK_TIMEOUT": "5",
		"SSH_MUX_LOCK_TTL": "30", "SSH_MUX_LOCK_TIMEOUT": "10",
		"SSH_MUX_ORPHAN_MIN_AGE": "600", "SSH_MUX_ORPHAN_REAP_ENABLED": "false",
		"SSH_COMMAND_TIMEOUT": "3600", "SSH_MAX_RETRIES": "3",
		"SSH_RETRY_BASE_DELAY": "2", "SSH_RETRY_MAX_DELAY": "30", "SSH_RETRY_MULTIPLIER": "2",
	}
	if known && r.compare(beta(332)) < 0 {
		all["SSH_MUX_PERSIST_TIME"] = "60"
	}
	return all
}
