package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// viaCommand runs proxy_command and speaks SSH with its standard input and output.
func viaCommand(s Spec) route {
	return func(_ context.Context, address string) (net.Conn, error) {
		line, err := proxyLine(s, address)
		if err != nil {
			return nil, s.wrong("proxy_command", err)
		}
		return startPipe(line, s.as("proxy_command"))
	}
}

// proxyLine is proxy_command on its way to address.
func proxyLine(s Spec, address string) (string, error) {
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

// pipeConn is a command as a connection.
type pipeConn struct {
	as      string   // how messages call it
	in, out *os.File // our ends of its standard input and output
	cmd     *exec.Cmd
	errs    capture
	ended   chan struct{}
	close   sync.Once
}

func startPipe(line, as string) (*pipeConn, error) {
	p := &pipeConn{as: as, cmd: exec.Command(shell, "-c", line), errs: capture{limit: 2 << 10, tail: true}, ended: make(chan struct{})}
	apart(p.cmd)
	p.cmd.Stderr = &p.errs
	p.cmd.WaitDelay = time.Second
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirIn.Close()
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	defer theirOut.Close()
	p.in, p.out, p.cmd.Stdin, p.cmd.Stdout = in, out, theirIn, theirOut
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	go func() {
		_ = p.cmd.Wait() // how it ended says less than what it said
		close(p.ended)
	}()
	return p, nil
}

func (p *pipeConn) Read(b []byte) (int, error) {
	n, err := p.out.Read(b)
	return n, p.explain(err)
}

func (p *pipeConn) Write(b []byte) (int, error) {
	n, err := p.in.Write(b)
	return n, p.explain(err)
}

// commandError is proxy_command that is over.
type commandError struct {
	as     string // how messages call it
	status string
	code   int // -1 for a signal
	said   string
	err    error // what we met when we read or wrote
}

func (e *commandError) Error() string {
	text := e.as + " ended (" + e.status + ")"
	if e.said != "" {
		text += ": " + e.said
	}
	return text
}

func (e *commandError) Unwrap() error { return e.err }

// notFound says that the shell could not run the command, and never will.
func (e *commandError) notFound() bool { return e.code == 126 || e.code == 127 }

// explain adds how the command ended and what it complained about before it
// closed its pipes.
func (p *pipeConn) explain(err error) error {
	if err == nil {
		return nil
	}
	said, _ := p.errs.text()
	select {
	case <-p.ended:
		said, _ = p.errs.text()
		state := p.cmd.ProcessState
		return &commandError{p.as, state.String(), state.ExitCode(), strings.TrimSpace(said), err}
	case <-time.After(time.Second):
	}
	if said = strings.TrimSpace(said); said != "" {
		return fmt.Errorf("%w; %s said: %s", err, p.as, said)
	}
	return err
}

// Close ends the command and everything that it started: what does not heed the
// request is killed a moment later.
func (p *pipeConn) Close() error {
	p.close.Do(func() {
		end(p.cmd.Process)
		_, _ = p.in.Close(), p.out.Close()
		go func() {
			select {
			case <-p.ended:
			case <-time.After(time.Second):
				kill(p.cmd.Process)
			}
		}()
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
