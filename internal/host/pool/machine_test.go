package pool

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// specOf is how to reach m as user.
func specOf(t testing.TB, m *hosttest.Machine, user string, change func(*host.Settings)) host.Spec {
	t.Helper()
	settings := host.Settings{Host: &m.Addr, Port: &m.Port, User: &user, PrivateKey: sshtest.Ptr(host.Secret(m.Key)), HostKeys: m.HostKeys}
	if change != nil {
		change(&settings)
	}
	spec, err := host.Resolve(m.Addr, settings)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// Fault 51.
func TestSudo(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{
		Users: []hosttest.User{
			{Name: "admin", Sudo: "nopasswd"},
			{Name: "typist", Sudo: "password", Password: "correct-horse"},
			{Name: "guest", Password: "correct-horse"},
			{Name: "stranger", Sudo: "nopasswd"},
		},
		Files: map[string]string{"/etc/sudoers.d/zz-tty": "Defaults:stranger requiretty\n"},
	})
	const password, wrong = host.Secret("correct-horse"), host.Secret("battery-staple")
	for name, c := range map[string]struct {
		user     string
		sudo     bool
		password host.Secret
		want     string // of the error, "" for success
		became   string
	}{
		"root":                          {user: "root", became: "root"},
		"root with sudo":                {user: "root", sudo: true, became: "root"},
		"nopasswd":                      {user: "admin", sudo: true, became: "root"},
		"nopasswd, password not needed": {user: "admin", sudo: true, password: wrong, became: "root"},
		"right password":                {user: "typist", sudo: true, password: password, became: "root"},
		"wrong password":                {user: "typist", sudo: true, password: wrong, want: "sudo did not accept the password"},
		"no password":                   {user: "typist", sudo: true, want: "sudo wants a password"},
		"no rights":                     {user: "guest", sudo: true, password: password, want: "sudo does not let the user"},
		"no sudo asked for":             {user: "admin", want: "this account is not root"},
		"a terminal is insisted on":     {user: "stranger", sudo: true, want: "terminal"},
		"no rights, no password either": {user: "guest", sudo: true, want: "sudo"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := specOf(t, m, c.user, func(l *host.Settings) {
				l.Sudo = &c.sudo
				if c.password != "" {
					l.SudoPassword = &c.password
				}
			})
			h := acquire(t, brisk(t), spec)
			for _, text := range []string{"id -un", "id -un\ntrue"} {
				if c.want == "" {
					if r := run(t, h, host.Script{Name: "who", Text: text, Root: true}); r.Stdout != c.became+"\n" || r.Stderr != "" {
						t.Errorf("have %+v", r)
					}
					continue
				}
				e, _ := runError(t, h, host.Script{Name: "who", Text: text, Root: true})
				if e.Kind != host.Escalation || e.MayHaveRun || !strings.Contains(e.Error(), c.want) || strings.Contains(e.Error(), string(wrong)) {
					t.Errorf("have %v: %v", e.Kind, e)
				}
			}
			if r := run(t, h, host.Script{Name: "who", Text: "id -un"}); r.Stdout != c.user+"\n" {
				t.Errorf("without Root: have %q", r.Stdout)
			}
		})
	}
}

