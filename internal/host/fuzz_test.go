package host

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
)

// played is a connection whose peer sends text and is gone.
type played struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func play(text []byte) *played { return &played{in: bytes.NewReader(text)} }

func (p *played) Read(b []byte) (int, error)  { return p.in.Read(b) }
func (p *played) Write(b []byte) (int, error) { return p.out.Write(b) }
func (*played) Close() error                  { return nil }

// FuzzProxyAnswer: whatever a proxy answers, what it is sent stays one request, and
// the password is in no error.
func FuzzProxyAnswer(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 ok\r\n\r\nSSH-2.0-x\r\n", "HTTP/1.1 407 Basic am9lOmh1bnRlcjItaG9yc2U=\r\n\r\n", "HTTP/1.1 100 go on\r\n\r\n",
		"\x05\x02\x01\x00\x05\x00\x00\x03\xff", "\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x16", "\x05\xff", "\x04\x00",
	} {
		f.Add([]byte(text))
	}
	secret := Secret("http://joe:hunter2-horse@proxy:1")
	u, err := url.Parse(secret.Reveal())
	if err != nil {
		f.Fatal(err)
	}
	mask := MaskerOf(Settings{ProxyURL: &secret})
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, greet := range map[string]func(net.Conn, *url.URL, string) (net.Conn, error){"http": connectHTTP, "socks": connectSOCKS} {
			c := play(text)
			_, err := greet(c, u, "web1:22")
			if err == nil {
				continue
			}
			e := &Error{Host: "web1", Err: err, masker: mask}
			if told := e.Error(); len(told) > 5000 || Printable(told) != told || strings.Contains(told, "hunter2-horse") {
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
		w := newWire(play(text))
		buf := make([]byte, int(piece)+1)
		for {
			if _, err := w.Read(buf); err != nil {
				break
			}
		}
		ident, before := w.said()
		if len(ident)+len(before) > headLimit {
			t.Fatalf("%d bytes are kept", len(ident)+len(before))
		}
		if ident != "" && !strings.HasPrefix(ident, "SSH-") || strings.ContainsAny(ident, "\n") {
			t.Fatalf("the identification is %q", ident)
		}
		_, _ = turnedAway(before), beginsIdent(before)
	})
}

// FuzzJudge: a machine knows the marks of its script and prints what it likes.
func FuzzJudge(f *testing.F) {
	f.Add("begin\nhello\n\n0 end\n", "begin\nend\n", 0)
	f.Add("login\nready\n", "prompt", 1)
	f.Add("noroot\n", "sudo: a password is required", 77)
	f.Add("begin\n99999999999999999999 end\n", "begin\n", -1)
	f.Fuzz(func(t *testing.T, out, errs string, exit int) {
		d := newDrive(prepare(Script{Text: "x", Root: true}, account{sudo: true, line: lineLimit}))
		m := d.program.marks
		words := strings.NewReplacer("begin", m.begin, "end", m.end, "login", m.login, "prompt", m.prompt, "ready", m.ready, "noroot", m.noRoot)
		_, _ = d.out.Write([]byte(words.Replace(out)))
		_, _ = d.errs.Write([]byte(words.Replace(errs)))
		for _, cause := range []error{nil, errors.New("x")} {
			result, failure := d.judge(ending{exit: exit}, cause)
			if failure != nil {
				failure.Host = "web1"
				if told := failure.Error(); len(told) > 12_000 || Printable(told) != told {
					t.Fatalf("%d bytes: %.300q", len(told), told)
				}
			} else if len(result.Stdout) > len(words.Replace(out)) {
				t.Fatal("there is more than was printed")
			}
		}
	})
}

// FuzzQuestion: the password goes to one hidden question, once.
func FuzzQuestion(f *testing.F) {
	f.Add("", "Password: ", "Code: ", false, false)
	f.Add("Welcome", "", "", true, false)
	f.Fuzz(func(t *testing.T, instruction, first, second string, echo, two bool) {
		c := &credentials{password: "hunter2-horse"}
		c.start(&attempt{method: methodInteractive})
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
