package sshconf

import (
	"slices"
	"strings"
)

// markWinners marks which of the lines of one keyword win: of those that are active
// for the connection first, and for what these leave open, of those that are
// active at the start.
func markWinners(kw Keyword, v Version, list []Setting) {
	merge := kw.Merge(v)
	seen := map[string]bool{}
	for _, active := range []func(Setting) bool{
		func(s Setting) bool { return s.forConnection },
		func(s Setting) bool { return s.atStart },
	} {
		for _, i := range order(kw, merge, list, active) {
			for _, key := range parts(kw, merge, list[i]) {
				list[i].Wins = list[i].Wins || !seen[key]
				seen[key] = merge != Append || seen[key]
			}
		}
		if merge == Append && slices.ContainsFunc(list, active) {
			return
		}
	}
}

// order lists the active lines, those that win over others first.
func order(kw Keyword, merge Merge, list []Setting, active func(Setting) bool) []int {
	var indexes []int
	for i, s := range list {
		if active(s) {
			indexes = append(indexes, i)
		}
	}
	if merge == Last {
		slices.Reverse(indexes)
	}
	if kw.Name == "UnusedConnectionTimeout" {
		// none is written over any value, unlike a time.
		slices.SortStableFunc(indexes, func(a, b int) int { return rank(list[a]) - rank(list[b]) })
	}
	return indexes
}

func rank(s Setting) int {
	if len(s.Args) > 0 && strings.EqualFold(s.Args[0], "none") {
		return 0
	}
	return 1
}

// parts names what a line sets, where a value has parts that are decided one by
// one: RekeyLimit has its bytes from one line and its time from another if the
// first has none.
func parts(kw Keyword, merge Merge, s Setting) []string {
	if len(s.Args) == 0 && s.Rest == "" {
		return nil // an empty list, which up to 8.6 was none at all
	}
	switch kw.Name {
	case "ServerAliveInterval", "ConnectTimeout", "ForwardX11Timeout", "ProtocolKeepAlives", "SetupTimeOut":
		if len(s.Args) > 0 && s.Args[0] == "none" {
			return nil // ssh keeps it for "not set"
		}
	case "RekeyLimit":
		if len(s.Args) > 1 && s.Args[1] != "none" {
			return []string{"bytes", "time"}
		}
		return []string{"bytes"}
	case "MaxStartups":
		// Since the first line wins, from 10.1 on, it wins whole.
		if merge == Last && len(s.Args) > 0 && strings.Contains(s.Args[0], ":") {
			return []string{"start", "rate"}
		}
		return []string{"start"}
	case "Subsystem":
		return s.Args[:min(1, len(s.Args))]
	case "PerSourcePenalties":
		keys := make([]string, len(s.Args))
		for i, arg := range s.Args {
			if key, _, pair := strings.Cut(arg, ":"); pair {
				keys[i] = key
			}
		}
		return keys
	}
	return []string{""}
}
