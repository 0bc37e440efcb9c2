package exec

import (
	"context"
	"errors"
	"os"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
)

// image is a mounted root file system, which was not booted yet. What is done
// there its own programs do.
type image struct{ local }

func NewImage(s host.Spec) *image { return &image{local{spec: s}} }

// entering runs its arguments in the image that $0 names. One that nothing ever
// booted may have an empty /dev, and no script gets far without /dev/null; it is
// lent ours, in a mount namespace that ends with the script.
const entering = `PATH=$PATH:` + searchPath + `; export PATH; ` +
	`if test ! -d "$0"; then echo "$0 is not a directory" >&2; exit 125; fi; ` +
	`if test ! -e "$0/bin/sh" && test ! -L "$0/bin"; then echo "$0 has no /bin/sh: is the image mounted there?" >&2; exit 125; fi; ` +
	`if test -c "$0/dev/null"; then exec chroot "$0" "$@"; fi; ` +
	`exec unshare --mount -- /bin/sh -c 'mount --bind /dev "$0/dev" && exec chroot "$0" "$@"' "$0" "$@"`

// Run executes s in the image.
func (i *image) Run(ctx context.Context, s host.Script) (host.Result, error) {
	a := account{root: os.Geteuid() == 0, sudo: i.spec.Sudo, password: i.spec.SudoPassword, line: LineLimit,
		inside: []string{process.Shell, "-c", entering, i.spec.Root}}
	if !a.root && !a.sudo {
		return host.Result{}, &host.Error{Kind: host.Escalation, Phase: host.PhaseEscalate, Host: i.spec.Label(), Script: s.Name,
			Err: host.NewRootError(host.ChrootNeedsRoot, "an image is entered by chroot, which needs root")}
	}
	s.Root = true
	result, err := i.run(ctx, s, a)
	var e *host.Error
	if errors.As(err, &e) && e.Kind == host.LoginShell {
		e.Kind, e.Err = host.Config, errors.New("the image's own /bin/sh could not be run")
	}
	return result, err
}
