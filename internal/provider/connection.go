package provider

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// scope is a set of the places in which connection settings are written.
type scope int

const (
	inConnection scope = 1 << iota // the provider's connection block
	inHosts                        // an entry of the provider's hosts
	inJump                         // a hop, in the provider or in a resource
	inSSH                          // a resource's ssh object, which state holds
)

// everywhere leaves out the ssh object of no setting; secrets are kept from
// there by connectionAttributes.
const everywhere = inConnection | inHosts | inJump | inSSH

// connectionAttribute is one connection setting. The type behind slot decides
// the attribute's type in every schema.
type connectionAttribute struct {
	name string
	in   scope
	doc  string
	// slot returns a pointer to the setting's field.
	slot func(*host.Settings) any
	// only lists the words that are accepted; nil accepts every text.
	only []string
	// least and most bound a number; both 0 is no bound.
	least, most int64
}

// secret reports whether the attribute's value may be shown to nobody.
func (a connectionAttribute) secret() bool {
	_, is := a.slot(&host.Settings{}).(**host.Secret)
	return is
}

// connectionAttributes lists the settings that may be written in place. What a
// resource holds ends up in state, and Read and Delete see nothing but state: a
// secret there could neither be kept nor used.
func connectionAttributes(place scope) []connectionAttribute {
	var found []connectionAttribute
	for _, a := range allConnectionAttributes() {
		if a.in&place != 0 && !(place == inSSH && a.secret()) {
			found = append(found, a)
		}
	}
	return found
}

func allConnectionAttributes() []connectionAttribute {
	return append(reachAttributes(), append(loginAttributes(), pacingAttributes()...)...)
}

func reachAttributes() []connectionAttribute {
	return []connectionAttribute{
		{name: "transport", in: inConnection | inHosts, only: []string{"ssh", "local", "image"},
			doc:  "How the machine is reached: `ssh` (default), `local` (the machine that runs Terraform) or `image` (a mounted root file system that nobody has booted: its own programs judge and are run by `chroot`, which needs root; no daemon is touched).",
			slot: func(s *host.Settings) any { return &s.Transport }},
		{name: "root", in: inHosts,
			doc:  "Directory in which the image is mounted, for `transport = \"image\"`.",
			slot: func(s *host.Settings) any { return &s.Root }},
		{name: "host", in: inHosts | inJump,
			doc:  "Address or name to dial. In an entry of `hosts` it defaults to the entry's key.",
			slot: func(s *host.Settings) any { return &s.Host }},
		{name: "port", in: everywhere, least: 1, most: 65535,
			doc:  "TCP port of sshd. Default `22`.",
			slot: func(s *host.Settings) any { return &s.Port }},
		{name: "user", in: everywhere,
			doc:  "User to log in as. Default: the user who runs Terraform, as for `ssh`. Names that `ssh` refuses are refused here too: with quotes, parentheses, braces or one of `;&<>|` in them, or a dash at the beginning.",
			slot: func(s *host.Settings) any { return &s.User }},
		{name: "host_keys", in: everywhere,
			doc: "Public host keys that the host may show, or keys of authorities that may have certified its key (`@cert-authority` in front says that it is nothing else): `ssh-ed25519 AAAA…`. " +
				"Any of them is accepted, whatever its type. In `connection` they count for every host that has none of its own. See the guide *Host keys*.",
			slot: func(s *host.Settings) any { return &s.HostKeys }},
		{name: "known_hosts", in: everywhere,
			doc:  "Text in `known_hosts` format with the host's keys.",
			slot: func(s *host.Settings) any { return &s.KnownHosts }},
		{name: "known_hosts_files", in: everywhere,
			doc:  "Files in `known_hosts` format on the machine that runs Terraform. They must be readable. Default: the user's and the system's own, as far as they can be read.",
			slot: func(s *host.Settings) any { return &s.KnownHostsFiles }},
		{name: "host_key_policy", in: everywhere, only: []string{"strict", "accept-new", "insecure"},
			doc: "What to do about a host key that nothing vouches for: `strict` (default) refuses it, `accept-new` accepts the first one and records it in state (`host_key_sha256`), " +
				"`insecure` accepts every key that is not revoked, every time. A key that differs from a known one is refused under the first two. " +
				"A jump host has its own policy and its own record, and never that of the host behind it.",
			slot: func(s *host.Settings) any { return &s.HostKeyPolicy }},
		{name: "proxy_command", in: everywhere,
			doc: "Command, run by a shell on the machine that runs Terraform, whose standard input and output are the connection, as in `ssh_config(5)`. " +
				"The tokens `%h` (host), `%p` (port), `%r` (user), `%n` (host as it is given) must each be one plain word: letters, digits and `._-:%@+,/`; anything else is refused, because the shell would read it.",
			slot: func(s *host.Settings) any { return &s.ProxyCommand }},
		{name: "proxy_url", in: everywhere,
			doc:  "Proxy to dial through: `http://…`, `socks5://…`. May contain credentials.",
			slot: func(s *host.Settings) any { return &s.ProxyURL }},
		{name: "ssh_config_file", in: everywhere,
			doc: "File in `ssh_config(5)` format, such as `~/.ssh/config`, to take settings from that are given nowhere else, for the host and for each hop; `none` takes none. " +
				"Read as by `ssh -F`: see *Settings from an ssh_config* in the provider's documentation.",
			slot: func(s *host.Settings) any { return &s.SSHConfigFile }},
	}
}

