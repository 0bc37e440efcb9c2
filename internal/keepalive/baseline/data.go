package baseline

import "slices"

// Whom a value can shut out.
const (
	shutsRoot      = "root, and everything that logs in as root"
	shutsPasswords = "users who log in by password"
	shutsJumps     = "connections that jump through the host, and forwarded ports"
	shutsManyKeys  = "clients whose agent offers more keys than that before the right one"
	shutsKeyTypes  = "users whose key is an ECDSA or a short RSA one"
	shutsOldOnes   = "clients that know none of the algorithms"
	shutsNet       = "clients of an old SSH library that know no other algorithms"
)

// Reasons that several baselines have.
const (
	everyoneKeeps    = "a peer that is gone is noticed and its session ends"
	brute            = "slows down the guessing of passwords"
	personal         = "what administrators do can be told apart by person"
	hostTrust        = "trust in a client's host name does not authenticate it"
	noEmpty          = "an account without a password is open to everyone"
	noEnvironment    = "a user could set LD_PRELOAD and step around restrictions"
	whoCame          = "the log says which key logged in"
	pamDecides       = "account and session rules of PAM apply to SSH"
	fewStartups      = "many unfinished logins cannot keep everybody out"
	notUsed          = "less code before the login where it is not used"
	weakCiphers      = "CBC mode and 3DES leak plain text to an attacker who can wait"
	weakExchange     = "exchanges with SHA-1 or a short group can be broken"
	weakIntegrity    = "MD5, SHA-1 and 64 bit tags can be forged with effort"
	display          = "a forwarded display lets the host watch the client's screen"
	tunnels          = "forwarded ports lead around firewalls"
	modernAlgorithms = "only algorithms without known weakness are left"
)

const (
	modernCiphers = "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr"
	noCBC         = "-3des-cbc,aes128-cbc,aes192-cbc,aes256-cbc"
	noSHA1        = "-diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1"
	noShortMACs   = "-hmac-md5,hmac-md5-96,hmac-ripemd160,hmac-sha1-96,umac-64@openssh.com,hmac-md5-etm@openssh.com,hmac-md5-96-etm@openssh.com," +
		"hmac-ripemd160-etm@openssh.com,hmac-sha1-96-etm@openssh.com,umac-64-etm@openssh.com,umac-128-etm@openssh.com"
	modernKeys = "sk-ssh-ed25519-cert-v01@openssh.com,ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,rsa-sha2-256-cert-v01@openssh.com," +
		"sk-ssh-ed25519@openssh.com,ssh-ed25519,rsa-sha2-512,rsa-sha2-256"
)

// sourced sets the source of each recommendation: document and rule.
func sourced(document string, list []Recommendation) []Recommendation {
	list = slices.Clone(list)
	for i := range list {
		list[i].Source = document + ", " + list[i].Source
	}
	return list
}

