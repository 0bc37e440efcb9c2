// Package audit compares what an sshd really does with published baselines, and with this
// provider's own warnings. It is pure: facts in, findings out. It knows no host and no
// provider.
package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Verdict says how a host stands to a recommendation.
type Verdict string

// The verdicts. Only Failed is a fault of the host.
const (
	Passed        Verdict = "pass"
	Failed        Verdict = "fail"
	NotApplicable Verdict = "not applicable" // this sshd has no such setting
	Unknown       Verdict = "unknown"        // it has one, and does not tell the value
)

// Finding is one recommendation held against what is effective in a context.
type Finding struct {
	Profile string
	// Recommendation has the keyword and the value as this release spells them.
	baseline.Recommendation
	Verdict   Verdict
	Context   sshconf.Context
	Effective string           // "" where sshd does not print the keyword
	Origin    keepalive.Origin // zero then
	Why       string           // it is not applicable, or unknown
	// Against names the baselines that no value can satisfy as well.
	Against []string
}

// Exception is a line of a Match block that a baseline does not accept. The
// findings in a context that meets the block tell whether it applies there.
type Exception struct {
	Profile string
	baseline.Recommendation
	Origin keepalive.Origin
}

// Warning is one of our own warnings about what is effective in a context.
type Warning struct {
	Context sshconf.Context
	keepalive.Problem
}

// Audit is what some baselines, and we, find about an sshd.
type Audit struct {
	Problems []keepalive.Problem // why there is nothing else here
	// Findings are in the order of the baselines. The default context has all of
	// them, others what sshd does otherwise there.
	Findings   []Finding
	Exceptions []Exception
	Warnings   []Warning
}

// Server holds the sshd of have against the baselines of these names.
func Server(profiles []string, have sshserver.Facts) Audit {
	var baselines []baseline.Baseline
	for _, name := range profiles {
		if b, ok := baseline.Named(name); ok {
			baselines = append(baselines, b)
		}
	}
	s := sshserver.EffectiveConfig(audited(baselines, have.Version), have)
	if len(s.Problems) > 0 {
		return Audit{Problems: s.Problems}
	}
	a := Audit{Warnings: warnings(s.Contexts, have)}
	for _, b := range baselines {
		for _, r := range b.Recommendations {
			f := Finding{Profile: b.Name, Recommendation: r.For(have.Version), Against: against(b.Name, r)}
			a.Findings = append(a.Findings, f.judge(s.Contexts, have.Version)...)
			a.Exceptions = append(a.Exceptions, f.exceptions(s.Overrides, have.Version)...)
		}
	}
	return a
}

// Count returns how many findings of a profile came to a verdict.
func (a Audit) Count(profile string, v Verdict) int {
	n := 0
	for _, f := range a.Findings {
		if f.Profile == profile && f.Verdict == v {
			n++
		}
	}
	return n
}

// Compliant reports whether nothing that a profile says has failed; ok is false
// where nothing has, but something is unknown.
func (a Audit) Compliant(profile string) (compliant, ok bool) {
	if a.Count(profile, Failed) > 0 {
		return false, true
	}
	return true, a.Count(profile, Unknown) == 0
}

// ours are the keywords that our own warnings are about.
func ours() []string { return []string{"ClientAliveInterval", "ClientAliveCountMax", "MaxSessions"} }

// audited are the keywords to survey, as release v has them.
func audited(baselines []baseline.Baseline, v sshconf.Version) []string {
	keywords := ours()
	for _, b := range baselines {
		for _, r := range b.Recommendations {
			if name := r.For(v).Keyword; !slices.Contains(keywords, name) {
				keywords = append(keywords, name)
			}
		}
	}
	return keywords
}

