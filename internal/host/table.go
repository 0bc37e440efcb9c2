package host

import (
	"sync"
	"time"
)

// AllSettings returns the table of connection settings, but for the list of jump
// hosts, which are settings of machines of their own.
func AllSettings() []Setting { return settingTable() }

var settingTable = sync.OnceValue(func() []Setting {
	var all []Setting
	for _, rows := range [][]Setting{reachSettings(), trustSettings(), routeSettings(), loginSettings(), fileSettings(), rootSettings(), limitSettings()} {
		all = append(all, rows...)
	}
	return all
})

// hostKeyGroup are the settings that hold host keys.
const hostKeyGroup = "host keys"

func reachSettings() []Setting {
	return []Setting{
		{
			Name: "transport", In: InConnection | InHosts, OneOf: []string{TransportSSH, TransportLocal, TransportImage}, use: ofMachine,
			Doc:   "How the machine is reached: `ssh`, `local` (the machine that runs Terraform) or `image` (a mounted root file system that was not booted yet: its own programs judge and are run by `chroot`, which needs root; daemons are not touched).",
			field: one(func(s *Settings) **string { return &s.Transport }, func(s *Spec) *string { return &s.Transport }, TransportSSH),
		},
		{
			Name: "root", In: InHosts, use: ofMachine,
			Doc:   "Directory in which the image is mounted, for `transport = \"image\"`.",
			field: one(func(s *Settings) **string { return &s.Root }, func(s *Spec) *string { return &s.Root }, ""),
		},
		{
			Name: "host", In: InHosts | InJump, novar: true, use: ofMachine,
			Doc:     "Address or name to dial. In an entry of `hosts` it defaults to the entry's key.",
			Bastion: "bastion_host", BastionDoc: "Address of the one hop to go through; short for a `jump` list of one. Attributes of the hop that are not given here are those of the host itself, except its port, host keys and host key policy.",
			field: one(func(s *Settings) **string { return &s.Host }, func(s *Spec) *string { return &s.Host }, ""),
		},
		{
			Name: "port", In: everywhere, Min: 1, Max: 65535, use: ofMachine,
			Doc:     "TCP port of sshd.",
			Bastion: "bastion_port", BastionDoc: "Port of that hop. Default `22`.",
			field: one(func(s *Settings) **int { return &s.Port }, func(s *Spec) *int { return &s.Port }, 22),
		},
		{
			Name: "user", In: everywhere, Default: "the user who runs Terraform, as for `ssh`",
			Doc:     "User to log in as. Names that `ssh` refuses are refused here too: with quotes, parentheses, braces or one of `;&<>|` in them, or a dash at the beginning.",
			Bastion: "bastion_user", BastionDoc: "User on that hop.",
			field: one(func(s *Settings) **string { return &s.User }, func(s *Spec) *string { return &s.User }, ""),
		},
	}
}

func trustSettings() []Setting {
	return []Setting{
		{
			Name: "host_keys", In: everywhere, Singular: "host_key", group: hostKeyGroup, use: ofMachine,
			Doc: "Public host keys that the host may show, or keys of authorities that may have certified its key (`@cert-authority` in front says that it is nothing else): `ssh-ed25519 AAAA…`. " +
				"Any of them is accepted, whatever its type. In `connection` they count for every host that has none of its own. See the guide *Host keys*.",
			Bastion: "bastion_host_key", BastionDoc: "Public host key, or key of a certificate authority, of that hop.",
			field: list{func(s *Settings) *[]string { return &s.HostKeys }, func(s *Spec) *[]string { return &s.HostKeys }},
		},
		{
			Name: "known_hosts", In: everywhere, group: hostKeyGroup, unshown: true,
			Doc:   "Text in `known_hosts` format with the host's keys.",
			field: one(func(s *Settings) **string { return &s.KnownHosts }, func(s *Spec) *string { return &s.KnownHosts }, ""),
		},
		{
			Name: "known_hosts_files", In: everywhere, group: hostKeyGroup, Default: "the user's and the system's own, as far as they can be read",
			Doc:   "Files in `known_hosts` format on the machine that runs Terraform. They must be readable.",
			field: list{func(s *Settings) *[]string { return &s.KnownHostsFiles }, func(s *Spec) *[]string { return &s.KnownHostsFiles }},
		},
		{
			Name: "host_key_policy", In: everywhere, OneOf: []string{PolicyStrict, PolicyAcceptNew, PolicyInsecure}, use: ofMachine,
			Doc: "What to do about a host key that nothing vouches for: `strict` refuses it, `accept-new` accepts the first one and records it in state (`host_key_sha256`), " +
				"`insecure` accepts every key that is not revoked, every time. A key that differs from a known one is refused under the first two. " +
				"A jump host has its own policy and its own record, and never that of the host behind it.",
			field: one(func(s *Settings) **string { return &s.HostKeyPolicy }, func(s *Spec) *string { return &s.HostKeyPolicy }, PolicyStrict),
		},
		{Name: "default_known_hosts", field: list{func(s *Settings) *[]string { return &s.DefaultKnownHosts }, func(s *Spec) *[]string { return &s.DefaultKnownHosts }}},
		{Name: "host_key_alias", use: ofMachine, field: one(func(s *Settings) **string { return &s.HostKeyAlias }, func(s *Spec) *string { return &s.HostKeyAlias }, "")},
		{Name: "check_host_ip", use: ofMachine, field: one(func(s *Settings) **bool { return &s.CheckHostIP }, func(s *Spec) *bool { return &s.CheckHostIP }, false)},
		{Name: "host_key_sha256", use: ofMachine, field: one(func(s *Settings) **string { return &s.PinnedHostKey }, func(s *Spec) *string { return &s.PinnedHostKey }, "")},
	}
}

