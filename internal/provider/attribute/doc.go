// Package attribute holds what the attributes of several schemas share: the type of
// times, validators, values, and documentation. It may not know any resource or data source.
package attribute

// What attributes mean that several resources and data sources have.
const (
	SSHDoc      = "How this host is reached, where that differs from the provider's `connection` and `hosts`. Secrets have no place here, because state would keep them: put them into the provider block."
	ContentDoc  = "Exactly the lines that we manage there; known at plan."
	DeadPeerDoc = "Seconds until this sshd drops a silent peer that answers nothing, computed for its version; null when it never does. " +
		"Since 9.2 sshd does not probe a session to which it writes more often than `client_alive_interval`, such as a build log or `tail -f`: a client of such a session that vanished stays until TCP gives up, after about 15 minutes with Linux's defaults. `net.ipv4.tcp_retries2 = 5` on the host shortens that to about 15 seconds; `unused_connection_timeout` does not help. See [sessions that write](../guides/sessions-that-write)."
	MainFileDoc  = "The main configuration file. Default: the one that the running sshd uses."
	VersionDoc   = "The host's sshd, as it names itself."
	HostKeyIDDoc = "Fingerprint of the host key that the host showed."
	MachineIDDoc = "Identifies the installed system (`/etc/machine-id` or its like), to tell a machine from another one at the same address. Clones may share it: they are told apart by their host keys. Null when the host has none."
)
