package coolify

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// The codes of problems that only a Coolify has.
const (
	UnreadableEnv              keepalive.Code = "unreadable environment file"
	UnknownEnv                 keepalive.Code = "unknown environment key"
	BadEnvValue                keepalive.Code = "bad value of an environment file"
	NotEnv                     keepalive.Code = "not an environment file"
	AgeEndsDeployments         keepalive.Code = "age kills deployments"
	AgeIgnored                 keepalive.Code = "age is ignored"
	PersistEndsDeployments     keepalive.Code = "persist time kills deployments"
	MastersNeverEnd            keepalive.Code = "masters stay without a limit"
	RunsTwice                  keepalive.Code = "commands may run twice"
	NeverRuns                  keepalive.Code = "commands never run"
	LockTooShort               keepalive.Code = "lock ends too early"
	NoTimeout                  keepalive.Code = "no time limit"
	HealthCheckEndsDeployments keepalive.Code = "health check kills deployments"
	MuxIsOff                   keepalive.Code = "multiplexing is off"
	DelayCapped                keepalive.Code = "delays capped"
	KeyNotRead                 keepalive.Code = "key is not read"
	BadRelease                 keepalive.Code = "bad release"
)

var keyForm = regexp.MustCompile(`^SSH_[A-Z0-9_]+$`)

var envFileForm = regexp.MustCompile(`(?:^|/)(?:\.env(?:\.[^/]+)?|[^/]+\.env)$`)

// CheckFile says what is wrong with the path of an environment file. It is
// written by root, and a slip must not reach a file of the system.
func CheckFile(file string) []keepalive.Problem {
	if envFileForm.MatchString(file) {
		return nil
	}
	return []keepalive.Problem{{Code: NotEnv, Attribute: "file", Text: fmt.Sprintf("%q is not the name of an environment file: those end in .env, or begin with it, as .env.production does", file)}}
}

// Check says what is wrong with want that can be known without a host.
func Check(want Want) []keepalive.Problem {
	var problems []keepalive.Problem
	for _, s := range want.Settings {
		if p, bad := checkSetting(s); bad {
			problems = append(problems, p)
		}
	}
	if _, ok := parseRelease(want.Release); !ok && want.Release != "" {
		problems = append(problems, keepalive.Problem{Code: BadRelease, Attribute: "release", Text: fmt.Sprintf("%q is not a release of Coolify, such as 4.3.9 or 4.0.0-beta.427", want.Release)})
	}
	if len(want.Settings) == 0 {
		problems = append(problems, keepalive.Problem{Code: keepalive.NothingWanted, Text: "no setting is declared, so there is nothing to manage"})
	}
	return problems
}

func checkSetting(s keepalive.Setting) (keepalive.Problem, bool) {
	value := strings.Join(s.Values, "\n")
	a, known := attributeOf(s.Keyword)
	p := keepalive.Problem{Code: BadEnvValue, Attribute: s.Attribute}
	switch {
	case s.ByKeyword && known:
		p.Code, p.Text = keepalive.TypedKeyword, s.Keyword+" belongs to the attribute `"+a.Name+"`"
	case s.ByKeyword && s.Keyword == olderMuxKey:
		p.Code, p.Text = keepalive.TypedKeyword, olderMuxKey+" belongs to the attribute `mux_enabled`"
	case !keyForm.MatchString(s.Keyword):
		p.Code, p.Text = UnknownEnv, fmt.Sprintf("%q is not the key of an SSH setting; use a key that begins with SSH_ and has capitals, digits and underscores", s.Keyword)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		p.Text = "the value of " + s.Keyword + " has a control character or a line break in it"
	case !s.ByKeyword && a.Kind == keepalive.Time:
		if _, err := strconv.ParseUint(written(s), 10, 31); err != nil {
			p.Text = fmt.Sprintf("%q is not a valid time; use a time such as 3600 or \"1h\"", value)
		}
	case !s.ByKeyword && a.Kind == keepalive.Count:
		p.Text = a.BadCount(value)
	case !s.ByKeyword && a.Kind == keepalive.Text:
		if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 1 && n <= 1000) || strings.ContainsAny(value, "xXpP_") {
			p.Text = fmt.Sprintf("%q is not a valid multiplier; use a number from 1 to 1000", value)
		}
	}
	return p, p.Text != ""
}

