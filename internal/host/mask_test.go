package host

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// spellings are ways in which a machine may repeat a secret, made here without the
// code that masks them.
var spellings = map[string]func(string) string{
	"as it is":           func(s string) string { return s },
	"among other text":   func(s string) string { return "<" + s + ">" },
	"base64":             func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 of HTTP":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("admin:" + s)) },
	"base64, other user": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x:" + s + "\n")) },
	"base64 of SASL":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("\x00ad\x00" + s)) },
	"base64 for URLs":    func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("ab" + s)) },
	"a query":            url.QueryEscape,
	"a path":             url.PathEscape,
	"small digits":       func(s string) string { return strings.ToLower(url.QueryEscape(s)) },
	"hexadecimal":        func(s string) string { return hex.EncodeToString([]byte(s)) },
	"large hexadecimal":  func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"quoted":             strconv.Quote,
	"quoted ASCII":       strconv.QuoteToASCII,
	"JSON": func(s string) string {
		text, _ := json.Marshal(s)
		return string(text)
	},
	"shell":          func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" },
	"for a terminal": Printable,
	"other line end": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"one line":       func(s string) string { return strings.ReplaceAll(s, "\n", " ") },
	"trimmed":        strings.TrimSpace,
}

var someSecrets = map[string]string{
	"plain":     "hunter2-horse",
	"quoted":    `p'a"s\s&<w>ö$rd`,
	"percent":   "50%off/and+more=?",
	"lines":     "first line of it\nsecond line of it\n",
	"from file": "from-a-file\n",
	"ESC":       "with\x1b[1mESC",
	"long":      strings.Repeat("abcdefghijklmnop", 20) + "Z",
}

// TestSpellingsOfSecretsAreMasked: what was a secret decodes to nothing any more.
func TestSpellingsOfSecretsAreMasked(t *testing.T) {
	for kind, secret := range someSecrets {
		admin, text := "admin", Secret(secret)
		m := MaskerOf(Settings{User: &admin, Password: &text})
		for name, spell := range spellings {
			if strings.Contains(name, "digits") && strings.ToLower(secret) != secret {
				continue
			}
			spelled := spell(secret)
			masked := m.Mask("before " + spelled + " after")
			if !strings.Contains(masked, redacted) || len(masked) > len("before  after")+24 && kind != "lines" {
				t.Errorf("%s, %s: %q stays as %q", kind, name, spelled, masked)
			}
			if kept := m.Mask("before " + strings.Repeat("x", 30) + " after"); strings.Contains(kept, redacted) {
				t.Errorf("%s: %q is masked", kind, kept)
			}
		}
	}
}

var onlyStars = regexp.MustCompile(`^<\*\*\*=*>$`)

// TestEverySecretOfTheSettings is masked, those of jump hosts and URLs too, and one
// that a later field holds.
func TestEverySecretOfTheSettings(t *testing.T) {
	all := map[string]string{}
	secret := func(name string) *Secret {
		s := Secret("secret-" + name)
		all[name] = string(s)
		return &s
	}
	proxy := Secret("http://joe:s%2Fecret-proxy@proxy:3128")
	all["proxy"], all["in the URL"] = "s/ecret-proxy", "s%2Fecret-proxy"
	far := "hop"
	hop := Settings{Host: &far, Password: secret("hop"), PrivateKey: secret("hop key")}
	s := Settings{
		Password: secret("password"), PrivateKey: secret("key"), PrivateKeyPassphrase: secret("passphrase"), SudoPassword: secret("sudo"),
		ProxyURL: &proxy, Jump: []Settings{hop},
	}
	all["Basic"] = base64.StdEncoding.EncodeToString([]byte("joe:s/ecret-proxy"))
	name, user := "web1", "admin"
	s.Host, s.User = &name, &user
	spec, err := Resolve("web1", s)
	if err != nil {
		t.Fatal(err)
	}
	for from, m := range map[string]*Masker{"settings": MaskerOf(s), "spec": spec.masker()} {
		for what, text := range all {
			if have := m.Mask("<" + text + ">"); !onlyStars.MatchString(have) {
				t.Errorf("%s: the secret of %s comes out as %q", from, what, have)
			}
		}
		if have := m.Mask("web1 admin joe proxy:3128"); have != "web1 admin joe proxy:3128" {
			t.Errorf("%s: %q", from, have)
		}
	}
	if m := MaskerOf(Settings{User: &user}); m != nil || m.Mask("admin") != "admin" {
		t.Error("something is masked without secrets")
	}
	short := Secret("ab")
	m := MaskerOf(Settings{User: &user, Password: &short})
	if have := m.Mask("able " + base64.StdEncoding.EncodeToString([]byte("admin:ab"))); have != "able ***=" {
		t.Errorf("short: %q", have)
	}
}

