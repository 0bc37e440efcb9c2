package diagnostics

import (
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// ReachHeadline is what happened, in a few words for a summary.
func ReachHeadline(k host.Kind) string {
	switch k {
	case host.Config:
		return "these connection settings cannot work"
	case host.Unreachable:
		return "no answer"
	case host.ProxyDenied:
		return "nothing is let through to it"
	case host.Throttled:
		return "sshd takes no new connections for now"
	case host.NotSSH:
		return "another program than sshd answers"
	case host.Negotiation:
		return "no algorithm in common"
	case host.HostKeyUnknown:
		return "host key is not known"
	case host.HostKeyChanged:
		return "host key changed"
	case host.HostKeyRevoked:
		return "host key is revoked"
	case host.Auth:
		return "login refused"
	case host.Escalation:
		return "could not become root"
	case host.LoginShell:
		return "the login shell did not run our script"
	}
	return string(k)
}

// ReachAdvice is what to do next.
func ReachAdvice(e *host.Error) string {
	switch e.Kind {
	case host.Config:
		return configAdvice(e)
	case host.Unreachable, host.Timeout, host.HandshakeLost, host.Lost:
		return "Check that the host is up, that its address and port are right, and that no firewall is in between."
	case host.ProxyDenied:
		return barrierAdvice(e)
	case host.Throttled:
		return "sshd limits connections that have not logged in (MaxStartups, PerSourcePenalties). Wait half a minute, and check what else connects to it."
	case host.NotSSH:
		return "Check host and port."
	case host.Negotiation:
		return negotiationAdvice(e)
	case host.HostKeyUnknown, host.HostKeyChanged, host.HostKeyRevoked:
		return hostKeyAdvice(e)
	case host.Auth:
		return loginAdvice(e)
	case host.Escalation:
		return rootAdvice(e)
	case host.LoginShell:
		return "The account must be able to run a POSIX shell: check for a forced command, a menu, nologin, or a password that has expired."
	case host.SessionLimit:
		return fmt.Sprintf("sshd allows too few sessions per connection (MaxSessions). Lower `%s` below what it allows.", e.Names.Written("max_sessions"))
	}
	return ""
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
			return "Allow one of the algorithms that we offered in the host's sshd_config, for example `" + c.line + "`. The guide \"Ways in\" says what ssh offers and this provider does not."
		}
	}
	return "The host's sshd speaks a version of the protocol that we do not. Upgrade it."
}

func daemonHeadline(r reconcile.Reason) string {
	if r == reconcile.NoMain {
		return "sshd's main file cannot be read"
	}
	return "the sshd of this connection could not be identified"
}

// daemonAdvice is what to do where it is not known which sshd answers, or what it
// reads.
func daemonAdvice(r reconcile.Reason) string {
	switch r {
	case reconcile.NoProgram:
		return "Install OpenSSH there again, or restart sshd from where it is now."
	case reconcile.OtherRoot:
		return "Connect to an sshd, and as a user, whose sessions see the files that the sshd itself reads."
	case reconcile.NotTold:
		return "Run `sshd -T` as root on the host: it has to work there."
	case reconcile.NoMain:
		return "It is the file that this sshd reads. Put it back on the host, or set `config_file` to the one that is to be managed."
	case reconcile.NoFile:
		return "Start sshd with the absolute path of a file, or with none."
	}
	return "Set `config_file` to the main file of the sshd that is to be managed."
}

// PartingAdvice is what to do about a connection that ended while it was idle.
func PartingAdvice(p probe.CloseReason) string {
	switch p {
	case probe.CloseEOF:
		return "sshd gives up nobody who answers, but for ClientAliveCountMax 0 before 8.2. Look for UnusedConnectionTimeout (no session was open), for a restart of the host, and for an idle limit of a jump host, proxy or load balancer on the way."
	case probe.CloseDisconnect:
		return "The server ended the connection by itself, with a message: look for an idle limit there."
	case probe.CloseReset, probe.CloseNoAnswer:
		return "Something on the way, such as a NAT or a firewall, forgot the connection while it was idle, or the host was stopped. Have sshd ask more often than the path forgets: lower client_alive_interval."
	}
	return ""
}

