package sshserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/criteria"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Which users a change can shut out. The confirming connection would fail and the change
// be rolled back; the plan says it before.

// lockouts names the settings of c by which the connecting user could not log in
// any more. A setting that is in the files already let the user in, for example by a
// Match that we cannot evaluate.
func lockouts(c candidate, want Want, have Facts) []keepalive.Problem {
	if want.ConnectingUser == "" {
		return nil
	}
	at := sshconf.Context{User: want.ConnectingUser}
	before, after := sshconf.Evaluate(have.Tree, at), sshconf.Evaluate(c.Tree, at)
	var problems []keepalive.Problem
	for _, s := range want.Settings {
		why := lockoutReason(s.Keyword, after, want)
		if why == "" || lockoutReason(s.Keyword, before, want) != "" {
			continue
		}
		problems = append(problems, keepalive.Problem{Code: ShutsOut, Warning: true, Attribute: s.Attribute,
			Text: fmt.Sprintf("%s %s shuts out the user of this connection, %s: %s", s.Keyword, strings.Join(s.Values, ", "), want.ConnectingUser, why)})
	}
	return problems
}

// lockoutReason says why the connecting user cannot log in by what r has for keyword.
func lockoutReason(keyword string, r sshconf.Result, want Want) string {
	value := strings.ToLower(winningValue(r, keyword))
	can := func(method string) bool {
		return len(want.ConnectingBy) == 0 || slices.Contains(want.ConnectingBy, method)
	}
	switch sshconf.CurrentName(sshconf.Server, keyword) {
	case "PermitRootLogin":
		keyless := (value == "prohibit-password" || value == "without-password") && !can("publickey")
		if want.ConnectingUser == "root" && (value == "no" || value == "forced-commands-only" || keyless) {
			return "root may not log in this way"
		}
	case "PasswordAuthentication", "KbdInteractiveAuthentication":
		if winningValue(r, "PasswordAuthentication") == "no" && winningValue(r, "KbdInteractiveAuthentication") == "no" && !can("publickey") {
			return "it has a password and no key"
		}
	case "PubkeyAuthentication":
		if value == "no" && !can("password") {
			return "it has a key and no password"
		}
	case "AuthenticationMethods":
		if value != "" && value != "any" && !slices.ContainsFunc(strings.Fields(value), func(list string) bool { return allOf(list, can) }) {
			return "it cannot authenticate by any of these"
		}
	case "AllowUsers":
		if names := argsOf(r, keyword); len(names) > 0 && !names.match(want.ConnectingUser) {
			return "it is not named"
		}
	case "DenyUsers":
		if argsOf(r, keyword).match(want.ConnectingUser) {
			return "it is named"
		}
	}
	return ""
}

// allOf reports whether the user can authenticate by every method of a list such as
// publickey,password.
func allOf(list string, can func(string) bool) bool {
	for method := range strings.SplitSeq(list, ",") {
		if method, _, _ = strings.Cut(method, ":"); !can(method) {
			return false
		}
	}
	return true
}

func winningValue(r sshconf.Result, keyword string) string {
	w, _ := r.Winner(keyword)
	return strings.Join(w.Args, " ")
}

// userPatterns are the arguments of AllowUsers or DenyUsers.
type userPatterns []string

func argsOf(r sshconf.Result, keyword string) userPatterns {
	var names userPatterns
	for _, w := range r.Winners(keyword) {
		names = append(names, w.Args...)
	}
	return names
}

// match compares the user only: the host that the user comes from is not known.
func (names userPatterns) match(user string) bool {
	return slices.ContainsFunc(names, func(p string) bool {
		p, _, _ = strings.Cut(p, "@")
		return criteria.Accepts("User "+p, sshconf.Context{User: user}, sshconf.Newest())
	})
}

// profileRisks says once, while the profile's values are not effective yet, which users
// they can shut out.
func profileRisks(profile string, want Want, have Facts) []keepalive.Problem {
	b, _ := baseline.Named(profile)
	var who []string
	for _, s := range want.Settings {
		i := slices.IndexFunc(b.Recommendations, func(r baseline.Recommendation) bool { return ofProfile(s) && sameKeyword(r.Keyword, s.Keyword) })
		if i < 0 || b.Recommendations[i].Risk == "" || alreadyEffective(s, have) {
			continue
		}
		value := s.Values[0]
		if kw, _ := sshconf.Lookup(sshconf.Server, s.Keyword); kw.Type == sshconf.Algorithms {
			value = ""
		}
		who = append(who, strings.TrimSpace(s.Keyword+" "+value)+": "+b.Recommendations[i].Risk)
	}
	if len(who) == 0 {
		return nil
	}
	return []keepalive.Problem{{Code: ShutsOut, Warning: true, Attribute: "profile",
		Text: fmt.Sprintf("the profile %s can lock users out: %s", b.Name, strings.Join(who, "; "))}}
}

func alreadyEffective(s keepalive.Setting, have Facts) bool {
	values, _ := effective(have, sshconf.Context{}, s.Keyword)
	wanted, known := canonical(have, sshfile.Global, s.Keyword)
	return known && sshconf.Same(sshconf.Server, s.Keyword, values, wanted, have.Version)
}
