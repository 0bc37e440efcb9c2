package sshserver

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// The codes of problems with a profile.
const (
	UnknownProfile keepalive.Code = "unknown profile"
	ProfileLacks   keepalive.Code = "profile lacks"
	ProfileOption  keepalive.Code = "profile against the command line"
	ShutsOut       keepalive.Code = "shuts out"
)

// ForRelease returns what is wanted of release v: the values of the profile, and
// over them the user's own, which win without a warning.
func (want Want) ForRelease(v sshconf.Version) Want {
	b, ok := baseline.Named(want.Profile)
	if !ok {
		return want
	}
	own := want.Settings
	want.Profile, want.Settings = "", slices.Clone(own)
	settable, _ := b.For(v)
	for _, r := range settable {
		x := keepalive.Setting{Attribute: profileAttribute(r.Keyword), Keyword: r.Keyword, Values: []string{r.Value}}
		if !slices.ContainsFunc(own, func(o keepalive.Setting) bool { return sameKeyword(o.Keyword, x.Keyword) }) {
			want.Settings = append(want.Settings, x)
		}
	}
	return want
}

const profilePrefix = "profile["

func profileAttribute(keyword string) string { return profilePrefix + strconv.Quote(keyword) + "]" }

func ofProfile(s keepalive.Setting) bool { return strings.HasPrefix(s.Attribute, profilePrefix) }

// sameKeyword reports whether two names are one keyword of sshd_config, in any release.
func sameKeyword(a, b string) bool { return sshconf.SameKeyword(sshconf.Server, a, b) }

// onHost returns what is wanted of a host, without the values of the profile
// that its sshd does not support, and lists these as problems: keywords of newer releases,
// those that the build accepts and ignores, as without Kerberos, and those that an
// option on the daemon's command line decides, as Ciphers on Red Hat's 8.
func (want Want) onHost(have Facts) (Want, []keepalive.Problem) {
	b, ok := baseline.Named(want.Profile)
	if !ok {
		return want, nil
	}
	_, lacking := b.For(have.Version)
	lacking = slices.DeleteFunc(lacking, func(keyword string) bool {
		return slices.ContainsFunc(want.Settings, func(o keepalive.Setting) bool { return sameKeyword(o.Keyword, keyword) })
	})
	want = want.ForRelease(have.Version)
	want.Settings = slices.DeleteFunc(want.Settings, func(x keepalive.Setting) bool {
		_, printed := canonical(have, sshfile.Global, x.Keyword)
		ignored := ofProfile(x) && len(have.Canonical) > 0 && !printed
		if ignored {
			lacking = append(lacking, x.Keyword)
		}
		return ignored
	})
	want, problems := want.settable(b, have)
	if len(lacking) > 0 {
		problems = append(problems, keepalive.Problem{Code: ProfileLacks, Warning: true, Attribute: "profile",
			Text: fmt.Sprintf("OpenSSH %s on this host does not support these settings of the profile %s, so they are left out: %s", have.Version, b.Name, strings.Join(lacking, ", "))})
	}
	return want, problems
}

// settable leaves out the values of the profile b that no file can set.
func (want Want) settable(b baseline.Baseline, have Facts) (Want, []keepalive.Problem) {
	var problems []keepalive.Problem
	want.Settings = slices.DeleteFunc(want.Settings, func(x keepalive.Setting) bool {
		option, ok := unsettable(x, have)
		if !ok || !ofProfile(x) {
			return false
		}
		problems = append(problems, keepalive.Problem{Code: ProfileOption, Warning: true, Attribute: "profile",
			Text: fmt.Sprintf("the setting %s of the profile %s is left out, because no file can change it: sshd was started with %s", x.Keyword, b.Name, option)})
		return true
	})
	return want, problems
}

func checkProfile(name string) []keepalive.Problem {
	if _, ok := baseline.Named(name); ok || name == "" {
		return nil
	}
	return []keepalive.Problem{{Code: UnknownProfile, Attribute: "profile", Text: fmt.Sprintf("%q is not a known profile", name)}}
}
