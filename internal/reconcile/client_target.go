package reconcile

import (
	"os/user"
	"path"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// login is the account that scripts run as unless they become another.
func (t Target) login() string {
	if t.Spec.Host != "" && t.Spec.User != "" {
		return t.Spec.User
	}
	if u, err := user.Current(); err == nil {
		return path.Base(strings.ReplaceAll(u.Username, `\`, "/"))
	}
	return ""
}

// system reports whether the file belongs to the system, so that only root may
// write it.
func (t Target) system() bool {
	for _, dir := range []string{"/etc/", "/usr/"} {
		if strings.HasPrefix(path.Clean(t.File), dir) {
			return true
		}
	}
	return false
}

// whose is the account whose ssh is asked.
func (t Target) whose() string {
	if t.User != "" {
		return t.User
	}
	return t.login()
}

// asAccount makes s run as the account whose ssh it is about, with nobody else's rights:
// what belongs to an account is read, staged and written as that account.
func (t Target) asAccount(s host.Script) host.Script {
	s.Root = t.User != "" && t.User != t.login()
	if s.Root {
		s.Text = "WHO=" + quote(t.User) + "; " + oneLine(asUserSource) + " program() { " + commit.PrintCommand([]byte(s.Text)) + "; }; program | as"
	}
	return s
}

// asOwner makes s run as the account that the file belongs to: root for a file of the
// system, and else the account whose ssh it is.
func (t Target) asOwner(s host.Script) host.Script {
	if !t.system() {
		return t.asAccount(s)
	}
	s.Root = true
	return s
}
