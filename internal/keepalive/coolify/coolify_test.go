package coolify

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv/dotenvtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// coolifyWish makes settings of pairs KEY, value.
func coolifyWish(pairs ...string) Want {
	var want Want
	for i := 0; i < len(pairs); i += 2 {
		s := keepalive.Setting{Attribute: fmt.Sprintf("settings[%q]", pairs[i]), ByKeyword: true, Keyword: pairs[i], Values: []string{pairs[i+1]}}
		if a, ok := attributeOf(pairs[i]); ok {
			s.Attribute, s.ByKeyword = a.Name, false
		}
		want.Settings = append(want.Settings, s)
	}
	return want
}

func coolifyFile(text string, want Want) Facts {
	return Facts{File: "/.env", Text: dotenvtest.Mask([]byte(text), Keys(want))}
}

// codes lists the codes of the warnings about want, with the attributes.
func coolifyCodes(want Want, text string) string {
	var list []string
	for _, p := range Warnings(want, coolifyFile(text, want)) {
		if !p.Warning {
			list = append(list, "ERROR")
		}
		list = append(list, string(p.Code)+" ("+p.Attribute+")")
	}
	return strings.Join(list, ", ")
}

func TestCoolifyWarnings(t *testing.T) {
	const v438, v4310 = "COOLIFY_VERSION=4.3.8\n", "COOLIFY_VERSION=v4.3.10\n"
	for _, x := range []struct {
		text  string
		pairs []string
		want  string
	}{
		{"", []string{"SSH_MUX_MAX_AGE", "1h"}, "age kills deployments (mux_max_age)"},
		{v438, []string{"SSH_MUX_MAX_AGE", "1h"}, "age kills deployments (mux_max_age)"},
		{"LATEST_IMAGE=4.3.9\n", []string{"SSH_MUX_MAX_AGE", "1h"}, "age is ignored (mux_max_age)"},
		{"LATEST_IMAGE=4.4-rc.1\n", []string{"SSH_MUX_MAX_AGE", "1h"}, "age is ignored (mux_max_age)"},
		{"LATEST_IMAGE=4.1.1\n", []string{"SSH_MUX_MAX_AGE", "1h"}, "age is ignored (mux_max_age)"},
		{"LATEST_IMAGE=4.0.0-beta.426\n", []string{"SSH_MUX_MAX_AGE", "1h"}, "age is ignored (mux_max_age)"},
		{"LATEST_IMAGE=v4.0.0-beta.427\n", []string{"SSH_MUX_MAX_AGE", "1h"}, "age kills deployments (mux_max_age)"},
		{"LATEST_IMAGE=4.0.0\n", []string{"SSH_MUX_MAX_AGE", "1h"}, "age kills deployments (mux_max_age)"},
		{"LATEST_IMAGE=4.3.1\n", []string{"SSH_COMMAND_TIMEOUT", "1h"}, "key is not read (command_timeout), age kills deployments ()"},
		{"LATEST_IMAGE=4.3.2\n", []string{"SSH_COMMAND_TIMEOUT", "1h"}, "age kills deployments ()"},
		{"LATEST_IMAGE=4.1.1\n", []string{"SSH_MUX_LOCK_TTL", "30", "SSH_MUX_HEALTH_CHECK_ENABLED", "yes"}, "key is not read (mux_lock_ttl), key is not read (mux_health_check_enabled)"},
		{"LATEST_IMAGE=4.1.0\n", []string{"SSH_MUX_PERSIST_TIME", "10m"}, "age kills deployments ()"},
		{"LATEST_IMAGE=4.1.2\n", []string{"SSH_MUX_PERSIST_TIME", "10m"}, "age kills deployments (), persist time kills deployments (mux_persist_time)"},
		{"", []string{"SSH_RETRY_BASE_DELAY", "2"}, "age kills deployments ()"},
		{v4310, []string{"SSH_MUX_MAX_AGE", "1h"}, "age is ignored (mux_max_age)"},
		{v438, []string{"SSH_RETRY_BASE_DELAY", "2"}, "age kills deployments ()"},
		{v4310, []string{"SSH_RETRY_BASE_DELAY", "2"}, ""},
		{"COOLIFY_VERSION=latest\n", []string{"SSH_RETRY_BASE_DELAY", "2"}, "age kills deployments ()"},
		{"SSH_MUX_MAX_AGE=1800\n", []string{"SSH_RETRY_BASE_DELAY", "2"}, "age kills deployments ()"},
		{v438, []string{"SSH_MUX_ENABLED", "no"}, ""},
		{v438 + "MUX_ENABLED=false\n", []string{"SSH_MUX_MAX_AGE", "1h"}, "multiplexing is off (mux_max_age)"},
		{v438 + "MUX_ENABLED=true\n", []string{"SSH_MUX_ENABLED", "no", "SSH_MUX_MAX_AGE", "1h"}, "multiplexing is off (mux_max_age)"},
		{v438 + "MUX_ENABLED=off\n", nil, "age kills deployments ()"},
		{v4310, []string{"SSH_MUX_PERSIST_TIME", "0"}, "masters stay without a limit (mux_persist_time)"},
		{v4310, []string{"SSH_MUX_PERSIST_TIME", "10m"}, ""},
		{"", []string{"SSH_MUX_PERSIST_TIME", "10m"}, "age kills deployments (), persist time kills deployments (mux_persist_time)"},
		{"", []string{"SSH_MUX_PERSIST_TIME", "10m", "SSH_COMMAND_TIMEOUT", "5m"}, "age kills deployments ()"},
		{"SSH_COMMAND_TIMEOUT=500\n", []string{"SSH_MUX_PERSIST_TIME", "10m"}, "age kills deployments ()"},
		{"", []string{"SSH_MAX_RETRIES", "2"}, "age kills deployments (), commands may run twice (max_retries)"},
		{"", []string{"SSH_MAX_RETRIES", "1"}, "age kills deployments ()"},
		{"", []string{"SSH_MAX_RETRIES", "0"}, "age kills deployments (), commands never run (max_retries)"},
		{"", []string{"SSH_MUX_LOCK_TIMEOUT", "30"}, "age kills deployments (), lock ends too early (mux_lock_timeout)"},
		{"", []string{"SSH_MUX_LOCK_TIMEOUT", "29"}, "age kills deployments ()"},
		{"", []string{"SSH_MUX_LOCK_TTL", "15"}, "age kills deployments (), lock ends too early (mux_lock_ttl)"},
		{"", []string{"SSH_MUX_LOCK_TTL", "16"}, "age kills deployments ()"},
		{"SSH_MUX_LOCK_TTL=5\n", []string{"SSH_COMMAND_TIMEOUT", "1h"}, "age kills deployments ()"},
		{"", []string{"SSH_MUX_HEALTH_CHECK_TIMEOUT", "20"}, "age kills deployments (), lock ends too early ()"},
		{"", []string{"SSH_MUX_HEALTH_CHECK_TIMEOUT", "0"}, "age kills deployments (), no time limit (mux_health_check_timeout)"},
		{"", []string{"SSH_MUX_HEALTH_CHECK_TIMEOUT", "4"}, "age kills deployments (), health check kills deployments (mux_health_check_timeout)"},
		{v4310, []string{"SSH_MUX_HEALTH_CHECK_TIMEOUT", "4"}, ""},
		{"", []string{"SSH_MUX_HEALTH_CHECK_TIMEOUT", "4", "SSH_MUX_HEALTH_CHECK_ENABLED", "no"}, "age kills deployments ()"},
		{"", []string{"SSH_COMMAND_TIMEOUT", "0"}, "age kills deployments (), no time limit (command_timeout)"},
		{"", []string{"SSH_RETRY_BASE_DELAY", "1m"}, "age kills deployments (), delays capped ()"},
		{"", []string{"SSH_RETRY_MAX_DELAY", "1"}, "age kills deployments (), delays capped (retry_max_delay)"},
	} {
		if got := coolifyCodes(coolifyWish(x.pairs...), x.text); got != x.want {
			t.Errorf("%v on %q: %q, not %q", x.pairs, x.text, got, x.want)
		}
	}
	// With Coolify's own values there is nothing to say.
	var all []string
	for key, value := range defaults(release{}, false) {
		if a, _ := attributeOf(key); a.Kind == keepalive.Flag {
			value = readAs(key, value)
		}
		all = append(all, key, value)
	}
	if got := coolifyCodes(coolifyWish(all...), v4310); got != "commands may run twice (max_retries)" {
		t.Errorf("the defaults: %s", got)
	}
}