func loginAttributes() []connectionAttribute {
	return []connectionAttribute{
		{name: "private_key", in: everywhere,
			doc:  "Private key, its contents, in OpenSSH or PEM format.",
			slot: func(s *host.Settings) any { return &s.PrivateKey }},
		{name: "private_key_path", in: everywhere,
			doc:  "File of the private key on the machine that runs Terraform, read when it is used.",
			slot: func(s *host.Settings) any { return &s.PrivateKeyPath }},
		{name: "private_key_passphrase", in: everywhere,
			doc:  "Passphrase of the private key.",
			slot: func(s *host.Settings) any { return &s.PrivateKeyPassphrase }},
		{name: "certificate", in: everywhere,
			doc:  "OpenSSH user certificate that belongs to the private key.",
			slot: func(s *host.Settings) any { return &s.Certificate }},
		{name: "password", in: everywhere,
			doc:  "Password, for the methods `password` and `keyboard-interactive`.",
			slot: func(s *host.Settings) any { return &s.Password }},
		{name: "agent", in: everywhere,
			doc:  "Whether the keys of an SSH agent are offered. Default: when `agent_socket` or `SSH_AUTH_SOCK` is set and no key is given.",
			slot: func(s *host.Settings) any { return &s.Agent }},
		{name: "agent_identity", in: everywhere,
			doc:  "The one key of the agent to offer: its comment, fingerprint (`SHA256:…`) or public key.",
			slot: func(s *host.Settings) any { return &s.AgentIdentity }},
		{name: "agent_socket", in: everywhere,
			doc:  "Socket of the agent. Default: `SSH_AUTH_SOCK`.",
			slot: func(s *host.Settings) any { return &s.AgentSocket }},
		{name: "identities_only", in: everywhere,
			doc:  "Whether only the key given here is offered, even if an agent holds more. Default `true` with `agent_identity`, else `false`.",
			slot: func(s *host.Settings) any { return &s.IdentitiesOnly }},
		{name: "sudo", in: inConnection | inHosts | inSSH,
			doc:  "Whether root's privileges are obtained with `sudo`. Default `false`: the user must be root.",
			slot: func(s *host.Settings) any { return &s.Sudo }},
		{name: "sudo_password", in: inConnection | inHosts,
			doc:  "Password for `sudo`, sent on standard input and only when it is asked for.",
			slot: func(s *host.Settings) any { return &s.SudoPassword }},
		{name: "sudo_user", in: inConnection | inHosts | inSSH,
			doc:  "User to become with `sudo`. Default `root`.",
			slot: func(s *host.Settings) any { return &s.SudoUser }},
	}
}

func pacingAttributes() []connectionAttribute {
	return []connectionAttribute{
		{name: "connect_timeout", in: everywhere,
			doc:  "How long opening the TCP connection may take. Default `10s`.",
			slot: func(s *host.Settings) any { return &s.ConnectTimeout }},
		{name: "handshake_timeout", in: everywhere,
			doc:  "How long the SSH handshake and authentication may take after that. Default `30s`.",
			slot: func(s *host.Settings) any { return &s.HandshakeTimeout }},
		{name: "command_timeout", in: inConnection | inHosts | inSSH,
			doc:  "How long one command on the host may take. Default `60s`.",
			slot: func(s *host.Settings) any { return &s.CommandTimeout }},
		{name: "connect_wait", in: inConnection | inHosts | inSSH,
			doc:  "How long an apply or a destroy keeps trying until sshd answers, for fresh machines; a refresh and a plan never wait. Default `0s`: one round of attempts.",
			slot: func(s *host.Settings) any { return &s.ConnectWait }},
		{name: "keepalive_interval", in: everywhere,
			doc:  "How long our own connection may be silent before we ask the server for a sign of life. Default `15s`.",
			slot: func(s *host.Settings) any { return &s.KeepaliveInterval }},
		{name: "keepalive_count_max", in: everywhere, least: 1, most: 1000,
			doc:  "How many such questions may go unanswered before the connection counts as lost. Default `3`.",
			slot: func(s *host.Settings) any { return &s.KeepaliveCountMax }},
		{name: "max_sessions", in: inConnection | inHosts | inSSH, least: 1, most: 1000,
			doc:  "How many commands may run at once over one connection. Default `5`, well below sshd's own limit of 10, which counts sessions until they are reaped.",
			slot: func(s *host.Settings) any { return &s.MaxSessions }},
	}
}

// bastionAttributes are the names that Terraform's own connection block has for
// a single hop.
func bastionAttributes() []connectionAttribute {
	return []connectionAttribute{
		{name: "bastion_host", doc: "Address of the one hop to go through; short for a `jump` list of one. Attributes of the hop that are not given here are those of the host itself, except its port, host keys and host key policy.",
			slot: func(s *host.Settings) any { return &s.Host }},
		{name: "bastion_port", doc: "Port of that hop. Default `22`.", least: 1, most: 65535,
			slot: func(s *host.Settings) any { return &s.Port }},
		{name: "bastion_user", doc: "User on that hop.",
			slot: func(s *host.Settings) any { return &s.User }},
		{name: "bastion_password", doc: "Password on that hop.",
			slot: func(s *host.Settings) any { return &s.Password }},
		{name: "bastion_private_key", doc: "Private key for that hop, its contents.",
			slot: func(s *host.Settings) any { return &s.PrivateKey }},
		{name: "bastion_certificate", doc: "User certificate for that hop.",
			slot: func(s *host.Settings) any { return &s.Certificate }},
		{name: "bastion_host_key", doc: "Public host key, or key of a certificate authority, of that hop.",
			slot: func(s *host.Settings) any { return &s.HostKeys }},
	}
}
