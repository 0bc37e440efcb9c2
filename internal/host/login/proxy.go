package login

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// NewRoute is how s is reached from here when no jump host stands in between.
func NewRoute(s host.Spec) Route {
	switch {
	case s.ProxyCommand != "":
		return viaCommand(s)
	case s.ProxyURL != "":
		return viaProxy(s)
	}
	return Direct(s)
}

func viaProxy(s host.Spec) Route {
	return func(ctx context.Context, address string) (net.Conn, error) {
		u, err := host.ParseProxyURL(s.ProxyURL)
		if err != nil {
			return nil, err
		}
		c, err := Direct(s)(ctx, u.Host)
		if err != nil {
			return nil, &host.ProxyError{Via: "reach the proxy " + u.Host, Err: err}
		}
		stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
		defer stop()
		greet := connectHTTP
		if u.Scheme != "http" {
			greet = connectSOCKS
		}
		tunnel, err := greet(c, u, address)
		if err != nil {
			_ = c.Close() // of no use, and why is in err
			return nil, &host.ProxyError{Via: "proxy " + u.Host, Err: err}
		}
		return tunnel, nil
	}
}

// buffered is a connection with some bytes read ahead.
type buffered struct {
	net.Conn
	ahead *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.ahead.Read(p) }

// answerLimit is how long the head of a proxy's answer may be; Go's own client takes
// up to 1 MiB of a server.
const answerLimit = 64 << 10

func connectHTTP(c net.Conn, u *url.URL, address string) (net.Conn, error) {
	request := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if u.User != nil {
		password, _ := u.User.Password()
		token := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		request += "Proxy-Authorization: Basic " + token + "\r\n"
	}
	if _, err := io.WriteString(c, request+"\r\n"); err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: c, N: answerLimit}
	ahead := bufio.NewReader(limited)
	answer, err := http.ReadResponse(ahead, &http.Request{Method: http.MethodConnect})
	switch {
	case err != nil && limited.N == 0:
		return nil, permanent("its answer to CONNECT is longer than %d KiB", answerLimit>>10)
	case err != nil:
		return nil, err
	}
	switch answer.StatusCode {
	case http.StatusOK:
		limited.N = math.MaxInt64
		return &buffered{c, ahead}, nil
	case http.StatusProxyAuthRequired, http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed:
		return nil, permanent("CONNECT %s: %s", address, answer.Status)
	}
	return nil, fmt.Errorf("CONNECT %s: %s", address, answer.Status)
}

// connectSOCKS speaks SOCKS 5 (RFC 1928) with or without a password (RFC 1929).
// Names are resolved by the proxy, which may know hosts that we do not.
// Who has a password also offers to go without, as curl does: a proxy that asks
// nobody does not know the other way.
func connectSOCKS(c net.Conn, u *url.URL, address string) (net.Conn, error) {
	offer := []byte{5, 1, socksOpen}
	if u.User != nil {
		offer = []byte{5, 2, socksOpen, socksPassword}
	}
	reply := make([]byte, 2)
	if err := exchange(c, offer, reply); err != nil {
		return nil, err
	}
	switch {
	case reply[0] != 5:
		return nil, permanent("what answers is not a SOCKS5 proxy")
	case reply[1] == socksOpen:
	case reply[1] == socksPassword && u.User != nil:
		if err := socksLogin(c, u.User); err != nil {
			return nil, err
		}
	case u.User == nil:
		return nil, permanent("it wants us to log in, and no user and password are given")
	default:
		return nil, permanent("it accepts neither a password nor a login without one")
	}
	return c, socksConnect(c, address)
}

// Ways to log in to a SOCKS proxy, and its word for a rule that forbids the way.
const (
	socksOpen      = 0
	socksPassword  = 2
	socksForbidden = 2
)

func socksLogin(c net.Conn, user *url.Userinfo) error {
	name := user.Username()
	password, _ := user.Password()
	if len(name) > 255 || len(password) > 255 {
		return errors.New("its user or password is longer than 255 bytes")
	}
	request := append([]byte{1, byte(len(name))}, name...)
	request = append(append(request, byte(len(password))), password...)
	reply := make([]byte, 2)
	if err := exchange(c, request, reply); err != nil {
		return err
	}
	if reply[1] != 0 {
		return permanent("it refused the user and password")
	}
	return nil
}

func socksConnect(c net.Conn, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return err
	}
	request := append([]byte{5, 1, 0}, socksAddress(host)...)
	request = binary.BigEndian.AppendUint16(request, uint16(number))
	reply := make([]byte, 4)
	if err := exchange(c, request, reply); err != nil {
		return err
	}
	switch reply[1] {
	case 0:
	case socksForbidden:
		return permanent("connect to %s: %s", address, socksReason(reply[1]))
	default:
		return fmt.Errorf("connect to %s: %s", address, socksReason(reply[1]))
	}
	return skipBound(c, reply[3])
}

func socksAddress(host string) []byte {
	ip := net.ParseIP(host)
	switch {
	case ip == nil:
		return append([]byte{3, byte(len(host))}, host...)
	case ip.To4() != nil:
		return append([]byte{1}, ip.To4()...)
	}
	return append([]byte{4}, ip...)
}

// skipBound reads the address that the proxy connects from, which is not needed.
func skipBound(c net.Conn, kind byte) error {
	length := map[byte]int{1: net.IPv4len, 4: net.IPv6len}[kind]
	if kind == 3 {
		size := make([]byte, 1)
		if _, err := io.ReadFull(c, size); err != nil {
			return err
		}
		length = int(size[0])
	}
	_, err := io.ReadFull(c, make([]byte, length+2))
	return err
}

func socksReason(code byte) string {
	reasons := []string{"", "general failure", "not allowed", "network unreachable", "host unreachable", "connection refused", "TTL expired", "command not supported", "address type not supported"}
	if int(code) < len(reasons) {
		return reasons[code]
	}
	return "reason " + strconv.Itoa(int(code))
}

func exchange(c net.Conn, request, reply []byte) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	_, err := io.ReadFull(c, reply)
	return err
}
