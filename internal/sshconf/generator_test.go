package sshconf

import (
	"math/rand/v2"
	"strings"
)

// generator makes up configuration trees from a grammar that knows every
// oddity of the language, most of them valid.
type generator struct {
	*rand.Rand
	version Version
	files   map[string][]byte
}

func newGenerator(seed uint64, v Version) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1)), version: v, files: map[string][]byte{}}
}

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

const genDir = "/etc/ssh"

func (g *generator) tree() Tree {
	main := genDir + "/sshd_config"
	for range g.IntN(5) {
		name := genDir + "/" + g.pick("sshd_config.d/", "sshd_config.d/", "sshd_config.d/", "extra/", "extra/deep/") +
			g.pick("10-a.conf", "20-b.conf", "9-c.conf", "B.conf", "a.conf", ".hidden.conf", "x.txt", "50-cloud-init.conf", "sp ace.conf", "[x].conf")
		g.files[name] = []byte(g.file(2))
	}
	g.files[main] = []byte(g.file(0))
	return Tree{Dialect: Server, Version: g.version, Main: main, Dir: genDir, Files: g.files}
}

func (g *generator) contexts() []Context {
	list := []Context{{}}
	for range 3 {
		list = append(list, Context{
			User:         g.pick("", "root", "git", "Git", "bob", "nobody"),
			Host:         g.pick("", "h.example.org", "H.example.org", "other"),
			Address:      g.pick("", "10.1.2.3", "192.168.0.7", "fe80::1", "2001:db8::5"),
			LocalAddress: g.pick("", "10.0.0.1", "127.0.0.1"),
			LocalPort:    []int{22, 2222}[g.IntN(2)],
		})
	}
	// Without a port sshd -T refuses trees that have a Match LocalPort.
	list[0].LocalPort = 7
	return list
}

// file makes up one file. depth keeps includes from including themselves.
func (g *generator) file(depth int) string {
	eol := "\n"
	if g.one(6) {
		eol = "\r\n"
	}
	var b strings.Builder
	inMatch := false
	for range g.IntN(14) {
		switch n := g.IntN(20); {
		case n < 3:
			b.WriteString(g.pick("", "# comment", "  # ClientAliveInterval 9", "\t", " ", "#Match user x") + eol)
		case n < 5 && depth < 3:
			b.WriteString(g.style("Include", g.patterns(depth), true) + eol)
		case n < 8:
			inMatch = true
			b.WriteString(g.match() + eol)
		default:
			b.WriteString(g.setting(inMatch || depth > 0) + eol)
		}
	}
	text := b.String()
	if g.one(5) {
		text = strings.TrimSuffix(text, eol)
	}
	return text
}

func (g *generator) patterns(depth int) string {
	// A drop-in includes only from where nothing includes anything back.
	if depth > 0 {
		return g.pick("/etc/ssh/extra/deep/none*.conf", "nothing/*", "/etc/ssh/absent.conf")
	}
	list := []string{"/etc/ssh/sshd_config.d/*.conf", "sshd_config.d/*.conf", "sshd_config.d/[0-9]*.conf", "sshd_config.d/?*.conf",
		"/etc/ssh/sshd_config.d/*.conf", "extra/*.conf", "extra/*/*.conf", "/etc/ssh//sshd_config.d/../extra/a.conf", "sshd_config.d/.hidden.conf",
		"sshd_config.d/[!a-z]*", "absent.conf", "sshd_config.d/10-a.conf", `"sshd_config.d/sp ace.conf"`, "~/x", "sshd_config.d/\\[x].conf", "{a,b}.conf"}
	out := g.pick(list...)
	for g.one(3) {
		out += " " + g.pick(list...)
	}
	return out
}

func (g *generator) match() string {
	if g.one(6) {
		return g.style("Match", g.pick("all", "ALL"), true)
	}
	var criteria []string
	for range 1 + g.IntN(2) {
		criteria = append(criteria, g.pick(
			"user root", "User git", "user git,bob", "user !git,*", "user *", "user b?b", "user=root", "user \"git\"", "user !root", "user git*",
			"host *.example.org", "host h.example.org,x", "Host OTHER", "host !other,*",
			"address 10.0.0.0/8", "address 10.1.2.*", "address 192.168.0.7", "address !10.1.2.3,10.0.0.0/8", "address fe80::/10", "address 2001:db8::/32,10.1.2.3", "address *",
			"localaddress 127.0.0.1", "LocalAddress 10.0.0.0/24", "localport 22", "localport 2222", "rdomain x",
		))
	}
	return g.style("Match", strings.Join(criteria, g.pick(" ", "  ", "\t")), true)
}

