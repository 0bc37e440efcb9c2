package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// viaCommand runs proxy_command and speaks SSH with its standard input and output.
func viaCommand(s Spec) route {
	return func(_ context.Context, _ string) (net.Conn, error) {
		line, err := expandTokens(s.ProxyCommand, map[byte]string{'h': s.Host, 'p': strconv.Itoa(s.Port), 'r': s.User, 'n': s.Host})
		if err != nil {
			return nil, fmt.Errorf("proxy_command: %w", err)
		}
		return startPipe(line)
	}
}

// expandTokens replaces %h, %p and so on, as in ssh_config(5), TOKENS.
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
				return "", fmt.Errorf("token %%%c is unknown", text[i])
			}
			b.WriteString(value)
		}
	}
	return b.String(), nil
}

// pipeConn is a command as a connection.
type pipeConn struct {
	io.Reader
	io.WriteCloser
	cmd   *exec.Cmd
	errs  capture
	close sync.Once
}

func startPipe(line string) (*pipeConn, error) {
	p := &pipeConn{cmd: exec.Command("sh", "-c", line), errs: capture{limit: 2 << 10, tail: true}}
	apart(p.cmd)
	p.cmd.Stderr = &p.errs
	p.cmd.WaitDelay = time.Second
	var err error
	if p.Reader, err = p.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if p.WriteCloser, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return p, p.cmd.Start()
}

// Read adds what the command complained about to the end of the stream.
func (p *pipeConn) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if err != nil {
		if said, _ := p.errs.text(); strings.TrimSpace(said) != "" {
			err = fmt.Errorf("%w; proxy_command said: %s", err, strings.TrimSpace(said))
		}
	}
	return n, err
}

// Close ends the command and everything that it started.
func (p *pipeConn) Close() error {
	p.close.Do(func() {
		_ = p.WriteCloser.Close()
		end(p.cmd.Process)
		go func() { _ = p.cmd.Wait() }() // how it ended says nothing
	})
	return nil
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "proxy_command" }

func (*pipeConn) LocalAddr() net.Addr  { return pipeAddr{} }
func (*pipeConn) RemoteAddr() net.Addr { return pipeAddr{} }

// Pipes have no deadlines; nobody here sets one, see handshake.negotiate.
func (*pipeConn) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (*pipeConn) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (*pipeConn) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
