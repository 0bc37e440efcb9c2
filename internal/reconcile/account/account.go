// Package account says whose ssh a target is about, and makes scripts run as that
// account.
//
// It knows accounts of the host. It must not know what is asked of their ssh.
package account

import (
	_ "embed"
	"os/user"
	"path"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

var (
	// Source finds the home, the ssh and its release of the account in WHO. It needs
	// shell.Files.
	//go:embed account.sh
	Source string
	//go:embed as_user.sh
	asUserSource string
)

// login is the account that scripts run as unless they become another.
func login(t reconcile.Target) string {
	if t.Spec.Host != "" && t.Spec.User != "" {
		return t.Spec.User
	}
	if u, err := user.Current(); err == nil {
		return path.Base(strings.ReplaceAll(u.Username, `\`, "/"))
	}
	return ""
}

// IsSystem reports whether the file belongs to the system, so that only root may
// write it.
func IsSystem(t reconcile.Target) bool {
	for _, dir := range []string{"/etc/", "/usr/"} {
		if strings.HasPrefix(path.Clean(t.File), dir) {
			return true
		}
	}
	return false
}

// Of is the account whose ssh is asked.
func Of(t reconcile.Target) string {
	if t.User != "" {
		return t.User
	}
	return login(t)
}

// As makes s run as the account whose ssh it is about, with the rights of no other account:
// what belongs to an account is read, staged and written as that account.
func As(t reconcile.Target, s host.Script) host.Script {
	s.Root = t.User != "" && t.User != login(t)
	if s.Root {
		s.Text = "WHO=" + shell.Quote(t.User) + "; " + shell.Pack(asUserSource) + " program() { " + commit.PrintCommand([]byte(s.Text)) + "; }; program | as"
	}
	return s
}

// AsOwner makes s run as the account that the file belongs to: root for a file of the
// system, and else the account whose ssh it is.
func AsOwner(t reconcile.Target, s host.Script) host.Script {
	if !IsSystem(t) {
		return As(t, s)
	}
	s.Root = true
	return s
}
