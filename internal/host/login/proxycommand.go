package login

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

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
)

// viaCommand runs proxy_command and speaks SSH with its standard input and output.
func viaCommand(s host.Spec) Route {
	return func(_ context.Context, address string) (net.Conn, error) {
		line, err := host.ProxyCommandLine(s, address)
		if err != nil {
			return nil, s.Invalid("proxy_command", err)
		}
		return startPipe(line, s.Quoted("proxy_command"))
	}
}

// pipeConn is a command as a connection.
type pipeConn struct {
	as      string   // how messages call it
	in, out *os.File // our ends of its standard input and output
	cmd     *exec.Cmd
	errs    process.Output
	ended   chan struct{}
	close   sync.Once
}

func startPipe(line, as string) (*pipeConn, error) {
	p := &pipeConn{as: as, cmd: exec.Command(process.Shell, "-c", line), errs: process.Output{Limit: 2 << 10, Tail: true}, ended: make(chan struct{})}
	process.SetGroup(p.cmd)
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
	said, _ := p.errs.Text()
	select {
	case <-p.ended:
		said, _ = p.errs.Text()
		state := p.cmd.ProcessState
		return &host.ProxyCommandError{Name: p.as, Status: state.String(), Code: state.ExitCode(), Stderr: strings.TrimSpace(said), Err: err}
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
		process.Terminate(p.cmd.Process)
		_, _ = p.in.Close(), p.out.Close()
		go func() {
			select {
			case <-p.ended:
			case <-time.After(time.Second):
				process.Kill(p.cmd.Process)
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

// Pipes have no deadlines; none is set here, see handshake.negotiate.
func (*pipeConn) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (*pipeConn) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (*pipeConn) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