// defaultMaxAge is that of SSH_MUX_MAX_AGE in every release that reads it.
const defaultMaxAge = "1800"

// connectTimeout is what Coolify gives ssh to connect, in seconds, where a server
// has no value of its own.
const connectTimeout = 10

// check is what the warnings look at.
type check struct {
	want    Want
	values  map[string]string
	release release
	known   bool // the release is
	list    []keepalive.Problem
}

// Warnings names what is known to break deployments or to have no effect,
// of the values that count once want is in force. Where a warning speaks of
// Coolify's own defaults, one of the keys must be wanted for it.
func Warnings(want Want, have Facts) []keepalive.Problem {
	c := &check{want: want, values: want.values(have)}
	c.release, c.known = want.release(have)
	c.keys()
	c.multiplexing()
	c.retries()
	if c.given("SSH_COMMAND_TIMEOUT") && c.number("SSH_COMMAND_TIMEOUT") == 0 {
		c.say(NoTimeout, "SSH_COMMAND_TIMEOUT", "SSH_COMMAND_TIMEOUT 0 runs commands without a time limit: a command over a dead connection never ends")
	}
	return c.list
}

func (c *check) multiplexing() {
	if readAs(muxKey, c.values[muxKey]) == "no" {
		for _, s := range c.want.Settings {
			if strings.HasPrefix(s.Keyword, "SSH_MUX_") && s.Keyword != muxKey {
				c.say(MuxIsOff, s.Keyword, "%s has no effect: multiplexing is off", s.Keyword)
			}
		}
		return
	}
	c.age()
	c.persist()
	c.locks()
	c.health()
}

// keys warns of wanted keys that the release does not read, except SSH_MUX_MAX_AGE: see
// age.
func (c *check) keys() {
	for _, s := range c.want.Settings {
		if c.known && knownKey(s.Keyword) && !c.release.reads(s.Keyword) && s.Keyword != "SSH_MUX_MAX_AGE" {
			c.say(KeyNotRead, s.Keyword, "%s has no effect: Coolify %s does not read it (it is read %s)", s.Keyword, c.release, spansText(s.Keyword))
		}
	}
}

// releaseText names the release in a sentence, or those that it may be.
func (c *check) releaseText(others string) string {
	if c.known {
		return "Coolify " + c.release.String()
	}
	return "Coolify " + others + " (the file does not name the release)"
}

func (c *check) age() {
	const key, releases = "SSH_MUX_MAX_AGE", "from 4.0.0-beta.427 to 4.3.8, but for 4.1.1,"
	age, given := c.values[key]
	switch reads := !c.known || c.release.reads(key); {
	case !given && reads:
		c.say(AgeEndsDeployments, key, "%s ends a shared connection that is %s seconds old (the default of SSH_MUX_MAX_AGE), and every deployment that runs over it", c.releaseText(releases), defaultMaxAge)
	case !given:
	case !reads:
		c.say(AgeIgnored, key, "SSH_MUX_MAX_AGE has no effect: Coolify %s does not read it", c.release)
	default:
		c.say(AgeEndsDeployments, key, "SSH_MUX_MAX_AGE %s: %s ends a shared connection of that age, and every deployment that runs over it", age, c.releaseText(releases))
	}
}

func (c *check) persist() {
	const key = "SSH_MUX_PERSIST_TIME"
	persist := c.number(key)
	switch {
	case !c.given(key):
	case persist == 0:
		c.say(MastersNeverEnd, key, "SSH_MUX_PERSIST_TIME 0 means no limit to ssh: a shared connection is never closed")
	case c.may(hourlyKill) && persist < c.number("SSH_COMMAND_TIMEOUT"):
		c.say(PersistEndsDeployments, key, "SSH_MUX_PERSIST_TIME %s: the hourly clean-up of %s ends a shared connection of that age, and commands may run for %s seconds (SSH_COMMAND_TIMEOUT)",
			c.values[key], c.releaseText("from 4.1.2 to 4.3.8"), c.values["SSH_COMMAND_TIMEOUT"])
	}
}

