package baseline

// devSec has the defaults of the role, whose tests accept no other value.
func devSec() Baseline {
	const document = "DevSec SSH hardening role, 2026-05"
	return Baseline{
		Name: "dev-sec", Title: "DevSec SSH baseline", Version: document,
		Recommendations: sourced(document, []Recommendation{
			{Keyword: "ClientAliveInterval", Value: "300", Source: "ssh_client_alive_interval", Reason: everyoneKeeps},
			{Keyword: "ClientAliveCountMax", Value: "3", Source: "ssh_client_alive_count", Reason: everyoneKeeps},
			{Keyword: "TCPKeepAlive", Value: "no", Source: "opensshd.conf", Reason: "probes of TCP can be spoofed, those of SSH cannot"},
			{Keyword: "LoginGraceTime", Value: "30s", Source: "ssh_login_grace_time", Reason: fewStartups},
			{Keyword: "MaxAuthTries", Value: "2", Source: "ssh_max_auth_retries", Reason: brute, Risk: shutsManyKeys},
			{Keyword: "MaxSessions", Value: "10", Source: "ssh_max_sessions", Reason: fewStartups},
			{Keyword: "MaxStartups", Value: "10:30:60", Source: "ssh_max_startups", Reason: fewStartups},
			{Keyword: "AllowAgentForwarding", Value: "no", Source: "ssh_allow_agent_forwarding", Reason: "root on the host could use the client's agent"},
			{Keyword: "AllowTcpForwarding", Value: "no", Source: "ssh_allow_tcp_forwarding", Reason: tunnels, Risk: shutsJumps},
			{Keyword: "AuthenticationMethods", Value: "publickey", Source: "sshd_authenticationmethods", Reason: "keys cannot be guessed", Risk: shutsPasswords},
			{Keyword: "Banner", Value: "none", Source: "ssh_banner", Reason: "says nothing about the host before the login"},
			{Keyword: "Compression", Value: "no", Source: "ssh_compression", Reason: notUsed},
			{Keyword: "GatewayPorts", Value: "no", Source: "ssh_gateway_ports", Reason: tunnels},
			{Keyword: "GSSAPIAuthentication", Value: "no", Source: "ssh_gssapi_support", Reason: notUsed},
			{Keyword: "HostbasedAuthentication", Value: "no", Source: "opensshd.conf", Reason: hostTrust},
			{Keyword: "IgnoreRhosts", Value: "yes", Source: "opensshd.conf", Reason: hostTrust},
			{Keyword: "IgnoreUserKnownHosts", Value: "yes", Source: "opensshd.conf", Reason: hostTrust},
			{Keyword: "KbdInteractiveAuthentication", Value: "no", Source: "ssh_challengeresponseauthentication", Reason: "it asks for passwords, too", Risk: shutsPasswords},
			{Keyword: "KerberosAuthentication", Value: "no", Source: "ssh_kerberos_support", Reason: notUsed},
			{Keyword: "LogLevel", Value: "VERBOSE", Source: "sshd_log_level", Reason: whoCame},
			{Keyword: "PasswordAuthentication", Value: "no", Source: "ssh_server_password_login", Reason: brute, Risk: shutsPasswords},
			{Keyword: "PermitEmptyPasswords", Value: "no", Source: "opensshd.conf", Reason: noEmpty},
			{Keyword: "PermitRootLogin", Value: "no", Source: "ssh_permit_root_login", Reason: personal, Risk: shutsRoot},
			{Keyword: "PermitTunnel", Value: "no", Source: "ssh_permit_tunnel", Reason: tunnels},
			{Keyword: "PermitUserEnvironment", Value: "no", Source: "ssh_server_permit_environment_vars", Reason: noEnvironment},
			{Keyword: "PrintLastLog", Value: "no", Source: "ssh_print_last_log", Reason: "left to PAM"},
			{Keyword: "PrintMotd", Value: "no", Source: "ssh_print_motd", Reason: "left to PAM"},
			{Keyword: "PubkeyAuthentication", Value: "yes", Source: "ssh_pubkey_authentication", Reason: "keys cannot be guessed"},
			{Keyword: "StrictModes", Value: "yes", Source: "sshd_strict_modes", Reason: "keys that others can write are not trusted"},
			{Keyword: "UseDNS", Value: "no", Source: "ssh_use_dns", Reason: "a slow name server does not slow down logins"},
			{Keyword: "UsePAM", Value: "yes", Source: "ssh_use_pam", Reason: pamDecides},
			{Keyword: "X11Forwarding", Value: "no", Source: "ssh_x11_forwarding", Reason: display},
			{Keyword: "X11UseLocalhost", Value: "yes", Source: "opensshd.conf", Reason: display},
			{Keyword: "Ciphers", Value: modernCiphers, Source: "ssh_ciphers_66_default", Reason: modernAlgorithms, Risk: shutsOldOnes},
			{Keyword: "KexAlgorithms", Value: "sntrup761x25519-sha512@openssh.com,sntrup4591761x25519-sha512@tinyssh.org,curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256",
				Source: "ssh_kex_85_default", Reason: modernAlgorithms, Risk: shutsOldOnes},
			{Keyword: "MACs", Value: "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-512,hmac-sha2-256",
				Source: "ssh_macs_76_default", Reason: modernAlgorithms, Risk: shutsOldOnes},
		}),
		Omissions: []Omission{
			{"ListenAddress", "the role's 0.0.0.0 would close IPv6"},
			{"RevokedKeys", "the role writes /etc/ssh/revoked_keys; without that file sshd refuses every key"},
			{"Subsystem", "the role replaces sftp and confines a group sftponly, which is a decision of its own"},
		},
	}
}

