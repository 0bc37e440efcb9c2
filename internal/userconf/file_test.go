//go:build unix

package userconf

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// refuse fails unless the error about text names the file, has all the words in
// it, and comes soon.
func refuse(t *testing.T, file string, words ...string) {
	t.Helper()
	begun := time.Now()
	_, err := New().Lookup(t.Context(), file, question{host: "web"}.said(), "")
	if err == nil {
		t.Errorf("%s is accepted", file)
		return
	}
	for _, word := range append(words, "ssh_config_file", `"web"`) {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("want %q in: %v", word, err)
		}
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("%v after %s", err, took)
	}
}

func TestBadFiles(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	in := func(name string) string { return filepath.Join(home, name) }
	loop := write(t, in(".ssh/loop"), "# one\nInclude loop\n")
	write(t, in(".ssh/spread"), "Include spread spread spread spread\n")
	included := write(t, in(".ssh/open"), "User x\n")
	if err := os.Chmod(included, 0o666); err != nil {
		t.Fatal(err)
	}
	pipe := in("pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for file, words := range map[string][]string{
		in("absent"):      {in("absent"), "no such file"},
		home:              {home, "is a directory"},
		pipe:              {pipe, "not a regular file"},
		"~/absent":        {in("absent"), "no such file"},
		"absent/here":     {"absent/here", "no such file"},
		loop:              {loop + ":2", "too many recursive"},
		in(".ssh/spread"): {"spread:1", "too many recursive"},
		write(t, in("many"), many("Include /no/such/%d\n")):            {"more than 1000 patterns"},
		write(t, in("zero"), "User a\nUser b\x00c\n"):                  {in("zero") + ":2", "zero byte"},
		write(t, in("huge"), strings.Repeat("# much\n", 1<<18)):        {in("huge"), "larger than"},
		write(t, in("binary"), "\x7fELF\x01\x02\xff\xfe\n"):            {in("binary") + ":1"},
		write(t, in("unknown"), "Host web\n  Usr x\n"):                 {in("unknown") + ":2", "bad configuration option: usr"},
		write(t, in("includes"), "Include open\n"):                     {included, "writable by every account"},
		write(t, in("port"), "Port many\n"):                            {in("port") + ":1", "Port", "not a port"},
		write(t, in("token"), "\nIdentityFile %z\n"):                   {in("token") + ":2", "IdentityFile", "%z"},
		write(t, in("variable"), "IdentityFile ${NO_SUCH_VARIABLE}\n"): {in("variable") + ":1", "NO_SUCH_VARIABLE"},
		write(t, in("stranger"), "IdentityFile ~no-such-user/x\n"):     {in("stranger") + ":1", "no-such-user"},
		write(t, in("jump"), "ProxyJump a,@b\n"):                       {in("jump") + ":1", "ProxyJump", "@"},
		write(t, in("command"), "ProxyCommand nc %x\n"):                {in("command") + ":1", "ProxyCommand", "%x"},
		write(t, in("killed"), "Match exec \"kill -9 $$\"\n User x\n"): {in("killed") + ":1", "Match exec", "killed"},
	} {
		refuse(t, file, words...)
	}
}