// The password is on no command line and in no process's environment, and the
// look that says so finds what is there.
//
// Fault 51.
func TestSudoPasswordIsNowhere(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "typist", Sudo: "password", Password: "correct-horse"}}})
	h := acquire(t, brisk(t), specOf(t, m, "typist", func(l *host.Settings) {
		l.Sudo, l.SudoPassword = sshtest.Ptr(true), sshtest.Ptr(host.Secret("correct-horse"))
	}))
	done := make(chan error, 1)
	go func() {
		_, err := h.Run(context.Background(), host.Script{Name: "stay", Text: "sleep 2.5; exit\n: visible-marker", Root: true})
		done <- err
	}()
	for !strings.Contains(m.Processes(), "sleep 2.5") {
		time.Sleep(20 * time.Millisecond)
	}
	seen := m.Processes() + m.Sh("cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'")
	if !strings.Contains(seen, "sudo") {
		t.Errorf("sudo is not in the list of processes:\n%s", seen)
	}
	for _, secret := range []string{"correct-horse", "visible-marker"} {
		if strings.Contains(seen, secret) {
			t.Errorf("%s is in the list of processes", secret)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestSudoUser(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}, {Name: "deploy"}}})
	for _, user := range []string{"admin", "root"} {
		h := acquire(t, brisk(t), specOf(t, m, user, func(l *host.Settings) { l.Sudo, l.SudoUser = sshtest.Ptr(true), sshtest.Ptr("deploy") }))
		if r := run(t, h, host.Script{Name: "who", Text: "id -un", Root: true}); r.Stdout != "deploy\n" {
			t.Errorf("have %+v", r)
		}
	}
	m.Sh("mv /usr/bin/sudo /usr/bin/sudo.away; mv /usr/bin/doas /usr/bin/doas.away")
	h := acquire(t, brisk(t), specOf(t, m, "admin", func(l *host.Settings) { l.Sudo = sshtest.Ptr(true) }))
	if e, _ := runError(t, h, host.Script{Name: "who", Text: "id -un", Root: true}); e.Kind != host.Escalation || !strings.Contains(e.Error(), "neither sudo nor doas") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// Fault 23.
func TestManyReadsOnOneConnection(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	h := acquire(t, brisk(t), specOf(t, m, "root", nil))
	runMany(t, h, 60, "true")
	if n := logins(m); n != 1 {
		t.Errorf("want 1 login, have %d", n)
	}
}

// logins is how many connections of root the machine has now.
func logins(m *hosttest.Machine) int {
	return strings.Count(m.Processes(), "sshd: root@")
}

