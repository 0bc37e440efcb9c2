package sshconf

import (
	"fmt"
	"net/url"
	"strings"
)

// Jump is one host of a ProxyJump. What it does not say is empty.
type Jump struct {
	User, Host, Port string
}

// ParseJump reads the argument of ProxyJump, in the order in which the hosts are
// gone through. It is empty for none. "none # comment" is a host of the name none,
// as it is for ssh, which compares before it takes the comment off.
func ParseJump(text string) ([]Jump, error) {
	if strings.EqualFold(strings.TrimRight(text, " \t\r\n\f"), "none") {
		return nil, nil
	}
	text, _, _ = strings.Cut(text, "#")
	text = strings.TrimRight(text, " \t\r\n\f")
	if text == "" {
		return nil, nil
	}
	var hops []Jump
	for part := range strings.SplitSeq(text, ",") {
		hop, err := parseHop(part)
		if err != nil {
			return nil, fmt.Errorf("ProxyJump %s: %w", text, err)
		}
		hops = append(hops, hop)
	}
	return hops, nil
}

// parseHop reads [user@]host[:port], as parse_user_host_port (misc.c), or the URI
// ssh://[user@]host[:port].
func parseHop(text string) (Jump, error) {
	if rest, ok := strings.CutPrefix(text, "ssh://"); ok {
		return parseURI(rest)
	}
	var hop Jump
	rest := text
	if at := strings.LastIndexByte(rest, '@'); at == 0 {
		return hop, fmt.Errorf("nothing stands before the @ of %q", text)
	} else if at > 0 {
		hop.User, rest = rest[:at], rest[at+1:]
	}
	if inner, ok := strings.CutPrefix(rest, "["); ok {
		hop.Host, rest, ok = strings.Cut(inner, "]")
		if !ok || rest != "" && rest[0] != ':' {
			return Jump{}, fmt.Errorf("%q is not [host]:port", text)
		}
		hop.Port = strings.TrimPrefix(rest, ":")
	} else if end := strings.IndexAny(rest, ":/"); end >= 0 {
		hop.Host, hop.Port = rest[:end], rest[end+1:]
	} else {
		hop.Host = rest
	}
	if hop.Host == "" {
		return Jump{}, fmt.Errorf("%q names no host", text)
	}
	return hop, nil
}

func parseURI(rest string) (Jump, error) {
	rest = strings.TrimSuffix(rest, "/")
	at := strings.LastIndexByte(rest, '@')
	hop, err := parseHop(rest[at+1:])
	if err != nil || at < 0 {
		return hop, err
	}
	user, _, _ := strings.Cut(rest[:at], ";")
	if hop.User, err = url.PathUnescape(user); err != nil || hop.User == "" {
		return Jump{}, fmt.Errorf("%q is not a valid user", user)
	}
	return hop, nil
}