// setting makes up a line that sets a keyword.
func (g *generator) setting(onlyMatchable bool) string {
	for {
		k := genSettings[g.IntN(len(genSettings))]
		kw, _ := Lookup(Server, k.keyword)
		if kw.Known(g.version) && (!onlyMatchable || kw.MatchLegal(g.version) || g.one(60)) {
			return g.style(k.keyword, g.pick(k.values...), kw.Type != RestOfLine)
		}
	}
}

// style spells a line in one of the many ways.
func (g *generator) style(keyword, args string, comment bool) string {
	switch g.IntN(6) {
	case 0:
		keyword = strings.ToLower(keyword)
	case 1:
		keyword = strings.ToUpper(keyword)
	}
	separator := g.pick(" ", " ", " ", "\t", "  ", " \t ", "=", " = ", "= ", " =")
	if g.one(60) {
		separator = g.pick("==", "= =", " = = ") // refused
	}
	if g.one(20) {
		keyword, separator = `"`+keyword+`"`, " "
	}
	if g.one(8) && !strings.ContainsAny(args, " \t\"'\\=") {
		args = `"` + args + `"`
	}
	end := g.pick("", "", "", "", " ", "\t", "\f", " \f")
	if comment && g.one(8) {
		end = " # why \"not"[:4+g.IntN(4)]
	}
	return g.pick("", "", "", " ", "\t", "    ") + keyword + separator + args + end
}

type genSetting struct {
	keyword string
	values  []string
}

var (
	genFlag  = []string{"yes", "no", "YES", "No"}
	genTime  = []string{"0", "60", "1m", "1h30m", "90S", "2d", "1w", "030", "1m30s", "1m30"}
	genCount = []string{"0", "3", "10", "007", "2147483647"}
)

