package diagnostics

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// hostRows are the headlines of errors of connections, and remedies of those that
// always have the same one. The others have rows of their own, by what was seen.
var hostRows = map[any]row{
	host.Config:         {title: "these connection settings cannot work"},
	host.Unreachable:    {title: "no answer", remedy: unreachable},
	host.Timeout:        {title: "timeout", remedy: unreachable},
	host.HandshakeLost:  {title: "handshake lost", remedy: unreachable},
	host.Lost:           {title: "connection lost", remedy: unreachable},
	host.ProxyDenied:    {title: "nothing is let through to it"},
	host.Throttled:      {title: "sshd takes no new connections for now", remedy: "sshd limits connections that have not logged in (MaxStartups, PerSourcePenalties). Wait half a minute, and check what else connects to it."},
	host.NotSSH:         {title: "another program than sshd answers", remedy: "Check `host` and `port`."},
	host.Negotiation:    {title: "no algorithm in common"},
	host.HostKeyUnknown: {title: "host key is not known"},
	host.HostKeyChanged: {title: "host key changed"},
	host.HostKeyRevoked: {title: "host key is revoked"},
	host.Auth:           {title: "login refused"},
	host.Escalation:     {title: "could not become root"},
	host.LoginShell:     {title: "the login shell did not run our script", remedy: "The account must be able to run a POSIX shell: check for a forced command, a menu, nologin, or a password that has expired."},
	host.SessionLimit:   {title: "session limit", remedy: "sshd allows too few sessions per connection (MaxSessions). Lower `{setting}` below what it allows."},
	host.SingleSession:  {title: "single session", remedy: "sshd allows one session per connection (MaxSessions 1). Set `{setting}` to 1."},
	host.Killed:         {title: "killed", remedy: "A signal ended our script on the host: look for limits of memory and of time there (dmesg, systemd-oomd)."},
	host.Output:         {title: "output", remedy: "The host sent more than a report can have. Look for a login script of the account that prints without end."},
	host.NoExitStatus:   {title: "no exit status", remedy: "The session ended without a result: look for a restart of sshd, and for a limit of time of the account."},
	host.Canceled:       {title: "canceled"},

	probe.CloseEOF: {remedy: "sshd gives up only clients that do not answer, and with ClientAliveCountMax 0 before 8.2 those that answer, too. " +
		"Look for UnusedConnectionTimeout (no session was open), for a restart of the host, and for an idle limit of a jump host, proxy or load balancer on the way."},
	probe.CloseDisconnect: {remedy: "The server ended the connection by itself, with a message: look for an idle limit there."},
	probe.CloseReset:      {remedy: forgottenPath},
	probe.CloseNoAnswer:   {remedy: forgottenPath},

	ProxyRefused: {remedy: "The proxy answered, and would answer the same again. Check the user and password in `{setting}`, and what the proxy allows."},
	JumpRefused:  {remedy: "The jump host answered, and would answer the same again. Check AllowTcpForwarding and PermitOpen in its sshd_config, and the options of our key in its authorized_keys."},
	OfferAlgorithm: {remedy: "Allow one of the algorithms that we offered in the host's sshd_config, for example `{line}`. " +
		"The guide \"Ways in\" says what ssh offers and this provider does not."},
	OldProtocol: {remedy: "The host's sshd speaks a version of the protocol that we do not. Upgrade it."},
	MayHaveRun:  {body: "The script may have run. Plan again to see what the host is like."},
	NothingDone: {body: "Nothing was changed on the host."},
	MayBeAway:   {remedy: "`on_unreachable` decides what a plan does about a host that may be away at times."},
	GoneForGood: {remedy: "If the host does not come back, set `on_unreachable = \"ignore\"` on the resource, apply, and destroy again; or forget it with `terraform state rm`."},
}

const (
	unreachable   = "Check that the host is up, that its address and port are right, and that no firewall is in between."
	forgottenPath = "Something on the way, such as a NAT or a firewall, forgot the connection while it was idle, or the host was stopped. Have sshd ask more often than the path forgets: lower `client_alive_interval`."
)

// What is said about a connection, besides its kind of error.
const (
	ProxyRefused   Code = "proxy refused"
	JumpRefused    Code = "jump host refused"
	OfferAlgorithm Code = "offer an algorithm"
	OldProtocol    Code = "old protocol"
	MayHaveRun     Code = "script may have run"
	NothingDone    Code = "nothing was changed"
	MayBeAway      Code = "host may be away"
	GoneForGood    Code = "host is gone"
)

// daemonRows are about an sshd that could not be identified.
var daemonRows = map[any]row{
	reconcile.NoSession:   {title: unknownDaemon, remedy: chooseFile},
	reconcile.NoListener:  {title: unknownDaemon, remedy: chooseFile},
	reconcile.CutTitle:    {title: unknownDaemon, remedy: chooseFile},
	reconcile.TwoReadings: {title: unknownDaemon, remedy: chooseFile},
	reconcile.NoFile:      {title: unknownDaemon, remedy: "Start sshd with the absolute path of a file, or with none."},
	reconcile.NoProgram:   {title: unknownDaemon, remedy: "Install OpenSSH there again, or restart sshd from where it is now."},
	reconcile.OtherRoot:   {title: unknownDaemon, remedy: "Connect to an sshd, and as a user, whose sessions see the files that the sshd itself reads."},
	reconcile.NotTold:     {title: unknownDaemon, remedy: "Run `sshd -T` as root on the host: it has to work there."},
	reconcile.NoMain:      {title: "sshd's main file cannot be read", remedy: "It is the file that this sshd reads. Put it back on the host, or set `config_file` to the one that is to be managed."},
}

const (
	unknownDaemon = "the sshd of this connection could not be identified"
	chooseFile    = "Set `config_file` to the main file of the sshd that is to be managed."
)