func routeSettings() []Setting {
	return []Setting{
		{
			Name: "proxy_command", In: everywhere, group: "proxy", unshown: true, use: ofMachine,
			Doc: "Command, run by a shell on the machine that runs Terraform, whose standard input and output are the connection, as in `ssh_config(5)`. `none` stands for no command. " +
				"The tokens `%h` (host), `%p` (port), `%r` (user), `%n` (host as it is given) must each be one plain word: letters, digits and `._-:%@+,/`; anything else is refused, because the shell would read it.",
			field: one(func(s *Settings) **string { return &s.ProxyCommand }, func(s *Spec) *string { return &s.ProxyCommand }, ""),
		},
		{
			Name: "proxy_url", In: everywhere, group: "proxy", use: ofMachine,
			Doc:   "Proxy to dial through: `http://…`, `socks5://…`. May contain credentials.",
			field: one(func(s *Settings) **Secret { return &s.ProxyURL }, func(s *Spec) *Secret { return &s.ProxyURL }, ""),
		},
		{
			Name: "ssh_config_file", In: everywhere, use: ofMachine,
			Doc: "File in `ssh_config(5)` format, such as `~/.ssh/config`, to take settings from that are given nowhere else, for the host and for each hop; `none` takes none. " +
				"Read as by `ssh -F`: see *Settings from an ssh_config* in the provider's documentation.",
			field: one(func(s *Settings) **string { return &s.SSHConfigFile }, nil, ""),
		},
		{Name: "address_family", field: one(func(s *Settings) **string { return &s.AddressFamily }, func(s *Spec) *string { return &s.AddressFamily }, "")},
	}
}

func loginSettings() []Setting {
	return []Setting{
		{
			Name: "private_key", In: everywhere, group: "private key", use: asLogin,
			Doc:     "Private key, its contents, in OpenSSH or PEM format.",
			Bastion: "bastion_private_key", BastionDoc: "Private key for that hop, its contents.",
			field: one(func(s *Settings) **Secret { return &s.PrivateKey }, func(s *Spec) *Secret { return &s.PrivateKey }, ""),
		},
		{
			Name: "private_key_path", In: everywhere, group: "private key", use: asLogin,
			Doc:   "File of the private key on the machine that runs Terraform, read when it is used. As for `ssh`, other accounts must not be able to read it (`chmod 600`).",
			field: one(func(s *Settings) **string { return &s.PrivateKeyPath }, func(s *Spec) *string { return &s.PrivateKeyPath }, ""),
		},
		{
			Name: "private_key_passphrase", In: everywhere, use: ofLogin,
			Doc:   "Passphrase of the private key.",
			field: one(func(s *Settings) **Secret { return &s.PrivateKeyPassphrase }, func(s *Spec) *Secret { return &s.PrivateKeyPassphrase }, ""),
		},
		{
			Name: "certificate", In: everywhere, unshown: true, use: ofLogin,
			Doc:     "OpenSSH user certificate that belongs to the private key, its text or its file. It is offered before the key itself.",
			Bastion: "bastion_certificate", BastionDoc: "User certificate for that hop.",
			field: one(func(s *Settings) **string { return &s.Certificate }, func(s *Spec) *string { return &s.Certificate }, ""),
		},
		{
			Name: "password", In: everywhere, use: asLogin,
			Doc:     "Password, for the methods `keyboard-interactive` and `password`. It is sent once, after the keys of the agent and of the files were tried.",
			Bastion: "bastion_password", BastionDoc: "Password on that hop.",
			field: one(func(s *Settings) **Secret { return &s.Password }, func(s *Spec) *Secret { return &s.Password }, ""),
		},
		{
			Name: "agent", In: everywhere, use: asLogin, Default: "when `agent_socket` or `SSH_AUTH_SOCK` is set and no key is given, also beside a `password`",
			Doc: "Whether the keys of an SSH agent are offered.",
			field: unsaid{
				single[bool]{slot: func(s *Settings) **bool { return &s.Agent }},
				func(s *Spec) **bool { return &s.Agent },
			},
		},
		{
			Name: "agent_identity", In: everywhere, use: asLogin,
			Doc:   "The one key of the agent to offer: its comment, fingerprint (`SHA256:…`) or public key.",
			field: one(func(s *Settings) **string { return &s.AgentIdentity }, func(s *Spec) *string { return &s.AgentIdentity }, ""),
		},
		{
			Name: "agent_socket", In: everywhere, use: ofLogin, Default: "`SSH_AUTH_SOCK`",
			Doc:   "Socket of the agent.",
			field: one(func(s *Settings) **string { return &s.AgentSocket }, func(s *Spec) *string { return &s.AgentSocket }, ""),
		},
		{
			Name: "identities_only", In: everywhere, use: ofLogin, Default: "`true` with `agent_identity`, else `false`",
			Doc:   "Whether only the key given here is offered, even if an agent holds more.",
			field: one(func(s *Settings) **bool { return &s.IdentitiesOnly }, func(s *Spec) *bool { return &s.IdentitiesOnly }, false),
		},
	}
}

