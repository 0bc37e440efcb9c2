package login

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
)

// played is a connection whose peer sends text and is gone.
type played struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func play(text []byte) *played { return &played{in: bytes.NewReader(text)} }

func (p *played) Read(b []byte) (int, error) { return p.in.Read(b) }

func (p *played) Write(b []byte) (int, error) { return p.out.Write(b) }

func (*played) Close() error { return nil }

// FuzzProxyAnswer: whatever a proxy answers, what it is sent stays one request, and
// the password is in no error.
func FuzzProxyAnswer(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 ok\r\n\r\nSSH-2.0-x\r\n", "HTTP/1.1 407 Basic am9lOmh1bnRlcjItaG9yc2U=\r\n\r\n", "HTTP/1.1 100 go on\r\n\r\n",
		"\x05\x02\x01\x00\x05\x00\x00\x03\xff", "\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x16", "\x05\xff", "\x04\x00",
	} {
		f.Add([]byte(text))
	}
	secret := host.Secret("http://joe:hunter2-horse@proxy:1")
	u, err := url.Parse(secret.Reveal())
	if err != nil {
		f.Fatal(err)
	}
	mask := host.MaskerOf(host.Settings{ProxyURL: &secret})
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, greet := range map[string]func(net.Conn, *url.URL, string) (net.Conn, error){"http": connectHTTP, "socks": connectSOCKS} {
			c := play(text)
			_, err := greet(c, u, "web1:22")
			if err == nil {
				continue
			}
			e := &host.Error{Host: "web1", Err: err, Masker: mask}
			if told := e.Error(); len(told) > 5000 || host.Printable(told) != told || strings.Contains(told, "hunter2-horse") {
				t.Fatalf("%s: %q", name, told)
			}
			if n := strings.Count(c.out.String(), "CONNECT"); n > 1 {
				t.Fatalf("%s: %d requests", name, n)
			}
		}
	})
}

// FuzzIdentification: what comes before and in the identification is kept within its
// limit, however it is cut into pieces.
func FuzzIdentification(f *testing.F) {
	for _, text := range []string{"SSH-2.0-OpenSSH_9.2p1\r\n", "Exceeded MaxStartups\r\n", "hello\r\nSSH-2.0-x\r\n", "SSH-", "\xff\x1b[2J\nSSH-1.5-\n"} {
		f.Add([]byte(text), uint8(3))
	}
	f.Fuzz(func(t *testing.T, text []byte, piece uint8) {
		w := conn.NewStream(play(text))
		buf := make([]byte, int(piece)+1)
		for {
			if _, err := w.Read(buf); err != nil {
				break
			}
		}
		ident, before := w.Ident()
		if len(ident)+len(before) > 4<<10 {
			t.Fatalf("%d bytes are kept", len(ident)+len(before))
		}
		if ident != "" && !strings.HasPrefix(ident, "SSH-") || strings.ContainsAny(ident, "\n") {
			t.Fatalf("the identification is %q", ident)
		}
		_, _ = isThrottleBanner(before), beginsIdent(before)
	})
}

// FuzzQuestion: the password goes to one hidden question, once.
func FuzzQuestion(f *testing.F) {
	f.Add("", "Password: ", "Code: ", false, false)
	f.Add("Welcome", "", "", true, false)
	f.Fuzz(func(t *testing.T, instruction, first, second string, echo, two bool) {
		c := &credentials{password: "hunter2-horse"}
		c.start(&attempt{method: host.MethodInteractive})
		questions, echos := []string{first}, []bool{echo}
		if two {
			questions, echos = append(questions, second), append(echos, false)
		}
		given := 0
		for range 3 {
			answers, err := c.answer("", instruction, questions, echos)
			if err == nil {
				given += len(answers)
			}
			questions = []string{second}
			echos = []bool{false}
		}
		if given > 1 {
			t.Fatalf("the password was given %d times", given)
		}
	})
}
