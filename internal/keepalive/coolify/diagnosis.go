package coolify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// KeyState is one key of the environment file as the release that runs reads it.
type KeyState struct {
	Key     string
	Line    int    // that sets it; 0 where none does
	Written string // what that line says
	Default string // "" where the release does not read the key
	Value   string // what Coolify reads; "" where it does not read the key
	// Read says whether the release reads the key, if Known.
	Read, Known bool
}

// Keys returns what the file and the release make of each key that has an attribute, in
// the order of Attributes. Where the release is not known, values and defaults are those
// of a release that reads the key.
func (in Installation) Keys() []KeyState {
	var list []KeyState
	r, known := parseRelease(in.running())
	defaults, v := defaults(r, known), viewOf(in.Text)
	defaults["SSH_MUX_MAX_AGE"] = defaultMaxAge
	for _, a := range Attributes() {
		s := KeyState{Key: a.Keyword, Known: known, Read: known && r.reads(a.Keyword)}
		e, written := v.get(a.Keyword)
		if written {
			s.Line, s.Written = e.Line, e.Value
		}
		if s.Read || !known {
			if s.Default = defaults[a.Keyword]; written {
				s.Value = effective(a.Keyword, e.Value)
			} else {
				s.Value = s.Default
			}
		}
		list = append(list, s)
	}
	return list
}

// effective is a value as Coolify reads it: of a flag, true or false.
func effective(key, value string) string {
	if read := readAs(key, value); read != value {
		return strconv.FormatBool(read == "yes")
	}
	return value
}

// Verdict says whether a report of broken deployments applies.
type Verdict string

// The verdicts. Possible is one whose release is not known.
const (
	Applies  Verdict = "yes"
	Not      Verdict = "no"
	Possible Verdict = "possible"
)

// Report is one way in which deployments break, and whether it is that of an installation.
type Report struct {
	Name    string
	Verdict Verdict
	Why     string
}

// The reports.
const (
	ReportAge         = "age"
	ReportHealthCheck = "health_check"
	ReportPersist     = "persist"
	ReportRetries     = "retries"
)

// Reports says of each known way in which deployments break whether it applies, by the
// values of the file and the release that runs.
func (in Installation) Reports() []Report {
	c := &check{want: Want{Release: in.running()}}
	c.release, c.known = parseRelease(in.running())
	c.values = c.want.values(in.Facts)
	if _, set := c.values["SSH_MUX_MAX_AGE"]; !set {
		c.values["SSH_MUX_MAX_AGE"] = defaultMaxAge
	}
	shared := readAs(muxKey, c.values[muxKey]) != "no"
	checked := shared && readAs("SSH_MUX_HEALTH_CHECK_ENABLED", c.values["SSH_MUX_HEALTH_CHECK_ENABLED"]) != "no"
	const aged = "from 4.0.0-beta.427 to 4.3.8, but for 4.1.1,"
	tries := c.number("SSH_MAX_RETRIES")
	return []Report{
		c.report(ReportAge, shared, "multiplexing is off", keySpans["SSH_MUX_MAX_AGE"], aged,
			"ends a shared connection that is %g seconds old (SSH_MUX_MAX_AGE), and every deployment that runs over it", c.number("SSH_MUX_MAX_AGE")),
		c.report(ReportHealthCheck, checked, "multiplexing or its health check is off", keySpans["SSH_MUX_MAX_AGE"], aged,
			"takes a server for dead that does not answer within %g seconds (SSH_MUX_HEALTH_CHECK_TIMEOUT), and ends the shared connection and every deployment that runs over it", c.number("SSH_MUX_HEALTH_CHECK_TIMEOUT")),
		c.report(ReportPersist, shared, "multiplexing is off", []span{hourlyKill}, "from 4.1.2 to 4.3.8",
			"ends, once an hour, each shared connection that is %g seconds old (SSH_MUX_PERSIST_TIME), and every deployment that runs over it", c.number("SSH_MUX_PERSIST_TIME")),
		c.report(ReportRetries, tries > 1, "a command is run once only (SSH_MAX_RETRIES)", keySpans["SSH_MAX_RETRIES"], "from 4.0.0-beta.427 on",
			"runs a command again whose connection broke, up to %g times in all, whatever it had done by then (SSH_MAX_RETRIES)", tries),
	}
}

// report judges a fault of the releases in spans, which the values allow if on is set.
func (c *check) report(name string, on bool, off string, spans []span, of, fault string, args ...any) Report {
	r := Report{Name: name, Verdict: Not}
	switch {
	case !on:
		r.Why = off
	case c.known && !slices.ContainsFunc(spans, func(s span) bool { return s.has(c.release) }):
		r.Why = "Coolify " + c.release.String() + " does not do this; releases " + of + " do"
	case c.known:
		r.Verdict, r.Why = Applies, "Coolify "+c.release.String()+" "+fmt.Sprintf(fault, args...)
	default:
		r.Verdict, r.Why = Possible, "the release is not known: Coolify "+of+" "+fmt.Sprintf(fault, args...)
	}
	return r
}

// Advice lists what to do, the best first; nothing where no report applies and nothing is
// pending.
func (in Installation) Advice() []string {
	var list, faults []string
	retries := false
	for _, r := range in.Reports() {
		switch {
		case r.Verdict == Not:
		case r.Name == ReportRetries:
			retries = true
		default:
			faults = append(faults, r.Name)
		}
	}
	if pending, _ := in.Pending(); pending {
		list = append(list, in.File+" was written after the container was created, which does not use it yet: run Coolify's own upgrade, or create the container again")
	}
	written := Version(in.Facts)
	if release, _ := in.ImageRelease(); release != "" && written != "" && release != written {
		list = append(list, fmt.Sprintf("the file names release %s and the container runs %s: finish the upgrade", written, release))
	}
	if len(faults) > 0 {
		list = append(list, fmt.Sprintf("upgrade to Coolify 4.3.9 or newer, which no longer ends shared connections in use (%s)", strings.Join(faults, ", ")))
	}
	if retries {
		list = append(list, "set SSH_MAX_RETRIES to 1 if a deployment must not be run twice (retries)")
	}
	if slices.Contains(faults, ReportPersist) {
		list = append(list, "set SSH_MUX_PERSIST_TIME longer than SSH_COMMAND_TIMEOUT, so that the hourly clean-up ends fewer connections (persist)")
	}
	if len(faults) > 0 {
		list = append(list, "where no upgrade is possible, set SSH_MUX_ENABLED to false: each command then has a connection of its own")
	}
	return list
}
