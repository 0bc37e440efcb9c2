// Package system decides what a host itself does with dead connections and with the
// processes of ended logins: TCP timeouts of the kernel, and two settings of logind. From
// the settings that are wanted, the drop-ins of the host and the values in use it computes
// the text of two drop-ins of our own, and warns of what else the settings change.
//
// It knows sysctl.d(5), logind.conf(5) and tcp(7). It must not know how files are read or
// values are set, or that Terraform exists.
package system

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// The codes of problems that only these settings have.
const (
	BadHostValue keepalive.Code = "bad value of a host"
	Unavailable  keepalive.Code = "setting is not available on this host"
	NotOurFile   keepalive.Code = "drop-in of another author"
	ReadLater    keepalive.Code = "a later file wins"
	NotReadNow   keepalive.Code = "file of sysctl -p"
	NotAtBoot    keepalive.Code = "not read at boot"
	HostWide     keepalive.Code = "holds for the whole host"
	EndsJobs     keepalive.Code = "ends background jobs"
	RootToo      keepalive.Code = "ends jobs of root"
	NoEffect     keepalive.Code = "kill only users"
	UntilBoot    keepalive.Code = "in use until the next boot"
)

// The keywords.
const (
	retries  = "net.ipv4.tcp_retries2"
	idle     = "net.ipv4.tcp_keepalive_time"
	interval = "net.ipv4.tcp_keepalive_intvl"
	probes   = "net.ipv4.tcp_keepalive_probes"
	kill     = "KillUserProcesses"
	exclude  = "KillExcludeUsers"
	only     = "KillOnlyUsers"
)

// Want is what a user wants of a host.
type Want struct {
	Settings []keepalive.Setting
	// Claim says which lines are the resource's own.
	Claim keepalive.Claim
}

// Facts is everything that a decision about a host may depend on.
type Facts struct {
	// Values are those in use, by keyword; none in an image.
	Values map[string]string
	// Lacks says by keyword, or by its program, why a value cannot be set.
	Lacks map[string]string
	// Sysctl and Logind are the files that are read at boot, those of the directory that
	// comes first in front, and Files the text of those that have our keywords, and ours.
	Sysctl, Logind []string
	Files          map[string][]byte
	Dirs           []string // directories of our drop-ins that are there
	Mounts         []string // files on which something is mounted
	Init           string   // systemd, or another that reads sysctl.d at boot; "" if none does
	Image          bool
}

// Attributes returns the typed attributes of a host in the order they are written. The
// bounds are those of Linux 6.18, which keeps the counts in a byte and multiplies the
// times by up to 1000 ticks; 0 retries would end a connection at its first lost packet.
func Attributes() []keepalive.Attribute {
	const longest = (1<<31 - 1) / 1000
	return []keepalive.Attribute{
		{Name: "tcp_retries2", Keyword: retries, Kind: keepalive.Count, Min: 1, Max: 255},
		{Name: "tcp_keepalive_time", Keyword: idle, Kind: keepalive.Time, Min: 1, Max: longest},
		{Name: "tcp_keepalive_intvl", Keyword: interval, Kind: keepalive.Time, Min: 1, Max: longest},
		{Name: "tcp_keepalive_probes", Keyword: probes, Kind: keepalive.Count, Min: 1, Max: 255},
		{Name: "kill_user_processes", Keyword: kill, Kind: keepalive.Flag},
		{Name: "kill_exclude_users", Keyword: exclude, Kind: keepalive.Names},
	}
}

// IsKernel reports whether the kernel has the value of a keyword, and not logind.
func IsKernel(keyword string) bool { return strings.HasPrefix(keyword, "net.") }

// Spell returns a value of a keyword as it is compared: seconds, yes or no, names in order.
func Spell(keyword, text string) string {
	switch keyword {
	case idle, interval:
		if n, err := sshconf.ParseTime(text); err == nil {
			return strconv.FormatInt(n, 10)
		}
	case kill:
		switch strings.ToLower(text) { // parse_boolean of systemd
		case "1", "yes", "y", "true", "t", "on":
			return "yes"
		case "0", "no", "n", "false", "f", "off":
			return "no"
		}
	case exclude, only:
		return strings.Join(slices.Compact(slices.Sorted(slices.Values(strings.Fields(text)))), " ")
	}
	return text
}

func wanted(s keepalive.Setting) string { return Spell(s.Keyword, strings.Join(s.Values, " ")) }

var userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}\$?$`)

// Check says what is wrong with want that can be known without a host.
func Check(want Want) []keepalive.Problem {
	if len(want.Settings) == 0 {
		return []keepalive.Problem{{Code: keepalive.NothingWanted, Text: "no setting is declared, so there is nothing to manage"}}
	}
	var problems []keepalive.Problem
	for _, s := range want.Settings {
		if text := bad(s); text != "" {
			problems = append(problems, keepalive.Problem{Code: BadHostValue, Attribute: s.Attribute, Text: text})
		}
	}
	return problems
}

// bad says what is wrong with a value, "" if nothing is.
func bad(s keepalive.Setting) string {
	a, _ := keepalive.Find(Attributes(), s.Keyword)
	value := wanted(s)
	switch a.Kind {
	case keepalive.Time:
		if n, err := strconv.ParseInt(value, 10, 64); err != nil || n < a.Min || n > a.Max {
			return fmt.Sprintf("%q is not a time from 1 to %d seconds; use a time such as 3600 or \"1h\"", strings.Join(s.Values, " "), a.Max)
		}
	case keepalive.Count:
		return a.BadCount(value)
	case keepalive.Names:
		for name := range strings.FieldsSeq(value) {
			if !userName.MatchString(name) {
				return fmt.Sprintf("%q is not the name of a user", name)
			}
		}
	}
	return ""
}

// After returns the values that are in use once those that are expected are.
func After(expect []keepalive.Expectation, have Facts) map[string]string {
	values := map[string]string{}
	maps.Copy(values, have.current())
	for _, x := range expect {
		values[x.Keyword] = x.Values[0]
	}
	return values
}

// current are the values in use, or in an image those that its files give.
func (have Facts) current() map[string]string {
	if !have.Image {
		return have.Values
	}
	values := map[string]string{}
	for keyword, l := range have.atBoot() {
		values[keyword] = l.Value
	}
	return values
}

// Observe says what the host uses of the wanted settings.
func Observe(want Want, have Facts) keepalive.Observed {
	values := have.current()
	o := keepalive.Observed{Values: map[string][]string{}, Effective: map[string]string{}, Managed: have.hasOurs(want)}
	for _, s := range want.Settings {
		value, ok := values[s.Keyword]
		if ok {
			o.Effective[s.Keyword], o.Values[s.Attribute] = value, []string{value}
		}
		if ok && value == wanted(s) {
			o.Values[s.Attribute] = s.Values
			continue
		}
		o.Drift = append(o.Drift, keepalive.Problem{Code: keepalive.Drifted, Warning: true, Attribute: s.Attribute, Text: mismatch(s.Keyword, value, wanted(s))})
	}
	return o
}

func mismatch(keyword, have, want string) string {
	return fmt.Sprintf("%s is %q, not %q", keyword, have, want)
}

// Mismatch says which expected value is not in use, nil if all are.
func Mismatch(expect []keepalive.Expectation, have Facts) error {
	values := have.current()
	for _, x := range expect {
		if value := values[x.Keyword]; value != x.Values[0] {
			return errors.New(mismatch(x.Keyword, value, x.Values[0]))
		}
	}
	return nil
}

// Adopt reads from the drop-ins of the host what the resource would have been declared as:
// the keywords that a file sets, with the values in use.
func Adopt(have Facts) Want {
	var want Want
	lines, values := have.atBoot(), have.current()
	for _, a := range Attributes() {
		value, used := values[a.Keyword]
		if _, set := lines[a.Keyword]; set && used {
			want.Settings = append(want.Settings, keepalive.Setting{Attribute: a.Name, Keyword: a.Keyword, Values: []string{value}})
		}
	}
	want.Settings, _ = keepalive.Declarable(want.Settings, Check(want))
	return want
}

// ImportProblems says which of the values that Adopt found are in use and not those of a
// file: the first apply makes them last.
func ImportProblems(found Want, have Facts) (problems []keepalive.Problem) {
	lines := have.atBoot()
	for _, s := range found.Settings {
		if l := lines[s.Keyword]; l.Value != wanted(s) {
			problems = append(problems, keepalive.Problem{Code: UntilBoot, Warning: true, Attribute: s.Attribute, Pos: l.Pos,
				Text: fmt.Sprintf("%s is %q now, which was imported, and %s sets it to %q at the next boot", s.Keyword, wanted(s), l.Pos, l.Value)})
		}
	}
	return problems
}