// TestCoolifyWords: what Laravel and PHP make of words for yes and no.
func TestCoolifyWords(t *testing.T) {
	for _, word := range []string{"", "0", "false", "False", "(false)", "null", "(empty)"} {
		if readAs(muxKey, word) != "no" {
			t.Errorf("%q is true", word)
		}
	}
	for _, word := range []string{"1", "true", "(TRUE)", "off", "no", "00"} {
		if readAs(muxKey, word) != "yes" {
			t.Errorf("%q is false", word)
		}
	}
}

// TestCoolifyLeavesWhatIsRight: no line is written that says what is there, unless
// it is there more than once and does not always say the same.
func TestCoolifyLeavesWhatIsRight(t *testing.T) {
	want := coolifyWish("SSH_MUX_ENABLED", "no", "SSH_MUX_PERSIST_TIME", "1h")
	for text, changed := range map[string]bool{
		"SSH_MUX_ENABLED=0\nSSH_MUX_PERSIST_TIME=3600":                            false,
		"MUX_ENABLED=false\nexport SSH_MUX_PERSIST_TIME=\"3600\"":                 false,
		"SSH_MUX_ENABLED=0\nSSH_MUX_PERSIST_TIME=3600\nSSH_MUX_PERSIST_TIME=3600": false,
		"SSH_MUX_ENABLED=0\nSSH_MUX_PERSIST_TIME=60\nSSH_MUX_PERSIST_TIME=3600":   true,
		"SSH_MUX_ENABLED=0\nMUX_ENABLED=true\nSSH_MUX_PERSIST_TIME=3600":          true,
		"SSH_MUX_ENABLED=true\nMUX_ENABLED=false\nSSH_MUX_PERSIST_TIME=3600":      true,
		"SSH_MUX_ENABLED=0\nSSH_MUX_PERSIST_TIME=1h":                              true,
		"SSH_MUX_ENABLED=0\nSSH_MUX_PERSIST_TIME=3600 s":                          true,
		"": true,
	} {
		if plan := Plan(want, coolifyFile(text, want)); (len(plan.Edits) > 0) != changed {
			t.Errorf("%q: %+v", text, plan.Edits)
		}
	}
}