// fileSettings are the keys that only an ssh_config names.
func fileSettings() []Setting {
	return []Setting{
		{
			Name: "identity_files", behind: []string{"private_key", "private_key_path", "agent_identity"},
			field: list{func(s *Settings) *[]string { return &s.IdentityFiles }, func(s *Spec) *[]string { return &s.IdentityFiles }},
		},
		{
			Name: "certificate_files", behind: []string{"certificate"},
			field: list{func(s *Settings) *[]string { return &s.CertificateFiles }, func(s *Spec) *[]string { return &s.CertificateFiles }},
		},
	}
}

func rootSettings() []Setting {
	return []Setting{
		{
			Name: "sudo", In: InConnection | InHosts | InSSH, use: ofMachine,
			Doc:   "Whether root's privileges are obtained with `sudo`. If not, the user must be root.",
			field: one(func(s *Settings) **bool { return &s.Sudo }, func(s *Spec) *bool { return &s.Sudo }, false),
		},
		{
			Name: "sudo_password", In: InConnection | InHosts, use: ofMachine,
			Doc:   "Password for `sudo`, sent on standard input and only when it is asked for.",
			field: one(func(s *Settings) **Secret { return &s.SudoPassword }, func(s *Spec) *Secret { return &s.SudoPassword }, ""),
		},
		{
			Name: "sudo_user", In: InConnection | InHosts | InSSH, use: ofMachine, Default: "`root`",
			Doc:   "User to become with `sudo`.",
			field: one(func(s *Settings) **string { return &s.SudoUser }, func(s *Spec) *string { return &s.SudoUser }, ""),
		},
	}
}

func limitSettings() []Setting {
	return []Setting{
		{
			Name: "connect_timeout", In: everywhere,
			Doc:   "How long opening the TCP connection may take.",
			field: one(func(s *Settings) **time.Duration { return &s.ConnectTimeout }, func(s *Spec) *time.Duration { return &s.ConnectTimeout }, 10*time.Second),
		},
		{
			Name: "handshake_timeout", In: everywhere,
			Doc:   "How long the SSH handshake and authentication may take after that. The time that an agent takes to sign does not count: it has two minutes for each key.",
			field: one(func(s *Settings) **time.Duration { return &s.HandshakeTimeout }, func(s *Spec) *time.Duration { return &s.HandshakeTimeout }, 30*time.Second),
		},
		{
			Name: "command_timeout", In: InConnection | InHosts | InSSH,
			Doc:   "How long one command on the host may take.",
			field: one(func(s *Settings) **time.Duration { return &s.CommandTimeout }, func(s *Spec) *time.Duration { return &s.CommandTimeout }, time.Minute),
		},
		{
			Name: "connect_wait", In: InConnection | InHosts | InSSH, zero: true,
			Doc:   "How long an apply or a destroy keeps trying until sshd answers, for fresh machines; a refresh and a plan never wait. `0s` is one round of attempts.",
			field: one(func(s *Settings) **time.Duration { return &s.ConnectWait }, func(s *Spec) *time.Duration { return &s.ConnectWait }, 0),
		},
		{
			Name: "keepalive_interval", In: everywhere, zero: true,
			Doc:   "How long our own connection may be silent before we ask the server for a sign of life.",
			field: one(func(s *Settings) **time.Duration { return &s.KeepaliveInterval }, func(s *Spec) *time.Duration { return &s.KeepaliveInterval }, 15*time.Second),
		},
		{
			Name: "keepalive_count_max", In: everywhere, Min: 1, Max: 1000,
			Doc:   "How many such questions may go unanswered before the connection counts as lost.",
			field: one(func(s *Settings) **int { return &s.KeepaliveCountMax }, func(s *Spec) *int { return &s.KeepaliveCountMax }, 3),
		},
		{
			Name: "max_sessions", In: InConnection | InHosts | InSSH, Min: 1, Max: 1000,
			Doc:   "How many commands may run at once over one connection. The default is well below sshd's own limit of 10, which counts sessions until they are reaped.",
			field: one(func(s *Settings) **int { return &s.MaxSessions }, func(s *Spec) *int { return &s.MaxSessions }, 5),
		},
	}
}