// cis uses removals for algorithms, as the benchmarks for Red Hat do: they say
// the same on every build. For the keepalive pair the benchmark accepts every
// positive value and gives 15 and 3 as its example.
func cis() Baseline {
	const document = "CIS Ubuntu Linux 24.04 LTS Benchmark 1.0.0"
	return Baseline{
		Name: "cis", Title: "CIS Benchmark", Version: document,
		Recommendations: sourced(document, []Recommendation{
			{Keyword: "ClientAliveInterval", Value: "15", Source: "5.1.7", Reason: everyoneKeeps, bound: positive},
			{Keyword: "ClientAliveCountMax", Value: "3", Source: "5.1.7", Reason: everyoneKeeps, bound: positive},
			{Keyword: "LoginGraceTime", Value: "60", Source: "5.1.13", Reason: fewStartups, bound: atMost},
			{Keyword: "MaxAuthTries", Value: "4", Source: "5.1.16", Reason: brute, bound: atMost, Risk: shutsManyKeys},
			{Keyword: "MaxSessions", Value: "10", Source: "5.1.17", Reason: fewStartups, bound: atMost},
			{Keyword: "MaxStartups", Value: "10:30:60", Source: "5.1.18", Reason: fewStartups, bound: startups},
			{Keyword: "Banner", Value: "/etc/issue.net", Source: "5.1.5", Reason: "who logs in has read the terms"},
			{Keyword: "DisableForwarding", Value: "yes", Source: "5.1.8", Reason: tunnels, Risk: shutsJumps},
			{Keyword: "GSSAPIAuthentication", Value: "no", Source: "5.1.9", Reason: notUsed},
			{Keyword: "HostbasedAuthentication", Value: "no", Source: "5.1.10", Reason: hostTrust},
			{Keyword: "IgnoreRhosts", Value: "yes", Source: "5.1.11", Reason: hostTrust},
			{Keyword: "LogLevel", Value: "VERBOSE", Source: "5.1.14", Reason: whoCame, also: []string{"INFO"}},
			{Keyword: "PermitEmptyPasswords", Value: "no", Source: "5.1.19", Reason: noEmpty},
			{Keyword: "PermitRootLogin", Value: "no", Source: "5.1.20", Reason: personal, Risk: shutsRoot},
			{Keyword: "PermitUserEnvironment", Value: "no", Source: "5.1.21", Reason: noEnvironment},
			{Keyword: "UsePAM", Value: "yes", Source: "5.1.22", Reason: pamDecides},
			{Keyword: "Ciphers", Value: noCBC, Source: "5.1.6", Reason: weakCiphers, Risk: shutsNet},
			{Keyword: "KexAlgorithms", Value: noSHA1, Source: "5.1.12", Reason: weakExchange, Risk: shutsNet},
			{Keyword: "MACs", Value: noShortMACs, Source: "5.1.15", Reason: weakIntegrity, Risk: shutsNet},
		}),
		Omissions: []Omission{
			{"AllowUsers", "5.1.4 wants AllowUsers, AllowGroups, DenyUsers or DenyGroups, and only you know the names"},
		},
	}
}

// stig takes the rules of RHEL 9, and the lists of algorithms of Ubuntu 24.04,
// because those of RHEL are set by its crypto policy and not in sshd_config.
func stig() Baseline {
	const red, ubuntu = "DISA STIG for RHEL 9 V2R9", "DISA STIG for Ubuntu 24.04 LTS V1R5"
	return Baseline{
		Name: "stig", Title: "DISA STIG", Version: red + ", " + ubuntu,
		Recommendations: append(sourced(red, []Recommendation{
			{Keyword: "ClientAliveInterval", Value: "600", Source: "RHEL-09-255100", Reason: everyoneKeeps, bound: atMost},
			{Keyword: "ClientAliveCountMax", Value: "1", Source: "RHEL-09-255095", Reason: everyoneKeeps},
			{Keyword: "RekeyLimit", Value: "1G 1h", Source: "RHEL-09-255090", Reason: "little is lost with one session key"},
			{Keyword: "Banner", Value: "/etc/issue", Source: "RHEL-09-255025", Reason: "who logs in has read the terms"},
			{Keyword: "Compression", Value: "no", Source: "RHEL-09-255130", Reason: notUsed, also: []string{"delayed"}},
			{Keyword: "GSSAPIAuthentication", Value: "no", Source: "RHEL-09-255135", Reason: notUsed},
			{Keyword: "HostbasedAuthentication", Value: "no", Source: "RHEL-09-255080", Reason: hostTrust},
			{Keyword: "IgnoreRhosts", Value: "yes", Source: "RHEL-09-255145", Reason: hostTrust},
			{Keyword: "IgnoreUserKnownHosts", Value: "yes", Source: "RHEL-09-255150", Reason: hostTrust},
			{Keyword: "KerberosAuthentication", Value: "no", Source: "RHEL-09-255140", Reason: notUsed},
			{Keyword: "LogLevel", Value: "VERBOSE", Source: "RHEL-09-255030", Reason: whoCame},
			{Keyword: "PermitEmptyPasswords", Value: "no", Source: "RHEL-09-255040", Reason: noEmpty},
			{Keyword: "PermitRootLogin", Value: "no", Source: "RHEL-09-255045", Reason: personal, Risk: shutsRoot},
			{Keyword: "PermitUserEnvironment", Value: "no", Source: "RHEL-09-255085", Reason: noEnvironment},
			{Keyword: "PrintLastLog", Value: "yes", Source: "RHEL-09-255165", Reason: "users see logins that were not theirs"},
			{Keyword: "PubkeyAuthentication", Value: "yes", Source: "RHEL-09-255035", Reason: "keys cannot be guessed"},
			{Keyword: "StrictModes", Value: "yes", Source: "RHEL-09-255160", Reason: "keys that others can write are not trusted"},
			{Keyword: "UsePAM", Value: "yes", Source: "RHEL-09-255050", Reason: pamDecides},
			{Keyword: "X11Forwarding", Value: "no", Source: "RHEL-09-255155", Reason: display},
			{Keyword: "X11UseLocalhost", Value: "yes", Source: "RHEL-09-255175", Reason: display},
		}), sourced(ubuntu, []Recommendation{
			{Keyword: "Ciphers", Value: "aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes128-ctr", Source: "UBTU-24-100820", Reason: "validated for FIPS 140-3", Risk: shutsOldOnes},
			{Keyword: "KexAlgorithms", Value: "ecdh-sha2-nistp521,ecdh-sha2-nistp384,ecdh-sha2-nistp256,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group14-sha256",
				Source: "UBTU-24-100840", Reason: "validated for FIPS 140-3", Risk: shutsOldOnes},
			{Keyword: "MACs", Value: "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512,hmac-sha2-256", Source: "UBTU-24-100830", Reason: "validated for FIPS 140-3", Risk: shutsOldOnes},
		})...),
	}
}