var genSettings = []genSetting{
	{"ClientAliveInterval", genTime}, {"ClientAliveInterval", genTime}, {"ClientAliveInterval", genTime},
	{"ClientAliveCountMax", genCount}, {"ClientAliveCountMax", genCount},
	{"TCPKeepAlive", genFlag}, {"KeepAlive", genFlag}, {"LoginGraceTime", genTime}, {"MaxSessions", genCount}, {"MaxAuthTries", genCount},
	{"MaxStartups", []string{"10", "10:30:100", "5:50:60", "1:1:1"}}, {"UnusedConnectionTimeout", []string{"none", "0", "5", "1m", "None"}},
	{"ChannelTimeout", []string{"session:*=5m", "x11-connection=10s direct-tcpip=1h", "agent-connection=30"}},
	{"RekeyLimit", []string{"default", "default none", "1G", "512M 1h", "16 0", "1g none", "2048K 90"}},
	{"PermitRootLogin", []string{"yes", "no", "prohibit-password", "without-password", "forced-commands-only", "Prohibit-Password"}},
	{"X11Forwarding", genFlag}, {"X11DisplayOffset", genCount}, {"X11UseLocalhost", genFlag}, {"PasswordAuthentication", genFlag},
	{"KbdInteractiveAuthentication", genFlag}, {"ChallengeResponseAuthentication", genFlag}, {"PubkeyAuthentication", genFlag}, {"PermitEmptyPasswords", genFlag},
	{"AllowTcpForwarding", []string{"yes", "no", "all", "local", "Remote"}}, {"AllowAgentForwarding", genFlag}, {"AllowStreamLocalForwarding", []string{"yes", "all", "no", "local"}},
	{"GatewayPorts", []string{"yes", "no", "clientspecified"}}, {"PermitTunnel", []string{"yes", "no", "ethernet", "point-to-point"}}, {"PermitTTY", genFlag},
	{"UseDNS", genFlag}, {"UsePAM", genFlag}, {"PrintMotd", genFlag}, {"PrintLastLog", genFlag}, {"StrictModes", genFlag}, {"Compression", []string{"yes", "no", "delayed"}},
	{"IgnoreRhosts", []string{"yes", "no", "shosts-only"}}, {"IgnoreUserKnownHosts", genFlag}, {"HostbasedAuthentication", genFlag},
	{"LogLevel", []string{"INFO", "verbose", "DEBUG1", "debug", "DEBUG3", "FATAL", "ERROR"}}, {"SyslogFacility", []string{"AUTH", "authpriv", "LOCAL7", "DAEMON"}},
	{"Port", []string{"22", "2222", "0022"}}, {"AddressFamily", []string{"any", "inet", "INET6"}}, {"PidFile", []string{"/run/x.pid", "none"}},
	{"AcceptEnv", []string{"LANG LC_*", "FOO", "A B C"}}, {"AllowUsers", []string{"root git", "bob", "*@10.0.0.0/8"}}, {"DenyUsers", []string{"x", "y z"}},
	{"AllowGroups", []string{"wheel", "a b"}}, {"DenyGroups", []string{"nogroup"}}, {"SetEnv", []string{"A=1", "A=1 B=2 A=3", "\"C=x y\""}},
	{"ForceCommand", []string{"/bin/true", "none", "internal-sftp -l INFO", "echo \"a b\" 'c'", "echo # no comment"}}, {"ChrootDirectory", []string{"/srv/%u", "none", "NONE"}},
	{"AuthorizedKeysFile", []string{".ssh/authorized_keys", ".ssh/a .ssh/b", "/etc/keys/%u", "\"a b\"", `a\ b`, `"a\ b"`, `a\"b`, `a\\b`, `a\qb`, `'a"b' c`, `"a'b"c`}}, {"AuthenticationMethods", []string{"any", "publickey", "publickey,password publickey"}},
	{"PermitOpen", []string{"any", "none", "host:22", "a:1 b:2"}}, {"PermitListen", []string{"any", "8080", "localhost:80 81"}}, {"StreamLocalBindMask", []string{"0", "0177", "077"}},
	{"StreamLocalBindUnlink", genFlag}, {"PermitUserEnvironment", []string{"yes", "no", "LANG,LC_*"}}, {"PermitUserRC", genFlag}, {"ExposeAuthInfo", genFlag}, {"DisableForwarding", genFlag},
	{"FingerprintHash", []string{"md5", "sha256", "SHA256"}}, {"Ciphers", []string{"aes128-ctr,aes256-ctr", "+aes128-cbc", "-*cbc"}}, {"MACs", []string{"hmac-sha2-256", "^hmac-sha2-512"}},
	{"KexAlgorithms", []string{"curve25519-sha256", "-diffie*"}}, {"PubkeyAcceptedAlgorithms", []string{"ssh-ed25519,rsa-sha2-512", "+ssh-rsa"}}, {"PubkeyAcceptedKeyTypes", []string{"ssh-ed25519"}},
	{"VersionAddendum", []string{"none", "Debian 12", "x # y"}}, {"AuthorizedKeysCommand", []string{"none", "/bin/k %u"}}, {"AuthorizedKeysCommandUser", []string{"nobody"}},
	{"AuthorizedPrincipalsCommand", []string{"none", "/bin/p %u", "/bin/q"}}, {"AuthorizedPrincipalsCommandUser", []string{"nobody"}},
	{"Subsystem", []string{"sftp /usr/lib/sftp-server", "sftp internal-sftp -l INFO", "other /bin/o"}}, {"PerSourceMaxStartups", []string{"none", "5"}}, {"PerSourceNetBlockSize", []string{"32:128", "24:64"}},
	{"Banner", []string{"none", "/etc/issue.net"}}, {"TrustedUserCAKeys", []string{"none", "/etc/ca"}}, {"RevokedKeys", []string{"none"}}, {"XAuthLocation", []string{"/usr/bin/xauth"}},
	{"RequiredRSASize", []string{"2048", "1024"}}, {"PubkeyAuthOptions", []string{"none", "touch-required", "verify-required touch-required"}}, {"LogVerbose", []string{"none", "kex.c:*:1000"}},
	{"Protocol", []string{"2", "1,2 x"}}, {"UsePrivilegeSeparation", []string{"sandbox"}}, {"RSAAuthentication", []string{"yes"}}, {"DebianBanner", genFlag},
	{"GSSAPIAuthentication", genFlag}, {"GSSAPICleanupCredentials", genFlag}, {"IPQoS", []string{"af21 cs1", "ef"}}, {"HostKey", []string{"/etc/ssh/ssh_host_ed25519_key"}},
	{"ClientAliveInterval", []string{"-1", "x", "1.5", "60 70"}}, {"Nonsense", []string{"1"}}, {"TCPKeepAlive", []string{"true", "1"}},
}
