package reconcile

import (
	"os/user"
	"path"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
)

// ClientTarget is one ssh_config file on one machine.
type ClientTarget struct {
	Spec host.Spec
	// File is absolute, or begins with ~/ for a file of User.
	File string
	// User is whose ssh it is; "" is who logs in.
	User string
}

// ClientSight is one look at the ssh of a machine.
type ClientSight struct {
	Facts     sshclient.Facts
	Identity  host.Identity
	MachineID string // of /etc/machine-id; "" where the system has none

	ssh string // path of the program
}

func (s ClientSight) machine(spec host.Spec) machineName {
	return nameOf(s.MachineID, s.Identity, spec)
}

// Digests returns the SHA-256 of each file as far as it is the business of
// owner: what other resources of ours put there is left out.
func (s ClientSight) Digests(owner string) map[string]string {
	digests := map[string]string{}
	for name, data := range s.Facts.Tree.Files {
		if d := clientDigest(name, data, owner); d != "" {
			digests[name] = d
		}
	}
	return digests
}

func clientDigest(_ string, text []byte, owner string) string {
	return digestOf(sshclient.Foreign(text, owner))
}

// login is the account that scripts run as unless they become another.
func (t ClientTarget) login() string {
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
func (t ClientTarget) system() bool {
	for _, dir := range []string{"/etc/", "/usr/"} {
		if strings.HasPrefix(path.Clean(t.File), dir) {
			return true
		}
	}
	return false
}

// whose is the account whose ssh is asked.
func (t ClientTarget) whose() string {
	if t.User != "" {
		return t.User
	}
	return t.login()
}

// asAccount makes s run as the account whose ssh it is about, with nobody else's rights:
// what belongs to an account is read, staged and written as that account.
func (t ClientTarget) asAccount(s host.Script) host.Script {
	s.Root = t.User != "" && t.User != t.login()
	if s.Root {
		s.Text = "WHO=" + quote(t.User) + "; " + oneLine(becomeSource) + " program() { " + commit.PrintCommand([]byte(s.Text)) + "; }; program | as"
	}
	return s
}

// asOwner makes s run as the account that the file belongs to: root for a file of the
// system, and else the account whose ssh it is.
func (t ClientTarget) asOwner(s host.Script) host.Script {
	if !t.system() {
		return t.asAccount(s)
	}
	s.Root = true
	return s
}
