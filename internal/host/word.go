package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckToken refuses the value of a percent token that a local shell could read as
// more than one word, or as a word with a meaning of its own. Every value that is
// put into a command line on this machine passes here: nothing is quoted there,
// because the command line belongs to the user, who may have put quotes around
// a token.
func CheckToken(token byte, value string) error {
	if err := checkShellWord(value); err != nil {
		return fmt.Errorf("%%%c stands for %q, which cannot be put into a command line: it %w", token, value, err)
	}
	return nil
}

func checkShellWord(text string) error {
	if text == "" {
		return errors.New("is empty")
	}
	if text[0] == '-' || text[0] == '~' {
		return fmt.Errorf("begins with %q", text[0])
	}
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-:%@+,/", r) {
			return fmt.Errorf("contains %q", r)
		}
	}
	return nil
}

// CheckDestination refuses what ssh refuses as its destination, and a little more.
// user is "" if it is left to a file. ssh checks both before it reads its files
// (the user since 10.3), because a Match exec there may have a shell read them.
func CheckDestination(name, user string) error {
	if err := checkHost(name); err != nil {
		return err
	}
	return checkUser(user)
}

// CheckEndpoint refuses everything but host:port with an IP address or a host name
// of letters, digits, dots, dashes and underscores. Addresses that a host
// reports pass here before they are dialled: they reach proxies, jump hosts and
// command lines.
func CheckEndpoint(address string) error {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not host:port", address)
	}
	if _, err := ParsePort(port); err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(name); err == nil {
		return checkZone(ip)
	}
	return checkHostName(name)
}

func checkZone(ip netip.Addr) error {
	if !consistsOf(ip.Zone(), nameCharacters) {
		return fmt.Errorf("the zone of %q is not the name of an interface", ip)
	}
	return nil
}

// consistsOf reports whether text has no other characters than those of set.
func consistsOf(text, set string) bool { return strings.Trim(text, set) == "" }

const nameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

// checkHostName accepts the names that DNS carries, and underscores, which some
// zones have. 253 bytes and 63 per label are DNS's limits.
func checkHostName(name string) error {
	if name == "" || len(name) > 253 || !consistsOf(name, nameCharacters) {
		return fmt.Errorf("%.80q is neither an IP address nor a host name", name)
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(name, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' {
			return fmt.Errorf("%.80q is neither an IP address nor a host name", name)
		}
	}
	return nil
}

// checkUser refuses what ssh refuses as a user name that is typed or computed
// (ssh_valid_ruser in readconf.c): since 9.6 most characters that a shell reads,
// a dash at the beginning or after a blank, and a backslash at the end; since
// 10.1 control characters. It lets $ and other backslashes pass, as ssh does:
// accounts of Windows domains have them. A user name that is written out in an
// ssh_config file is not checked, by ssh and here.
func checkUser(user string) error {
	if at := strings.IndexAny(user, "'`\";&<>|(){}"); at >= 0 {
		return fmt.Errorf("user %q is not a user name: it contains %q, which ssh refuses too", user, user[at])
	}
	if strings.Contains(user, " -") {
		return fmt.Errorf("user %q is not a user name: a dash follows a blank, which ssh refuses too", user)
	}
	if strings.HasSuffix(user, `\`) {
		return fmt.Errorf("user %q is not a user name: it ends in a backslash, which ssh refuses too", user)
	}
	return checkLogin(user)
}

// checkLogin refuses what cannot be a user name, wherever it comes from.
func checkLogin(user string) error {
	if strings.HasPrefix(user, "-") {
		return fmt.Errorf("user %q is not a user name: it begins with a dash", user)
	}
	for _, r := range user {
		if r == utf8.RuneError || !shown(r) {
			return fmt.Errorf("user %q is not a user name: it contains %q", user, r)
		}
	}
	return nil
}
