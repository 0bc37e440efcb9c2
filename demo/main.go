// Command demo shows the provider at work, from nothing to nothing: it boots a
// throw-away Debian host that looks like a cloud image, builds the provider, lets
// Terraform or OpenTofu apply, drift, repair and destroy, and asks the host's own
// sshd what is in force at each step. It leaves nothing behind. It knows the
// provider as its users do: through configuration, and what is printed.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	say := newNarrator(os.Stdout)
	err := demo(ctx, say)
	if ctx.Err() != nil {
		err = errors.New("interrupted; the host and all files of the demo are gone")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
	say.end("The host is gone, and nothing of the demo is left on this machine.")
}

func demo(ctx context.Context, say *narrator) (err error) {
	engine, noEngine := hosttest.Engine()
	if err := errors.Join(hosttest.Missing(), noEngine); err != nil {
		return fmt.Errorf("something is missing:\n%w", err)
	}
	work, err := os.MkdirTemp("", "sshkeepalive-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	say.doing("Booting a throw-away Debian host in namespaces of its own (the first time, 40 MB of packages are fetched)")
	trouble := make(chan error, 1)
	m, err := hosttest.Boot(hosttest.Options{Release: "trixie", Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}, {Name: "git"}}}, func(err error) {
		select {
		case trouble <- err:
		default: // the first failure is the one to report
		}
	})
	if err != nil {
		return err
	}
	defer m.Close()
	say.doing("Building the provider (the first time, its modules are fetched)")
	tf, err := newTerraform(ctx, say, engine, work, m)
	if err != nil {
		return err
	}
	err = (&story{narrator: say, tf: tf, host: m}).tell(ctx)
	select {
	case first := <-trouble:
		return errors.Join(first, err)
	default:
		return err
	}
}