func many(format string) string {
	var b strings.Builder
	for i := range 40000 {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestWhatIsNotSupportedIsRefused: what decides who is reached or trusted is never
// passed over without a word, unless the user's own settings decide it.
func TestWhatIsNotSupportedIsRefused(t *testing.T) {
	home := t.TempDir()
	policy, key := "strict", host.Secret("k")
	for line, settles := range map[string]func(*host.Settings){
		"CanonicalizeHostname always":         nil,
		"CanonicalizePermittedCNAMEs *.a:*.b": nil,
		"BindAddress 10.0.0.1":                nil,
		"BindInterface eth0":                  nil,
		"ProxyUseFdpass yes":                  nil,
		"RevokedHostKeys /etc/revoked":        nil,
		"RefuseConnection not today":          nil,
		"ProxyCommand -":                      nil,
		"KnownHostsCommand /bin/keys":         func(s *host.Settings) { s.HostKeys = []string{"k"} },
		"PKCS11Provider /usr/lib/p11.so":      func(s *host.Settings) { s.PrivateKey = &key },
		"StrictHostKeyChecking no":            func(s *host.Settings) { s.HostKeyPolicy = &policy },
		"StrictHostKeyChecking off":           func(s *host.Settings) { s.HostKeyPolicy = &policy },
	} {
		file := write(t, filepath.Join(home, "config"), "Host web\n"+line+"\n")
		keyword, _, _ := strings.Cut(line, " ")
		refuse(t, file, file+":2", keyword)
		said := question{host: "other"}.said()
		if settles != nil {
			said = question{host: "web"}.said()
			settles(&said)
		}
		answer, err := New().Lookup(t.Context(), file, said, "")
		if err != nil || answer.Settings.HostKeyPolicy != nil {
			t.Errorf("%s, for another host or settled: have %+v, %v", line, answer.Settings, err)
		}
	}
	refuse(t, write(t, filepath.Join(home, "config"), "Match version *\n  User x\n"), "config:1", "cannot be evaluated here", "version")
}

// TestFilesThatAreFine: what nobody needs to hear of.
func TestFilesThatAreFine(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.MkdirAll(filepath.Join(home, ".ssh/d/dir.conf"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(home, ".ssh/d/dangling.conf")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(home, ".ssh/d/x.conf"), "User included\n")
	for text, user := range map[string]string{
		"":                                      "",
		"UseKeychain yes\nUser mac\n":           "mac",
		"Include d/absent /absent/*\nUser a\n":  "a",
		"Include d/x.conf\nUser late\n":         "included",
		"User crlf\r\n":                         "crlf",
		"Include ${HOME}/.ssh/d/%n.conf d/x*\n": "included",
		"Match localnetwork 127.0.0.0/8\nUser here\nMatch localnetwork 192.0.2.0/24\nUser there\n": "here",
	} {
		answer, err := New().Lookup(t.Context(), write(t, filepath.Join(home, "config"), text), question{host: "web"}.said(), "")
		if have := or(answer.Settings.User, &user); err != nil || *have != user {
			t.Errorf("%q: have %q, %v", text, *have, err)
		}
	}
	if _, err := New().Lookup(t.Context(), os.DevNull, question{host: "web"}.said(), ""); err != nil {
		t.Error(err)
	}
	refuse(t, write(t, filepath.Join(home, "config"), "Include d/*\n"), "dir.conf", "directory")
}

// TestCommandsRunOnce: a Match exec is run when ssh would run it, once for each
// command line, and its end is not waited for after the caller has gone.
func TestCommandsRunOnce(t *testing.T) {
	home := t.TempDir()
	ran := filepath.Join(home, "ran")
	file := write(t, filepath.Join(home, "config"), strings.Join([]string{
		"Match host other exec \"echo never >>" + ran + "\"", "  User never", "Match all",
		"Include " + filepath.Join(home, "more"),
		"Match exec \"echo %h-%r >>" + ran + "\"", "  User second",
		"Match exec \"sleep 60\" host slow", "  User slow", "",
	}, "\n"))
	write(t, filepath.Join(home, "more"), "User first\n")
	t.Setenv("SHELL", "/bin/sh")
	r := New()
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		begun := time.Now()
		_, err := r.Lookup(ctx, file, question{host: "web"}.said(), "")
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took > 3*time.Second {
			t.Errorf("have %v after %s", err, took)
		}
	}
	if text, err := os.ReadFile(ran); err != nil || string(text) != "web-first\n" {
		t.Errorf("have %q, %v", text, err)
	}
}

// TestOneReaderManyQuestions: what is remembered answers the same question only.
func TestOneReaderManyQuestions(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "config"), "Match user a\n  Port 1\nMatch host web\n  Port 2\nMatch all\n  HostKeyAlias %k-%p\n  IdentityFile /%r\n  StrictHostKeyChecking no\n")
	r, policy := New(), "strict"
	for range 2 {
		for _, c := range []struct {
			q     question
			user  string
			ports string
		}{
			{question{host: "web", user: "a"}, "", "1 /a"}, {question{host: "web", user: "b"}, "", "2 /b"}, {question{host: "db", user: "b"}, "", "22 /b"},
			{question{host: "web", user: "a", port: 9}, "", "9 /a"}, {question{host: "db"}, "x", "22 /x"}, {question{host: "db"}, "y", "22 /y"},
		} {
			said := c.q.said()
			if _, err := r.Lookup(t.Context(), file, said, c.user); err == nil {
				t.Errorf("%v: StrictHostKeyChecking no is accepted", c.q)
			}
			said.HostKeyPolicy = &policy
			answer, err := r.Lookup(t.Context(), file, said, c.user)
			if err != nil {
				t.Fatal(err)
			}
			if have := number(answer.Settings.Port, or(c.q.port, 22)) + " " + strings.Join(answer.Settings.IdentityFiles, " "); have != c.ports {
				t.Errorf("%v: want %q, have %q", c.q, c.ports, have)
			}
		}
	}
}