func (c *check) locks() {
	ttl, wait := c.number("SSH_MUX_LOCK_TTL"), c.number("SSH_MUX_LOCK_TIMEOUT")
	if wait >= ttl && (c.given("SSH_MUX_LOCK_TTL") || c.given("SSH_MUX_LOCK_TIMEOUT")) {
		c.say(LockTooShort, "SSH_MUX_LOCK_TIMEOUT", "SSH_MUX_LOCK_TIMEOUT %g is not shorter than SSH_MUX_LOCK_TTL %g: a waiting process gets the lock while the other one still connects, and both open a shared connection", wait, ttl)
	}
	busy := connectTimeout + c.number("SSH_MUX_HEALTH_CHECK_TIMEOUT")
	if busy >= ttl && (c.given("SSH_MUX_LOCK_TTL") || c.given("SSH_MUX_HEALTH_CHECK_TIMEOUT")) {
		c.say(LockTooShort, "SSH_MUX_LOCK_TTL", "SSH_MUX_LOCK_TTL %g ends the lock while its holder is at work: a health check and connecting may take %g seconds", ttl, busy)
	}
}

func (c *check) health() {
	const key = "SSH_MUX_HEALTH_CHECK_TIMEOUT"
	seconds := c.number(key)
	switch {
	case !c.given(key) || readAs("SSH_MUX_HEALTH_CHECK_ENABLED", c.values["SSH_MUX_HEALTH_CHECK_ENABLED"]) == "no":
	case seconds == 0:
		c.say(NoTimeout, key, "SSH_MUX_HEALTH_CHECK_TIMEOUT 0 gives the health check no time limit: a check over a dead connection never ends")
	case seconds < 5 && (!c.known || c.release.reads("SSH_MUX_MAX_AGE")): // the same releases
		c.say(HealthCheckEndsDeployments, key, "SSH_MUX_HEALTH_CHECK_TIMEOUT %g: a server that is busy and answers later is taken for dead, and %s then ends the shared connection and every deployment that runs over it", seconds, c.releaseText("from 4.0.0-beta.427 to 4.3.8, but for 4.1.1,"))
	}
}

func (c *check) retries() {
	tries := c.number("SSH_MAX_RETRIES")
	switch {
	case !c.given("SSH_MAX_RETRIES"):
	case tries == 0:
		c.say(NeverRuns, "SSH_MAX_RETRIES", "SSH_MAX_RETRIES counts the first try too: with 0 Coolify never runs a command, and reports no error")
	case tries > 1:
		c.say(RunsTwice, "SSH_MAX_RETRIES", "SSH_MAX_RETRIES %g: Coolify runs a command again, up to %g times in all, when its connection breaks, even if the command had done its work by then", tries, tries)
	}
	base, longest := c.number("SSH_RETRY_BASE_DELAY"), c.number("SSH_RETRY_MAX_DELAY")
	if longest < base && (c.given("SSH_RETRY_BASE_DELAY") || c.given("SSH_RETRY_MAX_DELAY")) {
		c.say(DelayCapped, "SSH_RETRY_MAX_DELAY", "SSH_RETRY_MAX_DELAY %g is shorter than SSH_RETRY_BASE_DELAY %g: every delay is %g", longest, base, longest)
	}
}

// may reports whether the release is one of s, as far as is known.
func (c *check) may(s span) bool { return !c.known || s.has(c.release) }

func (c *check) given(key string) bool { _, ok := c.setting(key); return ok }

func (c *check) setting(key string) (keepalive.Setting, bool) {
	for _, s := range c.want.Settings {
		if s.Keyword == key {
			return s, true
		}
	}
	return keepalive.Setting{}, false
}

// number is what PHP makes of a value; text that is not a number is 0.
func (c *check) number(key string) float64 {
	n, _ := strconv.ParseFloat(c.values[key], 64)
	return n
}

func (c *check) say(code keepalive.Code, key, format string, args ...any) {
	s, _ := c.setting(key)
	c.list = append(c.list, keepalive.Problem{Code: code, Warning: true, Attribute: s.Attribute, Text: fmt.Sprintf(format, args...)})
}