func pciDSS() Baseline {
	const document = "PCI DSS 4.0.1"
	return Baseline{
		Name: "pci-dss", Title: "PCI DSS, as ComplianceAsCode applies it", Version: document,
		Recommendations: sourced(document, []Recommendation{
			{Keyword: "ClientAliveInterval", Value: "900", Source: "8.2.8", Reason: everyoneKeeps, bound: atMost},
			{Keyword: "ClientAliveCountMax", Value: "1", Source: "8.2.8", Reason: everyoneKeeps},
			{Keyword: "LoginGraceTime", Value: "60", Source: "2.2.6", Reason: fewStartups, bound: atMost},
			{Keyword: "MaxAuthTries", Value: "4", Source: "2.2.6", Reason: brute, bound: atMost, Risk: shutsManyKeys},
			{Keyword: "MaxSessions", Value: "10", Source: "2.2.6", Reason: fewStartups, bound: atMost},
			{Keyword: "MaxStartups", Value: "10:30:60", Source: "2.2.6", Reason: fewStartups, bound: startups},
			{Keyword: "HostbasedAuthentication", Value: "no", Source: "2.2.6", Reason: hostTrust},
			{Keyword: "IgnoreRhosts", Value: "yes", Source: "2.2.6", Reason: hostTrust},
			{Keyword: "LogLevel", Value: "VERBOSE", Source: "2.2.6", Reason: whoCame},
			{Keyword: "PermitEmptyPasswords", Value: "no", Source: "2.2.6", Reason: noEmpty},
			{Keyword: "PermitRootLogin", Value: "no", Source: "2.2.6", Reason: personal, Risk: shutsRoot},
			{Keyword: "PermitUserEnvironment", Value: "no", Source: "2.2.6", Reason: noEnvironment},
			{Keyword: "UsePAM", Value: "yes", Source: "2.2.6", Reason: pamDecides},
			{Keyword: "X11Forwarding", Value: "no", Source: "2.2.6", Reason: display},
			{Keyword: "Ciphers", Value: noCBC, Source: "2.2.7", Reason: weakCiphers, Risk: shutsNet},
			{Keyword: "KexAlgorithms", Value: noSHA1, Source: "2.2.7", Reason: weakExchange, Risk: shutsNet},
			{Keyword: "MACs", Value: noShortMACs, Source: "2.2.7", Reason: weakIntegrity, Risk: shutsNet},
		}),
	}
}
