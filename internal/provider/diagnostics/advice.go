package diagnostics

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// ReachHeadline is what happened to a connection, in a few words for a summary.
func ReachHeadline(k host.Kind) string { return titleOf(k) }

// ProblemAdvice is what to do about what the decision found.
func ProblemAdvice(c keepalive.Code) string { return remedyOf(c) }

// CloseAdvice is what to do about a connection that ended while it was idle.
func CloseAdvice(r probe.CloseReason) string { return remedyOf(r) }

// ReachAdvice is what to do about an error of a connection.
func ReachAdvice(e *host.Error) string {
	//exhaustive:enforce
	switch e.Kind {
	case host.Config:
		return configAdvice(e)
	case host.ProxyDenied:
		return deniedAdvice(e)
	case host.Negotiation:
		return negotiationAdvice(e)
	case host.HostKeyUnknown, host.HostKeyChanged, host.HostKeyRevoked:
		return hostKeyAdvice(e)
	case host.Auth:
		return loginAdvice(e)
	case host.Escalation:
		return rootAdvice(e)
	case host.Unreachable, host.Timeout, host.HandshakeLost, host.Lost, host.Throttled, host.NotSSH, host.LoginShell, host.SessionLimit, host.SingleSession,
		host.Killed, host.Output, host.NoExitStatus, host.Canceled:
	}
	return remedyOf(e.Kind, "setting", e.Names.Written("max_sessions"))
}

// negotiationAdvice is the line that lets us in, by what the two sides did not agree
// about.
func negotiationAdvice(e *host.Error) string {
	for _, c := range []struct{ about, line string }{
		{"for key exchange", "KexAlgorithms +curve25519-sha256"},
		{"for host key", "HostKeyAlgorithms +ssh-ed25519"},
		{"cipher", "Ciphers +aes256-gcm@openssh.com"},
		{"MAC", "MACs +hmac-sha2-256-etm@openssh.com"},
	} {
		if strings.Contains(fmt.Sprint(e.Err), c.about) {
			return remedyOf(OfferAlgorithm, "line", c.line)
		}
	}
	return remedyOf(OldProtocol)
}

// deniedAdvice is what to do about a proxy or a jump host that refuses the way.
func deniedAdvice(e *host.Error) string {
	if e.ThroughProxy() {
		return remedyOf(ProxyRefused, "setting", e.Names.Written("proxy_url"))
	}
	return remedyOf(JumpRefused)
}

// rootAdvice is what to do about a user who could not become root.
func rootAdvice(e *host.Error) string {
	if as := e.Names["sudo"]; e.RootFailure() == host.SudoNotEnabled && as != "" {
		return remedyOf(SudoIsOff, "setting", as)
	}
	user, setting := cmp.Or(e.User, "NAME"), e.Names.Written("sudo_password")
	if e.RootFailure() == "" {
		return remedyOf(OtherRootFailure)
	}
	return remedyOf(e.RootFailure(), "user", user, "setting", setting)
}

// configAdvice is what to do about settings that cannot work.
func configAdvice(e *host.Error) string {
	as := e.Setting()
	switch {
	case e.Missing() != "":
		return remedyOf(SettingBeside, "missing", e.Missing(), "setting", as)
	case as == "":
		return remedyOf(SomeSetting)
	case strings.HasSuffix(as, "ssh_config_file") || strings.HasSuffix(as, "SSH_CONFIG_FILE"):
		return remedyOf(SSHConfigFile, "setting", as)
	case errors.As(e, new(*knownhosts.HostKeyTextError)):
		return remedyOf(HostKeyText, "setting", as)
	}
	return remedyOf(CorrectSetting, "setting", as)
}
