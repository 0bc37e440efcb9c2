package sshconf

import (
	"slices"
	"strings"
)

// Type is the form of a keyword's value.
type Type int

// The types of values. Text is any other, checked by sshd only.
const (
	Text Type = iota
	Flag
	Time
	Count
	Enum
	Algorithms // +, - and ^ before the list change the default
	Path
	RestOfLine
	Block // Match, Host, Include
)

// Merge says what a second line of a keyword in the same scope does.
type Merge int

// The ways in which lines of one keyword come together.
const (
	First  Merge = iota // the first value read wins
	Last                // the last value read wins
	Append              // values add up
	ByName              // the first word is a name; names add up, the first of a name wins
	Parts               // each part of the value wins on its own, the first of it read
)

// Keyword is what is known of one keyword of one dialect.
type Keyword struct {
	Name    string // as in the manual page
	Type    Type
	Words   []string // of an Enum
	AliasOf string   // the keyword that it is another name of, in some release
	// Vendor marks keywords of patched builds.
	Vendor          bool
	Since           Version // first release that has it
	DeprecatedSince Version // first release that accepts and ignores it
	RemovedSince    Version // first release that refuses it
	MatchSince      Version // first release that allows it in Match; zero is never
	MissingIn       []Version

	merge Merge
}

// Known reports whether release v accepts the name. A zero version stands for
// any release.
func (k Keyword) Known(v Version) bool {
	if v.IsZero() {
		return k.Name != ""
	}
	return k.Name != "" && !slices.Contains(k.MissingIn, v) && atLeast(v, k.Since) && (k.RemovedSince.IsZero() || !atLeast(v, k.RemovedSince))
}

// Deprecated reports whether release v accepts the name and ignores it.
func (k Keyword) Deprecated(v Version) bool {
	return !k.DeprecatedSince.IsZero() && atLeast(v, k.DeprecatedSince)
}

// MatchLegal reports whether release v allows the keyword in a Match block. In
// ssh_config every keyword may stand there.
func (k Keyword) MatchLegal(v Version) bool {
	if k.Name == "PAMServiceName" && v == (Version{10, 4}) {
		return false
	}
	return !k.MatchSince.IsZero() && atLeast(v, k.MatchSince)
}

// matchEffective reports whether a value in a Match block takes effect: SetEnv
// was accepted there from 7.8 on and not applied before 8.5.
func (k Keyword) matchEffective(v Version) bool {
	return k.MatchLegal(v) && (k.Name != "SetEnv" || atLeast(v, Version{8, 5}))
}

// atLeast reports whether v is since or newer; a zero v is the newest.
func atLeast(v, since Version) bool { return v.IsZero() || v.AtLeast(since.Major, since.Minor) }

// unknownRelease reports whether v is newer than the newest release that was asked, Newest,
// so that it may know more words than the tables. A zero v may be any release.
func unknownRelease(v Version) bool {
	return v.IsZero() || v != Newest() && v.AtLeast(Newest().Major, Newest().Minor)
}

// lastUntil holds the releases in which a keyword came to keep its first value;
// before that every line of it overwrote the value.
var lastUntil = map[string]Version{
	"MaxStartups":           {10, 1},
	"PerSourceNetBlockSize": {10, 1},
	"IPQoS":                 {10, 3},
	"PerSourceMaxStartups":  {9, 5},
	"StreamLocalBindMask":   {10, 6},
	"TunnelDevice":          {8, 7},
}

// Merge says how lines of the keyword come together in release v.
func (k Keyword) Merge(v Version) Merge {
	if until, ok := lastUntil[k.Name]; ok && !atLeast(v, until) {
		return Last
	}
	if k.Name == "AuthorizedPrincipalsCommand" && v.AtLeast(8, 7) && !v.AtLeast(9, 9) {
		return Last // it looked at AuthorizedKeysCommand to see whether it was set
	}
	return k.merge
}

// DumpName is the name by which sshd -T or ssh -G of release v print the
// keyword, in lower case; "" if they never do.
func (k Keyword) DumpName(d Dialect, v Version) string {
	if k.Type == Block && k.Name != "Host" || k.Deprecated(v) {
		return ""
	}
	return canonicalName(d, v, k.Name)
}

// Lookup finds a keyword by name, in any case.
func Lookup(d Dialect, name string) (Keyword, bool) {
	i, ok := keywordIndex[d][strings.ToLower(name)]
	if !ok {
		return Keyword{}, false
	}
	return Keywords(d)[i], true
}

// Keywords returns all keywords of the dialect. It must not be changed.
func Keywords(d Dialect) []Keyword {
	if d == Client {
		return clientKeywords
	}
	return serverKeywords
}

var keywordIndex = [...]map[string]int{Server: index(serverKeywords), Client: index(clientKeywords)}

func index(keywords []Keyword) map[string]int {
	byName := make(map[string]int, len(keywords))
	for i, k := range keywords {
		byName[strings.ToLower(k.Name)] = i
	}
	return byName
}

// canonicalName is the lower-case name under which all aliases of a name are
// one keyword in release v. Unknown names are their own.
func canonicalName(d Dialect, v Version, name string) string {
	k, ok := Lookup(d, name)
	if !ok {
		return strings.ToLower(name)
	}
	target, ok := Lookup(d, k.AliasOf)
	switch {
	case !ok || !target.Known(v):
		return strings.ToLower(k.Name)
	case d == Server && target.Name == "KbdInteractiveAuthentication" && !atLeast(v, Version{8, 7}):
		// Two settings of their own up to 8.6, which sshd combined.
		return "challengeresponseauthentication"
	case k.Name == "SetupTimeOut" && !atLeast(v, Version{10, 0}):
		return "serveraliveinterval"
	}
	return strings.ToLower(target.Name)
}

// CurrentName returns the name that the newest release has for a keyword:
// KbdInteractiveAuthentication for ChallengeResponseAuthentication. Any other text comes
// back as it is.
func CurrentName(d Dialect, keyword string) string {
	if kw, ok := Lookup(d, keyword); ok && kw.AliasOf != "" {
		return kw.AliasOf
	}
	return keyword
}

// SameKeyword reports whether two names are one keyword, in any release.
func SameKeyword(d Dialect, a, b string) bool {
	return strings.EqualFold(CurrentName(d, a), CurrentName(d, b))
}