// ProblemAdvice is what to do about what the decision found.
func ProblemAdvice(c keepalive.Code) string {
	switch c {
	case keepalive.UnknownKeyword:
		return "See sshd_config(5) or ssh_config(5) for the keywords. A keyword of a patched build that the provider does not know cannot be managed."
	case keepalive.TypedKeyword:
		return "Use the attribute, whose values are compared by what they mean."
	case keepalive.RepeatedKeyword:
		return "sshd keeps the first value of a keyword; declare it once."
	case keepalive.NotInMatch:
		return "Declare it outside match, or leave it out."
	case keepalive.BadCriteria:
		return "The criteria are what follows the word Match in sshd_config(5): User, Group, Host, Address, LocalAddress, LocalPort, RDomain, each with patterns, or All."
	case keepalive.NoSetting:
		return "Match blocks are declared in the attribute match. What an included file would say is declared here, or left to the host's own files."
	case keepalive.BadContext:
		return "A context is one connection, as `sshd -T -C` takes it: one user, one address. Declare one context for each."
	case keepalive.TooNew:
		return "The host's sshd would refuse to start with it. Leave it out for this host, or upgrade OpenSSH there."
	case keepalive.Deprecated, keepalive.Removed:
		return "Leave it out: sshd ignores it, or will."
	case keepalive.RefusedByHost:
		return "The host's own OpenSSH was asked, with these settings alone. The message is its own. Nothing was changed."
	case keepalive.InvalidHost:
		return "The host's configuration was broken before we touched it, and a reload would fail. Repair it on the host first (`sshd -t` names the line). Nothing was changed."
	case keepalive.InvalidClient:
		return "The file was broken before we touched it, and ssh ends with this error for each host until it is repaired. Repair that line on the host first. Nothing was changed."
	case keepalive.NoInclude:
		return "Set placement = \"auto\" or \"in_place\", or have the main file include a directory in /etc/ssh."
	case keepalive.Shadowed:
		return "sshd keeps the first value that it reads. Set takeover = true to have the earlier line commented out and put back on destroy, or remove it on the host."
	case sshserver.SiblingConflict:
		return "If another resource of this host has them, the two undo each other's work at each apply: declare the keyword in one of them only. If these lines are about to be replaced, all is well."
	case keepalive.CommandLine:
		return "An option on the daemon's command line wins over every file. Remove it from the service's unit or defaults file."
	case sshserver.NoReader:
		return "The settings have an effect once an sshd is started with `-f` and this file. To manage the sshd that accepts the connection, leave `config_file` out."
	case keepalive.NeverDrops:
		return "Use a count of 1 or more, so that dead connections are dropped."
	case keepalive.DropsAtOnce:
		return "Use a count of 1 or more: this release drops a client at its first silence."
	case keepalive.CountWithout:
		return "Set client_alive_interval as well: without it sshd never asks, and the count has no effect."
	case keepalive.NoMultiplexing:
		return "Use 2 or more where clients share connections (ControlMaster, deploy tools)."
	case keepalive.IdleLimit:
		return "Shorten `client_alive_interval`, so that the path sees traffic before it forgets the connection, or declare how long the path really waits as `idle_limit`. The function keepalive_for computes values."
	case keepalive.DoubleInterval:
		return "Halve `client_alive_interval` for these releases if the time matters, or declare `idle_limit`: then the plan says whether it does."
	case keepalive.LongestTask:
		return "Raise `client_alive_count_max`, or lower `longest_task`. The function keepalive_for computes values."
	case keepalive.Drifted, keepalive.BlockGone:
		return "The plan makes the declared value effective again. To keep what the host has, declare that."
	case keepalive.NothingWanted:
		return "Declare at least one setting."
	case keepalive.MatchOverrides:
		return "That Match is left as it is, except for connections that contexts names. To have the value hold for more of them, declare those in contexts."
	case keepalive.MountedFile:
		return "Mount the directory instead of the one file, or change the file where it is mounted from. For sshd it is enough that the mounted file begins with `Include /etc/ssh/sshd_config.d/*.conf` and that the directory is not mounted file by file: ours is then a drop-in there. Nothing was changed."
	case sshserver.HandWritten:
		return "Both lines then say the same. To have only one, set `adopt = true`: the apply then comments out the line that was written by hand, and destroy restores it."
	case sshserver.AdoptsLines:
		return "The apply comments them out, so that the lines of this resource are the only ones for these keywords. Destroy restores them. To leave them as they are, remove `adopt = true`."
	case sshserver.NothingSet:
		return "Declare the settings that the resource shall manage: the next plan shows what they change."
	case sshserver.FirstBoot:
		return "Leave out `placement`, so that a file of our own is read first (this needs OpenSSH 8.2), and give `drop_in_name` a value that sorts before 50-cloud-init.conf; or set `ssh_pwauth` in the user data to the value that is declared here."
	case keepalive.OtherTool:
		return "If the tool does, the next plan shows the value as drift. Change the value in that tool, so that both say the same."
	case sshserver.UnknownProfile:
		return "The profiles are " + strings.Join(baseline.Names(), ", ") + "."
	case sshserver.ProfileOption:
		return "To have it from a file, remove the option from the service's unit, or from the file that the unit reads: on Red Hat's systems `/etc/crypto-policies/back-ends/opensshserver.config`, which `CRYPTO_POLICY=` in `/etc/sysconfig/sshd` switches off."
	case sshserver.ProfileLacks:
		return "Upgrade OpenSSH on the host to have the whole baseline there."
	case sshserver.ShutsOut:
		return "If nobody could confirm the change, the host would take it back. To keep a door open, set your own value, such as settings = { PermitRootLogin = \"prohibit-password\" }, or a match block that makes an exception."
	case keepalive.NewOverride:
		return "Applying accepts it: match_overrides is then what there is. To have the declared value hold in a block instead, declare a context that it applies to in contexts; or remove the block on the host."
	case sshserver.OthersLoseValue:
		return "To leave others their values, declare contexts by user, host or address instead, each without wildcards."
	case keepalive.Adopted:
		return "If that resource still exists, in another Terraform state or as one that was forgotten, remove it there with `terraform state rm`: its destroy leaves the lines to this one. Nothing but the mark of the lines is changed."
	case keepalive.OtherResources:
		return "If that resource is of another Terraform state and is to keep its lines, give this one lines of its own: another `drop_in_name` (sshkeepalive_server) or other patterns (sshkeepalive_client). " +
			"If this resource is to have them, `terraform import` it, or set `adopt = true`."
	case keepalive.OlderLines:
		return "They have no mark that tells which resource wrote them. If another Terraform state manages them, give this resource another `drop_in_name`."
	case keepalive.UncertainGroup:
		return "The apply leaves it open, and the next plan shows it as drift if the value does not hold there."
	}
	return clientAdvice(c)
}