// judge holds f against each reading.
func (f Finding) judge(readings []keepalive.ContextValues, v sshconf.Version) []Finding {
	if why := lacks(f.Keyword, v); why != "" {
		f.Verdict, f.Why = NotApplicable, why
		return []Finding{f}
	}
	var list []Finding
	for i, r := range readings {
		value, printed := r.Effective[f.Keyword]
		first, same := readings[0].Effective[f.Keyword]
		if i > 0 && value == first && printed == same {
			continue
		}
		g := f
		g.Context = r.Context
		g.Verdict, g.Why = f.verdict(value, printed, v)
		if printed {
			g.Effective, g.Origin = value, r.Origins[f.Keyword][0]
		}
		list = append(list, g)
	}
	return list
}

func (f Finding) verdict(value string, printed bool, v sshconf.Version) (verdict Verdict, why string) {
	switch {
	case !printed && buildDependent(f.Keyword):
		return NotApplicable, "the host's sshd was built without it"
	case !printed:
		return Unknown, "sshd -T does not print it"
	case f.Accepts(value, v):
		return Passed, ""
	case changesDefault(f.Keyword, value, "+-^"):
		return Unknown, "sshd -T prints a change of its default list, and not the list"
	}
	return Failed, ""
}

// lacks says why a keyword means nothing to release v; "" if it does.
func lacks(keyword string, v sshconf.Version) string {
	kw, _ := sshconf.Lookup(sshconf.Server, keyword)
	switch {
	case !kw.Known(v):
		return fmt.Sprintf("OpenSSH %s does not have it", v)
	case kw.Deprecated(v):
		return fmt.Sprintf("OpenSSH %s ignores it", v)
	}
	return ""
}

// buildDependent reports whether a build may accept the keyword and do without
// it: they stand under #ifdef GSSAPI, KRB5 and USE_PAM in servconf.c.
func buildDependent(keyword string) bool {
	return strings.HasPrefix(keyword, "GSSAPI") || strings.HasPrefix(keyword, "Kerberos") || keyword == "UsePAM"
}

// changesDefault reports whether a list begins with one of signs, and so depends on
// the default of the build.
func changesDefault(keyword, list, signs string) bool {
	kw, _ := sshconf.Lookup(sshconf.Server, keyword)
	return kw.Type == sshconf.Algorithms && list != "" && strings.Contains(signs, list[:1])
}

// exceptions are the lines that f does not accept. One that only takes away from
// a default list allows nothing more.
func (f Finding) exceptions(overrides []keepalive.Origin, v sshconf.Version) []Exception {
	var list []Exception
	for _, o := range overrides {
		if sshconf.SameKeyword(sshconf.Server, o.Keyword, f.Keyword) && !f.Accepts(o.Written, v) && !changesDefault(f.Keyword, o.Written, "-") {
			list = append(list, Exception{f.Profile, f.Recommendation, o})
		}
	}
	return list
}

// against names the other baselines that disagree with r.
func against(profile string, r baseline.Recommendation) []string {
	var names []string
	for _, b := range baseline.All() {
		for _, other := range b.Recommendations {
			if b.Name != profile && other.Keyword == r.Keyword && r.DisagreesWith(other) {
				names = append(names, b.Name)
			}
		}
	}
	return names
}

// warnings are our warnings about values that a file or an option sets. The defaults of
// sshd are not warned about.
func warnings(readings []keepalive.ContextValues, have sshserver.Facts) []Warning {
	var list []Warning
	var usual []keepalive.Problem
	for i, r := range readings {
		var want sshserver.Want
		for _, keyword := range ours() {
			if from := r.Origins[keyword]; len(from) > 0 && from[0].Source != keepalive.FromDefault {
				want.Settings = append(want.Settings, keepalive.Setting{Attribute: keyword, Keyword: keyword, Values: []string{r.Effective[keyword]}})
			}
		}
		found := sshserver.Warnings(want, have)
		if i == 0 {
			usual = found
		}
		for _, p := range found {
			if i == 0 || !slices.Contains(usual, p) {
				p.Pos = r.Origins[p.Attribute][0].Pos
				list = append(list, Warning{r.Context, p})
			}
		}
	}
	return list
}