// What is planned gives what was wanted, plans nothing more, shows no secret, and
// is taken back to the byte.
func FuzzPlanCoolify(f *testing.F) {
	for _, text := range []string{"", "A=1", "MUX_ENABLED=1\nSSH_MAX_RETRIES=3\nMUX_ENABLED=0\n", "P=\"\nSSH_MAX_RETRIES=1\n\"\r\nSSH_MUX_ENABLED=off\r\nSSH_X=hunter2"} {
		f.Add(text, true, uint16(3), "it's")
	}
	f.Fuzz(func(t *testing.T, text string, on bool, tries uint16, other string) {
		want := coolifyWish("SSH_MUX_ENABLED", map[bool]string{true: "yes", false: "no"}[on], "SSH_MAX_RETRIES", fmt.Sprint(tries), "SSH_X", other)
		if strings.Contains(text, "# sshkeepalive ") || keepalive.HasErrors(Check(want)) {
			return
		}
		have := coolifyFile(text, want)
		plan := Plan(want, have)
		if keepalive.HasErrors(plan.Problems) {
			return
		}
		after := []byte(text)
		if len(plan.Edits) > 0 {
			after = dotenv.Apply(after, plan.Edits[0].Pieces)
		}
		changed := coolifyFile(string(after), want)
		if unmet := Mismatches(want, changed); len(unmet) > 0 {
			t.Fatalf("%v in %q", unmet, after)
		}
		if again := Plan(want, changed); len(again.Edits) > 0 {
			t.Fatalf("planned again: %+v in %q", again.Edits, after)
		}
		restore := Restore(coolifyFile(string(after), Want{}))
		if len(restore.Edits) > 0 {
			after = dotenv.Apply(after, restore.Edits[0].Pieces)
		}
		if !bytes.Equal(after, []byte(text)) {
			t.Fatalf("restored %q", after)
		}
	})
}