// Fault 24.
func TestMaxSessionsOfSSHD(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"1", "2"} {
		m := hosttest.Start(t, hosttest.Options{Files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": "MaxSessions " + limit + "\n"}})
		h := acquire(t, brisk(t), specOf(t, m, "root", nil))
		runMany(t, h, 20, "true")
		if n := logins(m); n != 1 {
			t.Errorf("MaxSessions %s: want 1 login, have %d", limit, n)
		}
	}
}

// Fault 28.
func TestUnpluggedMachine(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	h := acquire(t, brisk(t), specOf(t, m, "root", func(l *host.Settings) { l.KeepaliveInterval = sshtest.Ptr(400 * time.Millisecond) }))
	run(t, h, host.Script{Text: "true"})
	time.AfterFunc(200*time.Millisecond, m.Unplug)
	e, took := runError(t, h, host.Script{Name: "sleep", Text: "sleep 20"})
	if took -= 200 * time.Millisecond; e.Kind != host.Lost || took < 1200*time.Millisecond || took > 10*time.Second {
		t.Errorf("have %v after %v: %v", e.Kind, took, e)
	}
	m.Plug()
	if r := run(t, h, host.Script{Text: "echo back"}); r.Stdout != "back\n" {
		t.Errorf("have %+v", r)
	}
}

// ClientAlive on the server asks us, and we answer while a script is silent.
//
// Fault 33.
func TestClientAliveOfTheServer(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": "ClientAliveInterval 1\nClientAliveCountMax 1\n"}})
	h := acquire(t, brisk(t), specOf(t, m, "root", func(l *host.Settings) { l.KeepaliveInterval = sshtest.Ptr(time.Minute) }))
	run(t, h, host.Script{Name: "sleep", Text: "sleep 6"})
	time.Sleep(5 * time.Second)
	if n := logins(m); n != 1 {
		t.Errorf("want 1 login, have %d", n)
	}
}

// Fault 34.
func TestUnusedConnectionTimeout(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": "UnusedConnectionTimeout 1s\n"}})
	h := acquire(t, brisk(t), specOf(t, m, "root", nil))
	run(t, h, host.Script{Text: "true"})
	time.Sleep(2500 * time.Millisecond)
	if n := logins(m); n != 0 {
		t.Fatalf("sshd kept the idle connection: %d", n)
	}
	run(t, h, host.Script{Text: "true"})
}

// Fault 35.
func TestChannelTimeout(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": "ChannelTimeout session*=1s\n"}})
	h := acquire(t, brisk(t), specOf(t, m, "root", nil))
	e, _ := runError(t, h, host.Script{Name: "quiet", Text: "sleep 10"})
	if e.Kind != host.NoExitStatus && e.Kind != host.Killed || !e.MayHaveRun || logins(m) != 1 {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// Neither a restart of sshd nor a reload ends running sessions, and new
// connections work after each.
//
// Fault 36.
func TestRestartAndReloadUnderScripts(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	p, spec := brisk(t), specOf(t, m, "root", nil)
	p.retry.absent, p.retry.attempts = 1000, 1000 // sshd is away for a moment
	h := acquire(t, p, spec)
	done := make(chan error, 3)
	for n := range cap(done) {
		go func() {
			r, err := h.Run(context.Background(), host.Script{Name: "long", Text: fmt.Sprintf("until test -e /tmp/end; do sleep 0.0%d; done; echo done", 5+n)})
			if err == nil && r.Stdout != "done\n" {
				err = errors.New(r.Stdout)
			}
			done <- err
		}()
	}
	for n := range cap(done) {
		for !strings.Contains(m.Processes(), fmt.Sprintf("sleep 0.0%d", 5+n)) {
			time.Sleep(20 * time.Millisecond)
		}
	}
	both := func() {
		freshly(t, p, spec, 20*time.Second)
		run(t, h, host.Script{Text: "true"})
	}
	for range 3 {
		m.Sh("kill -HUP $(cat /run/sshd.pid)")
		both()
		m.Sh("until test -s /run/sshd.pid; do sleep 0.05; done") // it listens first
	}
	m.RestartSSHD()
	both()
	m.Sh("touch /tmp/end")
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := logins(m); n != 1 {
		t.Errorf("want the first login still there and no other, have %d", n)
	}
}

// Fault 37.
func TestSessionProcessKilled(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	h := acquire(t, brisk(t), specOf(t, m, "root", nil))
	e, _ := runError(t, h, host.Script{Name: "kill", Text: `kill -9 "$PPID"; sleep 5`})
	if e.Kind != host.Lost || !e.MayHaveRun {
		t.Errorf("have %v: %v", e.Kind, e)
	}
	run(t, h, host.Script{Text: "true"})
}

// Fault 38.
func TestFrequentRekeying(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": "RekeyLimit 64K\n"}})
	h := acquire(t, brisk(t), specOf(t, m, "root", nil))
	if r := run(t, h, host.Script{Text: "head -c 3000000 /dev/zero"}); len(r.Stdout) != 3000000 {
		t.Errorf("have %d bytes", len(r.Stdout))
	}
}

// Fault 49.
func TestLoginFilesPrintText(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "noisy", Sudo: "nopasswd"}, {Name: "nobody-logs-in", Shell: "/usr/sbin/nologin"}, {Name: "busy", Shell: "/bin/dash", Sudo: "nopasswd"}},
		Files: map[string]string{"/home/noisy/.bashrc": "echo welcome; echo trouble >&2; sleep 2; alias sh=false; export PATH=/nowhere\n"}})
	for _, user := range []string{"noisy", "busy"} {
		h := acquire(t, brisk(t), specOf(t, m, user, func(l *host.Settings) { l.Sudo = sshtest.Ptr(true) }))
		for _, root := range []bool{false, true} {
			if r := run(t, h, host.Script{Text: "echo out; echo err >&2", Root: root}); r != (host.Result{Stdout: "out\n", Stderr: "err\n"}) {
				t.Errorf("%s, root %v: have %+v", user, root, r)
			}
		}
	}
	h := acquire(t, brisk(t), specOf(t, m, "nobody-logs-in", nil))
	if e, _ := runError(t, h, host.Script{Name: "gather", Text: "true"}); e.Kind != host.LoginShell || !strings.Contains(e.Error(), "not available") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

