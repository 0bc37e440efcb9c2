package host

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ParseProxyURL checks proxy_url. The error never repeats the URL, which may hold a
// password.
func ParseProxyURL(text Secret) (*url.URL, error) {
	u, err := url.Parse(text.Reveal())
	if err != nil {
		return nil, errors.New("not a URL: in user and password, / is written %2F, @ is %40, : is %3A, % is %25")
	}
	switch u.Scheme {
	case "http":
		return u, proxyHost(u, "3128")
	case "socks5", "socks5h":
		return u, proxyHost(u, "1080")
	}
	return nil, fmt.Errorf(`the scheme %q is unknown: it is "http" or "socks5"`, u.Scheme)
}

func proxyHost(u *url.URL, port string) error {
	if u.Hostname() == "" {
		return errors.New("it names no host: in user and password, / is written %2F, @ is %40, : is %3A")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return nil
}

// ProxyCommandLine is proxy_command on its way to address.
func ProxyCommandLine(s Spec, address string) (string, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	return expandTokens(s.ProxyCommand, map[byte]string{'h': name, 'p': port, 'r': s.User, 'n': s.Host})
}

// expandTokens replaces %h, %p and so on, as in ssh_config(5), TOKENS. It puts in
// nothing that a shell would not take for one plain word.
func expandTokens(text string, tokens map[byte]string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch {
		case i == len(text):
			return "", errors.New("a % ends the text")
		case text[i] == '%':
			b.WriteByte('%')
		default:
			value, ok := tokens[text[i]]
			if !ok {
				return "", fmt.Errorf("token %%%c is unknown: there are %%h, %%n, %%p, %%r, and %%%% for a percent sign", text[i])
			}
			if err := CheckToken(text[i], value); err != nil {
				return "", err
			}
			b.WriteString(value)
		}
	}
	return b.String(), nil
}
