package reconcile

import "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"

// Missing is something that an observation needs and does not find on the host.
type Missing = shell.Missing

// What can be missing.
const (
	NoUser    = shell.NoUser
	NoSSH     = shell.NoSSH
	NoSSHD    = shell.NoSSHD
	NoAwk     = shell.NoAwk
	NoTempDir = shell.NoTempDir
	NoEnvFile = shell.NoEnvFile
	NoEnv     = shell.NoEnv
	NoProc    = shell.NoProc
	NoRead    = shell.NoRead
)

// MissingError says what is missing.
type MissingError = shell.MissingError
