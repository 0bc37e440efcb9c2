package pool

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// TestEchoedSecrets: whatever a machine was given, and wherever it repeats it.
func TestEchoedSecrets(t *testing.T) {
	const secret = `hunter2-"horse"`
	all := maps.Clone(sshtest.Spellings)
	all["for a terminal"] = host.Printable
	for name, spell := range all {
		text := spell(secret)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			password := host.Secret(secret)
			refused := &ssh.BannerError{Err: errors.New("no"), Message: strings.Repeat("-", 500-len(text)/2) + " " + text + "\n"}
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
				spec := s.spec("", func(l *host.Settings) { l.PrivateKey, l.Password = nil, &password })
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
		proxy := host.Secret("http://joe:" + password + "@" + net.JoinHostPort("127.0.0.1", sshtest.Itoa(port)))
		spec := specTo(t, 22, func(l *host.Settings) { l.ProxyURL = &proxy })
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
		proxy := host.Secret("http://127.0.0.1:" + sshtest.Itoa(port))
		e, _ := refusal(t, once(t), specTo(t, 22, func(l *host.Settings) { l.ProxyURL = &proxy }))
		if e.Kind != host.ProxyDenied || !strings.Contains(e.Error(), "longer than 64 KiB") {
			t.Errorf("%s: %v: %v", name, e.Kind, e)
		}
	}
}
