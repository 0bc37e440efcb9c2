package sshconf

import (
	"net/netip"
	"strconv"
	"strings"
)

// matchPattern is match_pattern (match.c), where * and ? are the wildcards.
func matchPattern(s, pattern string) bool {
	i, p, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			i++
			p++
		case star >= 0:
			mark++
			i, p = mark, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchPatternList is match_pattern_list: 1 for a match, 0 for none, -1 if a
// pattern with an exclamation mark matches.
func matchPatternList(s, list string, fold bool) int {
	if fold {
		list = strings.ToLower(list)
	}
	found := 0
	for list != "" {
		var p string
		p, list, _ = strings.Cut(list, ",")
		p, negated := strings.CutPrefix(p, "!")
		if len(p) >= 1023 {
			return 0
		}
		switch {
		case !matchPattern(s, p):
		case negated:
			return -1
		default:
			found = 1
		}
	}
	return found
}

// badAddresses is what addrMatchList returns for a list that sshd refuses.
const badAddresses = -2

// addrMatchList is addr_match_list (addrmatch.c): networks and wildcards, with
// negation. An empty addr only checks the list.
func addrMatchList(addr, list string) int {
	ip, ok := parseAddr(addr)
	if addr != "" && !ok {
		return 0
	}
	result := 0
	for p := range strings.SplitSeq(list, ",") {
		p, negated := strings.CutPrefix(p, "!")
		network, bits, kind := parseNetwork(p)
		hit := false
		switch {
		case p == "" || kind == inconsistent:
			return badAddresses
		case kind == wildcard:
			hit = addr != "" && matchPattern(addr, p)
		case ok && network.BitLen() == ip.BitLen():
			masked, err := ip.Prefix(bits)
			hit = err == nil && masked.Addr() == network
		}
		if hit && negated {
			return -1
		}
		if hit {
			result = 1
		}
	}
	return result
}

type networkKind int

const (
	wildcard networkKind = iota
	network
	inconsistent // host bits set, or a mask too long: fatal since 8.4
)

// parseNetwork is addr_pton_cidr (addr.c).
func parseNetwork(s string) (netip.Addr, int, networkKind) {
	if len(s) >= 64 {
		return netip.Addr{}, 0, wildcard
	}
	host, mask, masked := strings.Cut(s, "/")
	bits, err := strconv.ParseUint(mask, 10, 16)
	if masked && (err != nil || bits > 128) {
		return netip.Addr{}, 0, wildcard
	}
	ip, ok := parseAddr(host)
	switch {
	case !ok:
		return netip.Addr{}, 0, wildcard
	case !masked:
		return ip, ip.BitLen(), network
	case int(bits) > ip.BitLen():
		return ip, 0, inconsistent
	}
	prefix, err := ip.Prefix(int(bits))
	if err != nil || prefix.Addr() != ip {
		return ip, 0, inconsistent
	}
	return ip, int(bits), network
}

// parseAddr is getaddrinfo with AI_NUMERICHOST, which also takes the old short
// forms of IPv4 addresses: 10.1 is 10.0.0.1.
func parseAddr(s string) (netip.Addr, bool) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip, true
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 || strings.ContainsAny(s, "_+-") {
		return netip.Addr{}, false
	}
	var sum uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 32)
		last := i == len(parts)-1
		if err != nil || !last && n > 255 || last && n >= 1<<(8*(4-i)) {
			return netip.Addr{}, false
		}
		if last {
			sum |= n
		} else {
			sum |= n << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}), true
}