// TestTrail names every line that was found, and no value.
func TestTrail(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "config"), "Host web\n  User hunter2\n  Ciphers aes128-ctr\nHost *\n  User other\n  ProxyCommand hunter2 %h\n")
	answer, err := New().Lookup(t.Context(), file, question{host: "web"}.said(), "")
	want := []string{"User " + file + ":2", "Ciphers " + file + ":3 (not used)", "ProxyCommand " + file + ":6"}
	if err != nil || !slices.Equal(answer.Trail, want) {
		t.Errorf("want %q, have %q, %v", want, answer.Trail, err)
	}
}

// TestPubkeyAuthentication and a count of 0, which mean something else to us.
func TestOddValues(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "config"), "PubkeyAuthentication no\nIdentityFile /k\nServerAliveCountMax 0\nConnectTimeout 0\nIdentityAgent $NO_SUCH_VARIABLE\n")
	answer, err := New().Lookup(t.Context(), file, question{host: "web"}.said(), "")
	s := answer.Settings
	if err != nil || s.IdentityFiles == nil || len(s.IdentityFiles) > 0 || s.Agent == nil || *s.Agent || *s.KeepaliveCountMax != 1 || s.ConnectTimeout != nil {
		t.Errorf("have %+v, %v", s, err)
	}
}

// No text makes us wait, panic, or go on without saying what was wrong.
func FuzzAbout(f *testing.F) {
	f.Add("Host *\n  ProxyJump a,b\n  IdentityFile %d/x\n")
	f.Add("Match all\nUserKnownHostsFile none x\nProxyCommand %\n")
	home := f.TempDir()
	f.Setenv("HOME", home)
	f.Setenv("SHELL", "/bin/true")
	f.Fuzz(func(t *testing.T, text string) {
		file := write(t, filepath.Join(home, "config"), text)
		answer, err := New().Lookup(t.Context(), file, question{host: "web"}.said(), "")
		if err == nil && answer.Settings.Host == nil {
			t.Error("no host")
		}
	})
}

// TestWordsOfCommands: what is not of the file itself becomes part of a command only if
// a shell takes it for one plain word.
func TestWordsOfCommands(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	file := write(t, filepath.Join(home, "config"), "Match exec \"test %r%n%h = deploy\"\n  Port 2222\nHost *\n  ProxyCommand nc %n %h %p %r\n")
	for _, text := range []string{"$(touch${IFS}ran)", "`touch ran`", "x;touch ran;", "x&touch ran&", "x|touch ran", "x\ntouch ran\n", "'x", `"x`, `x\`, "-x", "$HOME", `CORP\bob`, "x y", "x=y"} {
		for name, said := range map[string]host.Settings{
			"user": question{host: "web", user: text}.said(),
			"host": question{host: text}.said(),
		} {
			if answer, err := New().Lookup(t.Context(), file, said, ""); err == nil {
				t.Errorf("%s %q is accepted: %q", name, text, *answer.Settings.ProxyCommand)
			}
		}
		if _, err := New().Lookup(t.Context(), file, question{host: "web"}.said(), text); err == nil && strings.ContainsAny(text, ";&|`'\"()") {
			t.Errorf("user %q is accepted where the file names none", text)
		}
	}
	if _, err := os.Stat("ran"); err == nil {
		t.Error("a command ran")
	}
	answer, err := New().Lookup(t.Context(), file, question{host: "web-1.example.com", user: "bob@corp"}.said(), "")
	if err != nil || *answer.Settings.ProxyCommand != "nc web-1.example.com %h %p %r" {
		t.Errorf("%+v: %v", answer, err)
	}
	// A user that no command has in it may have what ssh allows.
	plain := write(t, filepath.Join(home, "plain"), "Match exec \"true %h\"\n  Port 2222\n")
	if _, err := New().Lookup(t.Context(), plain, question{host: "web", user: `CORP\bob$`}.said(), ""); err != nil {
		t.Error(err)
	}
}
