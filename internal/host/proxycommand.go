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
