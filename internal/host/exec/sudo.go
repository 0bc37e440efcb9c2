package exec

import (
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
)

// explainSudo knows what sudo, sudo-rs and doas say under LC_ALL=C. sudo-rs (0.2.5 of
// Debian 13) says with -n "PAM error: Authentication token manipulation error" where it
// wants a password, and "I'm sorry NAME. I'm afraid I can't do that" where sudo says
// "NAME is not in the sudoers file" or "not allowed to execute".
func (d *execution) explainSudo(said string, end process.Exit) error {
	wantsPassword := strings.Contains(said, "password is required") || strings.Contains(said, "Authentication token manipulation error")
	switch {
	case strings.Contains(said, "must have a tty"):
		return host.NewRootError(host.SudoNeedsTerminal, "sudo insists on a terminal")
	case wantsPassword && d.program.password == "":
		return host.NewRootError(host.SudoNeedsPassword, "sudo wants a password, and none is set")
	case strings.Contains(said, "is not in the sudoers file"), strings.Contains(said, "not allowed to"), strings.Contains(said, "I'm afraid I can't do that"):
		return host.NewRootError(host.SudoDenied, "sudo does not let the user run the script (status %d)", end.Code)
	case end.Code == 127:
		return host.NewRootError(host.SudoMissing, "the host has neither sudo nor doas")
	case strings.Contains(said, "doas: "):
		return host.NewRootError(host.DoasDenied, "doas did not start the script (status %d): it reads passwords only from a terminal", end.Code)
	}
	return fmt.Errorf("sudo did not start the script (status %d)", end.Code)
}
