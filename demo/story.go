package main

import (
	"context"
	"fmt"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// story is the demo itself, scene by scene. Each scene checks what it claims.
type story struct {
	*narrator
	tf    *terraform
	host  *hosttest.Machine
	start map[string]hosttest.File
}

func (s *story) tell(ctx context.Context) error {
	s.start = s.host.Snapshot("/etc/ssh")
	for _, scene := range []func(context.Context) error{s.image, s.apply, s.again, s.drift, s.repair, s.destroy} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) image(context.Context) error {
	s.heading("A cloud image: its own drop-in is read first, and so its value wins")
	s.on("cd /etc/ssh; grep -n -e ^Include -e ^ClientAlive -e ^Match sshd_config sshd_config.d/*")
	return s.effective("120", "3")
}

func (s *story) apply(ctx context.Context) error {
	s.heading("Declare what sshd shall use, and apply")
	s.command("laptop", "cat main.tf")
	s.quote(s.tf.config)
	if err := s.terraform(ctx, 0, everything, "apply", "-auto-approve"); err != nil {
		return err
	}
	if err := s.effective("15", "4"); err != nil {
		return err
	}
	s.proved("The host's sshd uses it. The change was validated, reloaded, and confirmed over a new connection.")
	return nil
}

func (s *story) again(ctx context.Context) error {
	s.heading("A second plan has nothing to do")
	return s.terraform(ctx, 0, everything, "plan", "-detailed-exitcode")
}

func (s *story) drift(ctx context.Context) error {
	s.heading("Somebody edits the host by hand, in a file that the provider never wrote")
	s.on("echo 'ClientAliveInterval 900' >/etc/ssh/sshd_config.d/00-corp.conf; kill -HUP $(cat /run/sshd.pid)")
	if err := s.effective("900", "4"); err != nil {
		return err
	}
	if err := s.terraform(ctx, 2, everything, "plan", "-detailed-exitcode", "-out=repair"); err != nil {
		return err
	}
	s.proved("Exit status 2: the plan sees the drift, and names the file and the line.")
	return nil
}

func (s *story) repair(ctx context.Context) error {
	s.heading("Apply repairs it, and leaves the other's file alone")
	if err := s.terraform(ctx, 0, everything, "apply", "repair"); err != nil {
		return err
	}
	return s.effective("15", "4")
}

func (s *story) destroy(ctx context.Context) error {
	s.heading("Destroy gives the host back as it was")
	if err := s.terraform(ctx, 0, fromPlan, "destroy", "-auto-approve"); err != nil {
		return err
	}
	s.on("rm /etc/ssh/sshd_config.d/00-corp.conf; kill -HUP $(cat /run/sshd.pid)")
	if err := s.effective("120", "3"); err != nil {
		return err
	}
	if diff := hosttest.Differences(s.start, s.host.Snapshot("/etc/ssh")); diff != "" {
		return fmt.Errorf("/etc/ssh is not what it was:\n%s", diff)
	}
	s.proved(fmt.Sprintf("All %d files and directories of /etc/ssh are byte for byte what they were.", len(s.start)))
	return nil
}

// on shows a shell command on the host and what it prints.
func (s *story) on(script string) {
	s.command("root@web", script)
	s.quote(s.host.Sh(script))
}

// effective shows what sshd says, and checks it.
func (s *story) effective(interval, count string) error {
	s.on("sshd -T | grep clientalive")
	if i, c := s.host.Effective("ClientAliveInterval"), s.host.Effective("ClientAliveCountMax"); i != interval || c != count {
		return fmt.Errorf("sshd uses %s and %s, not %s and %s", i, c, interval, count)
	}
	return nil
}

// terraform runs the engine and checks its exit status.
func (s *story) terraform(ctx context.Context, want int, show func(string) string, args ...string) error {
	got, err := s.tf.run(ctx, show, args...)
	if err == nil && got != want {
		err = fmt.Errorf("exit status %d, want %d", got, want)
	}
	return err
}

func everything(out string) string { return out }
