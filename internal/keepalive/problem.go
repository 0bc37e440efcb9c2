package keepalive

import (
	"slices"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Code says what kind of problem it is; advice for each is the provider's.
type Code string

// Problem is something the user must (error) or should (warning) know.
type Problem struct {
	Code      Code
	Warning   bool
	Attribute string      // as in Setting.Attribute; "" is the whole resource
	Text      string      // what is wrong, lower case, no final period
	Pos       sshconf.Pos // the line it is about; zero if none
}

// HasErrors reports whether one of the problems is not a warning.
func HasErrors(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// UniqueProblems returns the problems in their order, each once.
func UniqueProblems(problems []Problem) []Problem {
	var out []Problem
	for _, p := range problems {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
