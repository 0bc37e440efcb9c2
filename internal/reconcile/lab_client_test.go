//go:build hosts

package reconcile_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// order is what a client process is told to do, in its environment.
type order struct {
	Addr, User, Key string
	HostKeys        []string
	Timeout         time.Duration
	Want            sshserver.Want
	// HoldConfirm makes it wait for a line of input before it confirms.
	HoldConfirm bool
}

const orderVariable = "LAB_CLIENT_ORDER"

// clientProcess is a process of its own that applies something, as Terraform would have
// it; it can be killed.
type clientProcess struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // "confirming", then what became of it
}

// TestLabClient is the main function of client processes.
func TestLabClient(t *testing.T) {
	text := os.Getenv(orderVariable)
	if text == "" {
		return
	}
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	port, sudo, key := 22, o.User != "root", host.Secret(o.Key)
	spec, err := host.Resolve("web1", host.Settings{Host: &o.Addr, Port: &port, User: &o.User, PrivateKey: &key, HostKeys: o.HostKeys, Sudo: &sudo})
	if err != nil {
		t.Fatal(err)
	}
	machines := &cutting{Machines: pool.New(pool.Options{}), onConfirm: func() {
		fmt.Println("\nconfirming")
		if o.HoldConfirm {
			_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		}
	}}
	target := reconcile.Target{Spec: spec, ConfirmTimeout: o.Timeout}
	_, _, outcome, err := newWalk(machines).Apply(context.Background(), target, o.Want, reconcile.Record{})
	fmt.Printf("\nended %s: %v\n", outcome, err)
}

// start runs a client, which waits for a line before it confirms if that is the
// step to stop at.
func (r *labRig) start(t *testing.T, want sshserver.Want, stopAt string, timeout time.Duration) *clientProcess {
	t.Helper()
	text, err := json.Marshal(order{Addr: r.Addr, User: r.target.Spec.User, Key: string(r.Key), HostKeys: r.HostKeys,
		Timeout: timeout, Want: want, HoldConfirm: stopAt == "confirm"})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLabClient$")
	cmd.Env = append(os.Environ(), orderVariable+"="+string(text))
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if inErr != nil || outErr != nil {
		t.Fatal(inErr, outErr)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &clientProcess{cmd, in, make(chan string, 10)}
	go func() {
		defer close(c.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			if word, _, _ := strings.Cut(s.Text(), " "); word == "confirming" || word == "ended" {
				c.lines <- s.Text()
			}
		}
	}()
	return c
}

func (c *clientProcess) kill() { _ = c.cmd.Process.Kill() }

// release lets a client that was held go on.
func (c *clientProcess) release() { fmt.Fprintln(c.in, "go") }

// end waits for the client's end and returns what it said last, "killed" if it
// did not get that far.
func (c *clientProcess) end(t *testing.T) string {
	t.Helper()
	last := "killed"
	late := time.After(4 * time.Minute)
	for {
		select {
		case line, open := <-c.lines:
			if !open {
				_ = c.cmd.Wait() // it may have been killed
				return last
			}
			if word, ok := strings.CutPrefix(line, "ended "); ok {
				last = word
			}
		case <-late:
			c.kill()
			t.Fatal("the client does not end")
		}
	}
}

// cutting gives out hosts whose scripts can be stopped at a step, and says when
// the confirming connection is about to be made.
type cutting struct {
	reconcile.Machines
	onConfirm func()
}

func (c *cutting) Acquire(ctx context.Context, spec host.Spec) (host.Host, error) {
	h, err := c.Machines.Acquire(ctx, spec)
	if err != nil {
		return nil, err
	}
	return braked{h}, nil
}

func (c *cutting) AcquireDedicated(ctx context.Context, spec host.Spec) (host.Host, error) {
	c.onConfirm()
	return c.Machines.AcquireDedicated(ctx, spec)
}

// braked is a host whose change scripts stop where the file brake says.
type braked struct{ host.Host }

const (
	brakeFile  = "/run/lab-brake"  // names a step; the first to come there takes it away
	brakedFile = "/run/lab-braked" // has the process that stopped; stopped while it is there
)

const brake = `brake() {
	[ "$(cat ` + brakeFile + ` 2>/dev/null)" = "$1" ] || return 0
	rm ` + brakeFile + `; echo $$ >` + brakedFile + `
	while [ -e ` + brakedFile + ` ]; do sleep 0.1; done
}
`

// steps are where a change script can be stopped: before each step, between the
// swaps of two files, and before each answer.
var beginSteps = []string{"lock", "compare", "stage", "validate", "arm", "swap", "second", "reload", "live"}
var finishSteps = []string{"disarm", "confirmed"}

func (b braked) Run(ctx context.Context, s host.Script) (host.Result, error) {
	switch s.Name {
	case "begin":
		s.Text = brake + strings.Replace(withBrakes(s.Text, beginSteps), "exchange() {\n", "exchange() {\n[ $1 -lt 2 ] || brake second\n", 1)
	case "disarm":
		s.Text = brake + withBrakes(s.Text, finishSteps)
	}
	return b.Host.Run(ctx, s)
}

// withBrakes changes the last function of a script, which names the steps.
func withBrakes(text string, steps []string) string {
	at := strings.LastIndex(text, "main() {")
	main := text[at:]
	for _, s := range steps {
		main = strings.Replace(main, "step "+s+" ", "brake "+s+" && step "+s+" ", 1)
		main = strings.Replace(main, "step "+s+";", "brake "+s+" && step "+s+";", 1)
		main = strings.Replace(main, "then "+s+";", "then brake "+s+"; "+s+";", 1)
	}
	return text[:at] + main
}