// sshAudit has nothing to say of keepalive. The guide for Debian 12 is the one
// whose lists every release since 8.5 can do in large part; mlkem768x25519-sha256
// and the final name of sntrup761 came with the guides for newer systems.
func sshAudit() Baseline {
	const document = "ssh-audit hardening guide for Debian 12 servers, 2024-10"
	return Baseline{
		Name: "ssh-audit", Title: "ssh-audit hardening guides", Version: document,
		Recommendations: sourced(document, []Recommendation{
			{Keyword: "Ciphers", Value: "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-gcm@openssh.com,aes128-ctr",
				Source: "Ciphers", Reason: modernAlgorithms, Risk: shutsOldOnes},
			{Keyword: "KexAlgorithms", Value: "mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org," +
				"diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512",
				Source: "KexAlgorithms", Reason: "safe against recorded traffic and future computers where the client can", Risk: shutsOldOnes},
			{Keyword: "MACs", Value: "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com",
				Source: "MACs", Reason: "tags over the cipher text only", Risk: shutsOldOnes},
			{Keyword: "HostKeyAlgorithms", Value: modernKeys, Source: "HostKeyAlgorithms", Reason: "the NIST curves are not trusted", Risk: "clients that know only the host's ECDSA key"},
			{Keyword: "PubkeyAcceptedAlgorithms", Value: modernKeys, Source: "PubkeyAcceptedAlgorithms", Reason: "the NIST curves are not trusted", Risk: shutsKeyTypes},
			{Keyword: "HostbasedAcceptedAlgorithms", Value: modernKeys, Source: "HostbasedAcceptedAlgorithms", Reason: "the NIST curves are not trusted"},
			{Keyword: "CASignatureAlgorithms", Value: "sk-ssh-ed25519@openssh.com,ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
				Source: "CASignatureAlgorithms", Reason: "the NIST curves are not trusted", Risk: "users whose certificate was signed with an ECDSA key"},
			{Keyword: "RequiredRSASize", Value: "3072", Source: "RequiredRSASize", Reason: "shorter RSA keys are within reach of factoring", bound: atLeast, Risk: shutsKeyTypes},
		}),
		Omissions: []Omission{
			{"GSSAPIKexAlgorithms", "only patched builds know it, and others refuse to start"},
		},
	}
}
