package acceptance

import (
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// LoginKey is a new key, as a line of authorized_keys and as a file for ssh.
func LoginKey(t *testing.T) (public, private string) {
	t.Helper()
	text, key := sshtest.KeyText(t)
	return string(ssh.MarshalAuthorizedKey(key)), text
}

// CoolifyMachine has the environment file of a Coolify, as its installer leaves it.
func CoolifyMachine(t *testing.T, text string, users ...hosttest.User) *hosttest.Machine {
	t.Helper()
	m := hosttest.Start(t, hosttest.Options{Users: users, Files: map[string]string{EnvFile: text}})
	m.Sh("chmod 600 " + EnvFile + "; chown 9999:root " + EnvFile)
	return m
}

// BobFile is the ssh_config of the user of BobsMachine.
const BobFile = "/home/bob/.ssh/config"

// BobsMachine has a user bob whose ssh_config is text, and eve.
func BobsMachine(t *testing.T, text string) *hosttest.Machine {
	t.Helper()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "bob"}, {Name: "eve"}}})
	if text != "" {
		m.Write(BobFile, text)
		m.Sh("chown bob:bob " + BobFile + "; chmod 600 " + BobFile)
	}
	return m
}

// BobSays is what ssh -G says to that user of a host.
func BobSays(m *hosttest.Machine, host string) string {
	return m.Sh("runuser -u bob -- ssh -G " + host + " 2>/dev/null")
}
