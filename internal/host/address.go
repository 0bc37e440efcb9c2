package host

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// FindEntry finds what text names: one of the entries, whose name may carry a user and a
// port, which where then holds, or an address, which is all in where. name is that of the
// entry, "" if there is none.
func FindEntry[E any](entries map[string]E, text string) (where Settings, entry E, name string, err error) {
	if entry, ok := entries[text]; ok {
		return where, entry, text, nil
	}
	if where, err = ParseAddress(text); err != nil {
		return where, entry, "", err
	}
	if entry, ok := entries[*where.Host]; ok {
		name, where.Host = *where.Host, nil
		return where, entry, name, nil
	}
	return where, entry, "", nil
}

// ParseAddress reads "[user@]host[:port]". An IPv6 address needs brackets when a
// port follows and may have them otherwise.
func ParseAddress(text string) (Settings, error) {
	var s Settings
	rest := text
	if strings.Contains(text, "://") {
		return s, fmt.Errorf("address %q: expected [user@]host[:port], not a URL", text)
	}
	// The last @ separates: some directories have user names with an @ in them.
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user := rest[:at]
		if user == "" {
			return s, fmt.Errorf("address %q: nothing stands before the @", text)
		}
		// sshd drops what follows the colon, and state would keep it.
		if name, _, found := strings.Cut(user, ":"); found {
			return s, fmt.Errorf("address %s:…@%s: a password does not belong here: password of the provider takes it", name, rest[at+1:])
		}
		s.User, rest = &user, rest[at+1:]
	}
	name, port, err := splitPort(rest)
	if err != nil {
		return Settings{}, fmt.Errorf("address %q: %w", text, err)
	}
	if err := checkHost(name); err != nil {
		return Settings{}, fmt.Errorf("address %q: %w", text, err)
	}
	s.Host = &name
	s.Names = Names{"host": "host"}
	if s.User != nil {
		s.Names["user"] = "host"
	}
	if port != "" {
		number, err := ParsePort(port)
		if err != nil {
			return Settings{}, fmt.Errorf("address %q: %w", text, err)
		}
		s.Port, s.Names["port"] = &number, "host"
	}
	return s, nil
}

// splitPort separates host and port; port is "" when none was written.
func splitPort(text string) (name, port string, err error) {
	if _, err := netip.ParseAddr(text); err == nil {
		return text, "", nil // an IPv6 address without brackets has colons, but no port
	}
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		return strings.TrimSuffix(inner, "]"), "", nil
	}
	if !strings.Contains(text, ":") {
		return text, "", nil
	}
	name, port, err = net.SplitHostPort(text)
	if err != nil {
		return "", "", fmt.Errorf("expected host, host:port or [ipv6]:port")
	}
	if port == "" {
		return "", "", fmt.Errorf("nothing stands after the colon")
	}
	return name, port, nil
}

func ParsePort(text string) (int, error) {
	port, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("port %q is not a number", text)
	}
	return port, checkPort(port)
}

func checkPort(port int) error {
	if port < 1 || port > 65535 {
		return fmt.Errorf("port %d is not between 1 and 65535", port)
	}
	return nil
}

// checkHost refuses what cannot be a name or an address. A leading dash would be
// an option to a proxy command.
func checkHost(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the host is empty")
	case strings.HasPrefix(name, "-"):
		return fmt.Errorf("the host %q begins with a dash", name)
	case len(name) > 255:
		return fmt.Errorf("the host %.20q… is longer than 255 bytes", name) // and than SOCKS can say
	}
	for _, r := range name {
		if r == ' ' || r == utf8.RuneError || !shown(r) || strings.ContainsRune("@/\\\"'`$;|&<>(){}[]*?!#,=~^", r) {
			return fmt.Errorf("the host %q contains %q", name, r)
		}
	}
	if strings.Contains(name, ":") {
		if _, err := netip.ParseAddr(name); err != nil {
			return fmt.Errorf("the host %q is neither a name nor an IPv6 address", name)
		}
	}
	return nil
}
