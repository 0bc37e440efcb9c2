package diagnostics

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// rootAdvice is what to do about a user who could not become root.
func rootAdvice(e *host.Error) string {
	user := cmp.Or(e.User, "NAME")
	allow := fmt.Sprintf("`%s ALL=(ALL) NOPASSWD: ALL`", user)
	switch e.RootFailure() {
	case host.SudoNotEnabled:
		if as := e.Names["sudo"]; as != "" {
			return fmt.Sprintf("sshd's configuration belongs to root. Set `%s` to `true`, or connect as root.", as)
		}
		return "sshd's configuration belongs to root. Set `sudo = true` in `connection`, in the host's entry of `hosts` or in `ssh` of the resource, or connect as root."
	case host.SudoNeedsPassword:
		return fmt.Sprintf("Set `sudo_password` in `connection` or in the host's entry of `hosts`, or the variable SSHKEEPALIVE_SUDO_PASSWORD. "+
			"Or let the user become root without a password: run `visudo -f /etc/sudoers.d/sshkeepalive` on the host and write the line %s.", allow)
	case host.SudoWrongPassword:
		return fmt.Sprintf("Correct `%s`: it is the password with which %s becomes root on the host. It was tried once, so that the account is not locked.", e.Names.Written("sudo_password"), user)
	case host.SudoNeedsTerminal:
		return fmt.Sprintf("Run `visudo -f /etc/sudoers.d/sshkeepalive` on the host and write the line `Defaults:%s !requiretty`.", user)
	case host.SudoDenied:
		return fmt.Sprintf("Run `visudo -f /etc/sudoers.d/sshkeepalive` on the host and write the line %s. Or connect as root.", allow)
	case host.SudoMissing:
		return "Install sudo on the host, or connect as root."
	case host.DoasDenied:
		return fmt.Sprintf("Write the line `permit nopass %s` into /etc/doas.conf on the host, or install sudo there.", user)
	case host.ChrootNeedsRoot:
		return "Run Terraform as root, or set `sudo = true` for this image."
	}
	return "What sudo said is above: repair that on the host, or connect as root."
}

// configAdvice is what to do about settings that cannot work.
func configAdvice(e *host.Error) string {
	as := e.Setting()
	switch {
	case e.Missing() != "":
		return fmt.Sprintf("Set `%s` beside `%s`, or start an agent that holds the key.", e.Missing(), as)
	case as == "":
		return "Correct the connection settings that the message is about."
	case strings.HasSuffix(as, "ssh_config_file") || strings.HasSuffix(as, "SSH_CONFIG_FILE"):
		return fmt.Sprintf("Correct the file that `%s` names, or name another one; `ssh -F FILE -G NAME` prints what ssh makes of it. Settings that are given elsewhere win over the file.", as)
	case errors.As(e, new(*knownhosts.HostKeyTextError)):
		return fmt.Sprintf("Give `%s` the whole line that `cat /etc/ssh/ssh_host_ed25519_key.pub` prints on the host's console. "+
			"`ssh-keyscan -t ed25519 HOST` asks for the key over the network: compare its fingerprint (`ssh-keygen -lf FILE`) with the one that the console shows.", as)
	}
	return fmt.Sprintf("Correct `%s`.", as)
}

// barrierAdvice is what to do about a proxy or a jump host that refuses the way.
func barrierAdvice(e *host.Error) string {
	if e.ThroughProxy() {
		return fmt.Sprintf("The proxy answered, and would answer the same again. Check the user and password in `%s`, and what the proxy allows.", e.Names.Written("proxy_url"))
	}
	return "The jump host answered, and would answer the same again. Check AllowTcpForwarding and PermitOpen in its sshd_config, and the options of our key in its authorized_keys."
}
