package sshconf

import "strings"

func (g *generator) clientTree() Tree {
	for range g.IntN(4) {
		name := g.pick("/root/.ssh/config.d/", "/root/.ssh/config.d/", "/etc/ssh/ssh_config.d/") + g.pick("10-a.conf", "b", "9.conf", "B.conf", ".h", "sp ace")
		g.files[name] = []byte(g.clientFile(2))
	}
	tree := Tree{Dialect: Client, Version: g.version, Main: "/root/.ssh/config", System: "/etc/ssh/ssh_config", Dir: "/etc/ssh", Files: g.files}
	if !g.one(8) {
		g.files[tree.Main] = []byte(g.clientFile(0))
	}
	if !g.one(4) {
		g.files[tree.System] = []byte(g.clientFile(1))
	}
	return tree
}

func (g *generator) queries() []ClientQuery {
	var list []ClientQuery
	for range 3 {
		list = append(list, ClientQuery{
			Host: g.pick("web1", "web2.example.org", "WEB1", "db", "127.0.0.1", "git.example.org"),
			User: g.pick("", "", "git", "bob"), LocalUser: "root", Home: "/root",
		})
	}
	return list
}

func (g *generator) clientFile(depth int) string {
	eol := "\n"
	if g.one(6) {
		eol = "\r\n"
	}
	var b strings.Builder
	for range g.IntN(10) {
		switch n := g.IntN(20); {
		case n < 2:
			b.WriteString(g.pick("", "# comment", "  #Host x", "\t", "  ") + eol)
		case n < 4 && depth < 2:
			b.WriteString(g.clientStyle("Include", g.clientPatterns(depth)) + eol)
		case n < 7:
			b.WriteString(g.clientStyle("Host", g.hostPatterns()) + eol)
		case n < 10:
			b.WriteString(g.clientStyle("Match", g.clientMatch()) + eol)
		default:
			b.WriteString(g.clientSetting() + eol)
		}
	}
	text := b.String()
	if g.one(5) {
		text = strings.TrimSuffix(text, eol)
	}
	return text
}

func (g *generator) clientPatterns(depth int) string {
	if depth == 1 {
		return g.pick("ssh_config.d/*.conf", "/etc/ssh/ssh_config.d/*", "none/*", "/etc/ssh/ssh_config.d/10-a.conf", "/root/.ssh/config.d/b")
	}
	return g.pick("config.d/*", "~/.ssh/config.d/*.conf", "config.d/[0-9]*", "~/.ssh/config.d/b absent", "/root/.ssh/config.d/.h", `"config.d/sp ace"`, "/etc/ssh/ssh_config.d/*.conf")
}

func (g *generator) hostPatterns() string {
	out := g.pick("*", "web1", "web?", "*.example.org", "!web1", "db", "WEB*", "127.0.0.*", "git.example.org", "web1,db")
	for g.one(2) {
		out += " " + g.pick("*", "web2*", "!web1", "!*.example.org", "db")
	}
	return out
}

func (g *generator) clientMatch() string {
	if g.one(6) {
		return g.pick("all", "ALL", "host web1 all", "!all")
	}
	var criteria []string
	for range 1 + g.IntN(2) {
		criteria = append(criteria, g.pick("host web1", "host web*,!web2*", "Host *.example.org", "!host web1", "originalhost web1,db", "originalhost WEB1",
			"user root", "user git", "!user git", "localuser root", "localuser !root", "final", "!final", "canonical", "host=db", "host 10.0.0.9"))
	}
	return strings.Join(criteria, " ")
}

func (g *generator) clientStyle(keyword, args string) string {
	// A comment after a value is fatal in ssh_config up to 8.6.
	return g.style(keyword, args, g.version.AtLeast(8, 7))
}

func (g *generator) clientSetting() string {
	for {
		k := genClient[g.IntN(len(genClient))]
		kw, known := Lookup(Client, k.keyword)
		if !known && g.one(3) || known && (kw.Known(g.version) || g.one(60)) {
			return g.style(k.keyword, g.pick(k.values...), kw.Type != RestOfLine && g.version.AtLeast(8, 7))
		}
	}
}

var genClient = []genSetting{
	{"ServerAliveInterval", []string{"0", "60", "1m", "none", "90s"}}, {"ServerAliveInterval", []string{"30", "none"}}, {"ServerAliveCountMax", genCount},
	{"TCPKeepAlive", []string{"yes", "no", "true", "FALSE"}}, {"ConnectTimeout", []string{"10", "1m", "none"}}, {"ConnectionAttempts", []string{"1", "3"}},
	{"ControlMaster", []string{"yes", "no", "auto", "ask", "autoask", "TRUE"}}, {"ControlPersist", []string{"yes", "no", "0", "10m", "600", "true"}}, {"ControlPath", []string{"none", "/tmp/c", "~/.ssh/%C"}},
	{"HostName", []string{"10.0.0.9", "%h.example.org", "git.example.org", "DB"}}, {"User", []string{"git", "bob", "root"}}, {"Port", []string{"22", "2222"}},
	{"ForwardX11", genFlag}, {"BatchMode", []string{"no"}}, {"CheckHostIP", genFlag}, {"Compression", []string{"yes", "no"}}, {"HashKnownHosts", []string{"yes", "no", "true"}},
	{"IdentitiesOnly", genFlag}, {"IdentityFile", []string{"/k/a", "/k/b", "~/.ssh/c"}}, {"StrictHostKeyChecking", []string{"yes", "no", "ask", "accept-new", "off"}},
	{"VerifyHostKeyDNS", []string{"yes", "no", "ask"}}, {"UpdateHostKeys", []string{"yes", "no", "ask"}}, {"RequestTTY", []string{"yes", "no", "force", "auto"}},
	{"SendEnv", []string{"LANG LC_*", "FOO"}}, {"SetEnv", []string{"A=1", "A=1 B=2", "A=1 A=2"}}, {"LogLevel", []string{"info", "DEBUG1", "VERBOSE"}}, {"RekeyLimit", []string{"default none", "1G 1h", "512M"}},
	{"AddKeysToAgent", []string{"yes", "no", "ask", "confirm"}}, {"PasswordAuthentication", genFlag}, {"PubkeyAuthentication", []string{"yes", "no"}}, {"NumberOfPasswordPrompts", genCount},
	{"UserKnownHostsFile", []string{"/a", "/a /b", "none"}}, {"PreferredAuthentications", []string{"publickey,password"}}, {"LocalCommand", []string{"echo \"a b\" # c", "true"}},
	{"Tunnel", []string{"yes", "no", "ethernet"}}, {"StreamLocalBindMask", []string{"0177", "077"}}, {"SyslogFacility", []string{"AUTH", "user"}}, {"Ciphers", []string{"aes128-ctr,aes256-ctr", "+aes128-cbc"}},
	{"IgnoreUnknown", []string{"UseKeychain", "Use*,Foo", "x"}}, {"UseKeychain", []string{"yes"}}, {"ServerAliveCountMax", []string{"-1", "x"}}, {"Protocol", []string{"2"}}, {"EscapeChar", []string{"~", "none"}},
	{"IdentityAgent", []string{"none", "SSH_AUTH_SOCK"}}, {"VisualHostKey", genFlag}, {"PermitLocalCommand", genFlag}, {"GSSAPIAuthentication", genFlag}, {"GatewayPorts", genFlag}, {"ForwardX11Trusted", genFlag},
	{"Tag", []string{"x"}}, {"CanonicalDomains", []string{"example.org example.com"}}, {"CanonicalizeHostname", []string{"no"}},
}