func TestPasswordsOfARealServer(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"password":             "PasswordAuthentication yes\nKbdInteractiveAuthentication no\n",
		"keyboard-interactive": "PasswordAuthentication no\nKbdInteractiveAuthentication yes\n",
	} {
		t.Run(name, func(t *testing.T) {
			m := hosttest.Start(t, hosttest.Options{
				Users: []hosttest.User{{Name: "typist", Password: "correct-horse"}},
				Files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": config},
			})
			spec := func(p host.Secret) host.Spec {
				return specOf(t, m, "typist", func(l *host.Settings) { l.PrivateKey, l.Password = nil, &p })
			}
			run(t, acquire(t, brisk(t), spec("correct-horse")), host.Script{Text: "true"})
			if e, _ := refusal(t, brisk(t), spec("wrong")); e.Kind != host.Auth {
				t.Errorf("have %v: %v", e.Kind, e)
			}
		})
	}
}

// Real machines behind a real jump host, which is reached by its own key.
func TestRealJumpHost(t *testing.T) {
	t.Parallel()
	jump := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "jump"}}})
	m := hosttest.Start(t, hosttest.Options{Behind: jump})
	hop := host.Settings{Host: &jump.Addr, User: sshtest.Ptr("jump"), PrivateKey: sshtest.Ptr(host.Secret(jump.Key)), HostKeys: jump.HostKeys}
	p := brisk(t)
	h := acquire(t, p, specOf(t, m, "root", func(l *host.Settings) { l.Jump = []host.Settings{hop} }))
	runMany(t, h, 20, "true")

	jump.Sh("echo 'AllowTcpForwarding no' >/etc/ssh/sshd_config.d/10.conf")
	jump.RestartSSHD()
	e, _ := refusal(t, once(t), specOf(t, m, "root", func(l *host.Settings) { l.Jump = []host.Settings{hop} }))
	if e.Kind != host.ProxyDenied || !strings.Contains(e.Error(), "jump host") {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}

// A real sshd with a certificate for one of its three keys, and the authority in
// host_keys without a mark; its type is that of a plain key.
func TestRealHostCertificate(t *testing.T) {
	t.Parallel()
	authority := sshtest.Signer(sshtest.NewEd25519())
	m := hosttest.Start(t, hosttest.Options{})
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(m.HostKeys[2]))
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{Key: key, CertType: ssh.HostCert, KeyId: "test", ValidPrincipals: []string{m.Addr}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	m.Write("/etc/ssh/ssh_host_rsa_key-cert.pub", string(ssh.MarshalAuthorizedKey(cert)))
	m.Write("/etc/ssh/sshd_config.d/10.conf", "HostCertificate /etc/ssh/ssh_host_rsa_key-cert.pub\n")
	m.RestartSSHD()
	for _, known := range append([]string{sshtest.Authorized(authority)}, m.HostKeys...) {
		h := acquire(t, brisk(t), specOf(t, m, "root", func(l *host.Settings) { l.HostKeys = []string{known} }))
		run(t, h, host.Script{Text: "true"})
	}
}

func TestProxyCommand(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip(err)
	}
	m := hosttest.Start(t, hosttest.Options{})
	command := "ssh -F none -i " + m.KeyPath + " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -W 127.0.0.1:%p root@%h"
	h := acquire(t, brisk(t), specOf(t, m, "root", func(l *host.Settings) { l.ProxyCommand = &command }))
	run(t, h, host.Script{Text: "true"})
	broken := "echo no way out >&2; exit 1"
	e, _ := refusal(t, once(t), specOf(t, m, "root", func(l *host.Settings) { l.ProxyCommand = &broken }))
	if !strings.Contains(e.Error(), "no way out") || !isTransient(e) {
		t.Errorf("have %v: %v", e.Kind, e)
	}
}