func TestCoolifyVersion(t *testing.T) {
	for text, want := range map[string]string{
		"COOLIFY_VERSION=4.3.19\nLATEST_IMAGE=4.3.1": "4.3.19", "LATEST_IMAGE=v4.0.0-beta.454": "4.0.0-beta.454",
		"COOLIFY_VERSION=latest\nLATEST_IMAGE=\"4.1.2\"": "4.1.2", "COOLIFY_VERSION=$X": "", "": "",
	} {
		if got := Version(Facts{Text: []byte(text)}); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	have := Facts{Text: []byte("LATEST_IMAGE=4.0.0-beta.454")}
	if r, ok := (Want{}).release(have); !ok || r != beta(454) {
		t.Error(r)
	}
	if r, ok := (Want{Release: "4.3.9"}).release(have); !ok || r != v4(3, 9) {
		t.Error(r)
	}
}

// TestCoolifyReleasesAreInOrder has the tags in the order in which they were made,
// but for 4.4-rc.1, which was made before 4.3.10.
func TestCoolifyReleasesAreInOrder(t *testing.T) {
	tags := []string{"v4.0.0-beta.26", "v4.0.0-beta.259", "v4.0.0", "4.1.1", "v4.3.9", "v4.3.10", "v4.4-rc.1", "4.4-rc.2", "4.4", "4.4.1"}
	for i, tag := range tags {
		r, ok := parseRelease(tag)
		if !ok {
			t.Errorf("%s is not read", tag)
		}
		if i == 0 {
			continue
		}
		if before, _ := parseRelease(tags[i-1]); before.compare(r) >= 0 || r.compare(before) <= 0 {
			t.Errorf("%s is not before %s", tags[i-1], tag)
		}
	}
	for _, text := range []string{"", "latest", "4", "4.3.x", "$X", "4.3.9\n", "99999.1.1", "v4.3.9-beta", "4..1"} {
		if r, ok := parseRelease(text); ok {
			t.Errorf("%q is read as %s", text, r)
		}
	}
}

// TestAdoptedLines: with adopt every line of a managed key is replaced, also one that
// says the same; the plan lists those that are still in force, and a restore gives back
// every byte.
func TestAdoptedLines(t *testing.T) {
	const file = "# ours\nMUX_ENABLED=true\nSSH_MAX_RETRIES=9 # many\nAPP_KEY=x\nSSH_MUX_ENABLED=false\nSSH_MAX_RETRIES=5\nSSH_COMMAND_TIMEOUT=3600\n"
	want := coolifyWish("SSH_MUX_ENABLED", "yes", "SSH_MAX_RETRIES", "5")
	adopted := func(text string) (string, []byte) {
		t.Helper()
		have := Facts{File: "/e/.env", Text: []byte(text)}
		plan := Plan(want, have)
		list := ""
		for _, p := range plan.Problems {
			if p.Code == keepalive.AdoptsLines {
				list = p.Text
			}
		}
		after := []byte(text)
		for _, e := range plan.Edits {
			after = dotenv.Apply(after, e.Pieces)
		}
		return list, after
	}
	if list, _ := adopted(file); list != "" {
		t.Errorf("adopted without adopt: %s", list)
	}
	want.Claim = keepalive.Claim{ID: "0123456789abcdef", Adopt: true}
	list, after := adopted(file)
	if list != "lines that were written by hand are adopted:\n/e/.env:2: MUX_ENABLED=true\n/e/.env:5: SSH_MUX_ENABLED=false\n/e/.env:3: SSH_MAX_RETRIES=9\n/e/.env:6: SSH_MAX_RETRIES=5" {
		t.Errorf("%s", list)
	}
	if text := string(after); strings.Count(text, "\nSSH_MAX_RETRIES=") != 1 || !strings.Contains(text, "\nSSH_MAX_RETRIES=5\n") || !strings.Contains(text, "\nSSH_COMMAND_TIMEOUT=3600\n") {
		t.Errorf("%s", after)
	}
	if list, again := adopted(string(after)); list != "" || string(again) != string(after) {
		t.Errorf("planning again: %s\n%s", list, again)
	}
	v := viewOf(after)
	if v.strip(); string(v.Bytes()) != file {
		t.Errorf("restored:\n%s", v.Bytes())
	}
}
