package reconcile_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// tearing gives out hosts on which another process writes file in the middle of a look,
// as often as times says.
type tearing struct {
	reconcile.Machines
	file  string
	times int
}

func (m *tearing) Acquire(ctx context.Context, spec host.Spec) (host.Host, error) {
	h, err := m.Machines.Acquire(ctx, spec)
	if err != nil {
		return nil, err
	}
	return torn{h, m}, nil
}

type torn struct {
	host.Host
	by *tearing
}

func (h torn) Run(ctx context.Context, s host.Script) (host.Result, error) {
	if s.Name == "gather" && h.by.times > 0 {
		text := s.Text
		write := "echo '# by another process' >>" + h.by.file + ";"
		for _, between := range []string{"say bytes;", "say after "} {
			s.Text = strings.Replace(s.Text, between, write+between, 1)
		}
		if s.Text == text {
			panic("the script does not read as this test expects")
		}
		h.by.times--
	}
	return h.Host.Run(ctx, s)
}

// TestFileWrittenWhileItIsRead: a look that another process' write tears is made again, and
// only a file that changes at every look is an error. Such a write by another run of
// Terraform ended an apply.
func TestFileWrittenWhileItIsRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{Files: map[string]string{coolifyEnv: "SSH_MAX_RETRIES=3\n"}}, "root")
	for name, look := range map[string]struct {
		file string
		look func(*walk) error
	}{
		"server": {mainFile, func(w *walk) error {
			_, err := w.Look(t.Context(), r.target, wish("ClientAliveInterval", "60"))
			return err
		}},
		"client": {"/etc/ssh/ssh_config", func(w *walk) error {
			_, err := w.LookClient(t.Context(), reconcile.Target{Spec: r.target.Spec, File: "/etc/ssh/ssh_config"}, sshWish("Host *", "ServerAliveInterval", "11"))
			return err
		}},
		"coolify": {coolifyEnv, func(w *walk) error {
			_, err := w.LookCoolify(t.Context(), reconcile.Target{Spec: r.target.Spec, File: coolifyEnv}, coolifyWish(5))
			return err
		}},
	} {
		for times, torn := range map[int]bool{1: false, 2: false, 9: true} {
			machines := &tearing{r.pool, look.file, times}
			err := look.look(newWalk(machines))
			switch {
			case !torn && err != nil:
				t.Errorf("%s, %d times: %v", name, times, err)
			case torn && (err == nil || !strings.Contains(err.Error(), "changed while it was read")):
				t.Errorf("%s, %d times: %v", name, times, err)
			}
			if want := max(0, times-3); machines.times != want {
				t.Errorf("%s, %d times: %d torn looks are left, want %d", name, times, machines.times, want)
			}
		}
	}
}
