package hosttest

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

// StartDropbear starts dropbear where sshd would listen, on a machine without
// daemon. Its host key is the machine's ed25519 key; args are added to its
// command line.
func (m *Machine) StartDropbear(args ...string) {
	// dropbear refuses accounts whose shell is not listed.
	m.Write("/etc/shells", "/bin/sh\n/bin/bash\n/bin/dash\n")
	m.Sh("dropbearconvert openssh dropbear /etc/ssh/ssh_host_ed25519_key /run/dropbear.key")
	_, err := m.Exec(append([]string{"dropbear", "-r", "/run/dropbear.key", "-P", "/run/sshd.pid"}, args...)...)
	m.must(err)
	m.must(m.awaitPort())
}

// StartTinySSH starts tinysshd where sshd would listen, on a machine without
// daemon. Its host key is the machine's ed25519 key.
func (m *Machine) StartTinySSH() {
	public, private, err := naclKey(m.Read("/etc/ssh/ssh_host_ed25519_key"))
	m.must(err)
	m.Write("/etc/tinyssh/keys/ed25519.pk", public)
	m.Write("/etc/tinyssh/keys/.ed25519.sk", private)
	// tinysshd serves the connection on its standard input and leaves listening to
	// others. nc ignores SIGCHLD, under which tinysshd never stops waiting for the
	// process that signs.
	m.Sh("chmod 0700 /etc/tinyssh/keys; busybox nc -ll -p 22 -e env --default-signal=CHLD /usr/sbin/tinysshd /etc/tinyssh/keys </dev/null >/dev/null 2>&1 & echo $! >/run/sshd.pid")
	m.must(m.awaitPort())
}

// naclKey spells an ed25519 key as tinysshd wants it: the bytes alone.
func naclKey(pem []byte) (public, private string, err error) {
	parsed, err := ssh.ParseRawPrivateKey(pem)
	if err != nil {
		return "", "", fmt.Errorf("read the host key: %w", err)
	}
	key, ok := parsed.(*ed25519.PrivateKey)
	if !ok {
		return "", "", errors.New("the host key is not an ed25519 key")
	}
	return string((*key)[ed25519.SeedSize:]), string(*key), nil
}

func (m *Machine) awaitPort() error {
	return waitFor("its daemon to listen", func() bool {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("%s:%d", m.Addr, m.Port), time.Second)
		if err == nil {
			_ = c.Close() // that it was accepted is enough
		}
		return err == nil
	})
}
