package userconf

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// generator makes up ssh_config files of what decides how a host is reached.
type generator struct {
	*rand.Rand
	dir string // for what commands leave behind
}

func newGenerator(seed uint64, dir string) *generator {
	return &generator{rand.New(rand.NewPCG(seed, 1)), dir}
}

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

// tree writes a file and what it may include below home, and returns its name.
func (g *generator) tree(t *testing.T, home string) string {
	t.Helper()
	for range g.IntN(3) {
		write(t, filepath.Join(home, ".ssh/config.d", g.pick("a.conf", "b.conf", ".hidden", "c")), g.file(1))
	}
	return write(t, filepath.Join(home, "config"), g.file(0))
}

func (g *generator) file(depth int) string {
	var b strings.Builder
	for range 2 + g.IntN(14) {
		switch n := g.IntN(20); {
		case n < 1:
			b.WriteString(g.pick("", "# comment", "\t"))
		case n < 3 && depth == 0:
			b.WriteString("Include " + g.pick("config.d/*.conf", "config.d/*", "~/.ssh/config.d/[!a]*", "config.d/absent", "config.d/a.conf config.d/b.conf"))
		case n < 6:
			b.WriteString("Host " + g.pick("*", "web", "web*", "!web *", "db 10.0.*", "WEB", "deep.example.org"))
		case n < 9:
			b.WriteString("Match " + g.match())
		default:
			b.WriteString(g.setting())
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (g *generator) match() string {
	if g.one(8) {
		return "all"
	}
	var criteria []string
	for range 1 + g.IntN(2) {
		criteria = append(criteria, g.pick("host web", "host *.example.org", "host deep*", "originalhost web,db", "user admin", "user root", "localuser root", "!localuser root",
			"final", "!final", "!host web", "host 10.0.0.9", `exec "test %h = deep.example.org"`, `exec "test %n-%r-%p = web-admin-2222"`, `exec false`, `!exec "test -e /"`,
			`exec "test %k = `+g.pick("web", "kept")+`"`, `exec "test $HOME = %d -o -n %u%i%l%L%C"`))
	}
	return strings.Join(criteria, " ")
}

func (g *generator) setting() string {
	if g.one(60) {
		return g.pick("Bogus yes", "HostName %z", "UserKnownHostsFile ${NO_SUCH_VARIABLE}/x", "Port 0", "ServerAliveInterval soon", "Match", "IdentitiesOnly maybe", "Match host web all user x", `Match exec "echo %z"`)
	}
	list := decisive[g.IntN(len(decisive))]
	return list[0] + " " + g.pick(list[1:]...)
}

var decisive = [][]string{
	{"HostName", "10.0.0.9", "%h.example.org", "Deep.Example.Org", "2001:db8::1", "x%%y"},
	{"HostName", "deep.example.org", "%h"},
	{"User", "admin", "root", "deploy"}, {"Port", "22", "2222", "ssh"},
	{"AddressFamily", "inet", "inet6", "any"}, {"HostKeyAlias", "kept", "KEPT.example.org"},
	{"IdentityFile", "~/.ssh/id_a", "/keys/%r@%h", "%d/k", "${HOME}/e", "none", "~root/r"}, {"IdentityFile", `"/keys/a b"`, "/keys/%C", "rel", "/keys/%%"},
	{"CertificateFile", "~/c-cert.pub", "/keys/%n-cert.pub"}, {"IdentitiesOnly", "yes", "no", "true"},
	{"IdentityAgent", "none", "SSH_AUTH_SOCK", "~/agent-%h", "$HOME", "${HOME}/sock", "/run/%u-%i-%l-%L-%C"},
	{"ProxyJump", "bastion", "u@bastion:2222", "a,b,c@d:99", "none", "ssh://me@far:44", "[2001:db8::7]:22", "j-%h"},
	{"ProxyCommand", "nc %h %p", "none", "/bin/x %n %k %r %%", "ssh -W %h:%p gate # no comment"},
	{"UserKnownHostsFile", "~/.ssh/kh_%h", "/k/%n-%k /k/%r-%p-%u", "none", "/k/%C-%i", "${HOME}/kh", `"/k/sp ace"`}, {"GlobalKnownHostsFile", "/g/a /g/b", "none", "/g/%%"},
	{"StrictHostKeyChecking", "yes", "ask", "accept-new"}, {"ConnectTimeout", "5", "1m", "none", "1h30m"},
	{"ServerAliveInterval", "0", "30", "none", "2m"}, {"ServerAliveCountMax", "3", "7"},
	{"Compression", "yes"}, {"Ciphers", "aes128-ctr"}, {"LocalForward", "8080 localhost:80"}, {"PubkeyAuthentication", "yes"},
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// dump shows the files of a case that went wrong.
func dump(home string) string {
	var b strings.Builder
	files, _ := filepath.Glob(filepath.Join(home, ".ssh/config.d/*"))
	for _, name := range append(files, filepath.Join(home, "config")) {
		text, _ := os.ReadFile(name)
		fmt.Fprintf(&b, "--- %s\n%s", name, text)
	}
	return b.String()
}