// TestEchoedSecrets: whatever a machine was given, and wherever it repeats it.
func TestEchoedSecrets(t *testing.T) {
	const secret = `hunter2-"horse"`
	for name, spell := range spellings {
		text := spell(secret)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			password := Secret(secret)
			refused := &ssh.BannerError{Err: errors.New("no"), Message: strings.Repeat("-", bannerLimit-len(text)/2) + " " + text + "\n"}
			for where, change := range map[string]func(*ssh.ServerConfig){
				"banner": func(c *ssh.ServerConfig) {
					c.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, refused }
				},
				"question": func(c *ssh.ServerConfig) {
					c.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
						_, err := ask("", "", []string{"Password: "}, []bool{false})
						if err == nil {
							_, err = ask("", "You said "+text, []string{"Code: "}, []bool{false})
						}
						return nil, err
					}
				},
			} {
				s := serve(t, nil, func(s *server) {
					s.config.PublicKeyCallback = nil
					change(s.config)
				})
				spec := s.spec("", func(l *Settings) { l.PrivateKey, l.Password = nil, &password })
				e, _ := refusal(t, once(t), spec)
				tellsNoSecret(t, where, e.Error(), secret, text)
				if where == "question" && !strings.Contains(e.Error(), "Code:") {
					t.Errorf("the question is not told: %v", e)
				}
			}
		})
	}
}

func tellsNoSecret(t *testing.T, where, message string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, form := range []string{text, strconv.Quote(text), text[:len(text)/2]} {
			if strings.Contains(message, form) {
				t.Errorf("%s: %q is in %s", where, form, message)
			}
		}
	}
}

// TestProxyThatRepeatsItsToken: in the status line, and in what a proxy_command says.
func TestProxyThatRepeatsItsToken(t *testing.T) {
	for _, password := range []string{"hunter2-horse", "p"} {
		port, _ := scripted(t, func(c net.Conn) {
			token := ""
			r := bufio.NewReader(c)
			for {
				line, err := r.ReadString('\n')
				if err != nil || strings.TrimSpace(line) == "" {
					break
				}
				if value, ok := strings.CutPrefix(line, "Proxy-Authorization: Basic "); ok {
					token = strings.TrimSpace(value)
				}
			}
			_, _ = fmt.Fprintf(c, "HTTP/1.1 407 not with %s\r\n\r\n", token)
		})
		proxy := Secret("http://joe:" + password + "@" + net.JoinHostPort("127.0.0.1", itoa(port)))
		spec := specTo(t, 22, func(l *Settings) { l.ProxyURL = &proxy })
		e, _ := refusal(t, once(t), spec)
		token := base64.StdEncoding.EncodeToString([]byte("joe:" + password))
		if strings.Contains(e.Error(), strings.TrimRight(token, "=")) || !strings.Contains(e.Error(), "407 not with ***") {
			t.Error(e)
		}
	}
}

// TestProxyThatNeverEndsItsAnswer is given up after some kilobytes.
func TestProxyThatNeverEndsItsAnswer(t *testing.T) {
	for name, text := range map[string]string{"status": "x", "headers": "X: y\r\n"} {
		port, _ := scripted(t, func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 "+map[string]string{"status": "", "headers": "ok\r\n"}[name])
			chunk := strings.Repeat(text, 10000)
			for {
				if _, err := io.WriteString(c, chunk); err != nil {
					return
				}
			}
		})
		proxy := Secret("http://127.0.0.1:" + itoa(port))
		e, _ := refusal(t, once(t), specTo(t, 22, func(l *Settings) { l.ProxyURL = &proxy }))
		if e.Kind != ProxyDenied || !strings.Contains(e.Error(), "longer than 64 KiB") {
			t.Errorf("%s: %v: %v", name, e.Kind, e)
		}
	}
}

// FuzzMask: no encoding of a secret comes through, whatever stands around it.
func FuzzMask(f *testing.F) {
	for _, secret := range someSecrets {
		f.Add(secret, "before ", " after")
	}
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(strings.TrimSpace(secret)) < 6 || len(secret) > longestEncoded {
			return
		}
		text := Secret(secret)
		m := MaskerOf(Settings{Password: &text})
		trimmed := strings.TrimSpace(secret)
		for _, form := range []string{trimmed, hex.EncodeToString([]byte(trimmed)), url.QueryEscape(trimmed)} {
			if have := m.Mask(before + form + after); strings.Contains(have, form) && !strings.Contains(before+redacted+after, form) {
				t.Fatalf("%q stays in %q", form, have)
			}
		}
		encoded := base64.StdEncoding.EncodeToString([]byte(before + trimmed + after))
		if have := m.Mask(encoded); !strings.Contains(have, redacted) {
			t.Fatalf("%q in base64 stays in %q", secret, have)
		}
	})
}
