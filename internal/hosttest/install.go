package hosttest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// install creates what the options ask for, in one shell on the machine.
func (m *Machine) install() error {
	var files archive
	if err := m.addKeys(&files); err != nil {
		return err
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, as its documentation says
	files.add("/etc/machine-id", hex.EncodeToString(id[:])+"\n", 0o444)
	switch {
	case m.opts.KeepConfig:
	case m.opts.Config == "":
		files.add("/etc/ssh/sshd_config", CloudConfig, 0o644)
		files.add(cloudDropInPath, CloudDropIn, 0o600)
	default:
		files.add("/etc/ssh/sshd_config", m.opts.Config, 0o644)
	}
	for _, u := range m.opts.Users {
		files.addSudo(u)
	}
	for name, text := range m.opts.Files {
		files.add(name, text, modeOf(text))
	}
	if _, err := m.Exec("sh", "-ec", m.accountScript()); err != nil {
		return fmt.Errorf("make its users: %w", err)
	}
	if err := m.unpack(files); err != nil {
		return err
	}
	_, err := m.Exec("sh", "-ec", m.ownershipScript())
	return err
}

func modeOf(text string) int64 {
	if strings.HasPrefix(text, "#!") {
		return 0o755
	}
	return 0o644
}

// addKeys makes the host keys and the client key.
func (m *Machine) addKeys(files *archive) error {
	makers := []struct {
		name string
		make func() (key, error)
	}{
		{"ed25519", func() (key, error) { return newEd25519("") }},
		{"ecdsa", newECDSA},
		{"rsa", sharedRSA},
	}
	for _, maker := range makers {
		k, err := maker.make()
		if err != nil {
			return fmt.Errorf("make its host keys: %w", err)
		}
		m.HostKeys = append(m.HostKeys, k.public)
		name := "/etc/ssh/ssh_host_" + maker.name + "_key"
		files.add(name, string(k.private), 0o600)
		files.add(name+".pub", k.public+" root@host\n", 0o644)
	}
	return m.addClientKey(files)
}

func (m *Machine) addClientKey(files *archive) error {
	k, err := newEd25519("hosttest")
	if err != nil {
		return err
	}
	m.Key, m.KeyPath = k.private, filepath.Join(m.dir, "id_ed25519")
	files.add("/root/.ssh/authorized_keys", k.public+"\n", 0o600)
	for _, u := range m.opts.Users {
		if !u.NoKey {
			files.add(homeOf(u)+"/.ssh/authorized_keys", k.public+"\n", 0o600)
		}
	}
	var known strings.Builder
	for _, public := range m.HostKeys {
		known.WriteString(m.Addr + " " + public + "\n")
	}
	if err := os.WriteFile(filepath.Join(m.dir, "known_hosts"), []byte(known.String()), 0o600); err != nil {
		return err
	}
	return os.WriteFile(m.KeyPath, k.private, 0o600)
}

func homeOf(u User) string { return path.Join("/home", u.Name) }

func (a *archive) addSudo(u User) {
	switch u.Sudo {
	case "nopasswd":
		a.add("/etc/sudoers.d/"+u.Name, u.Name+" ALL=(ALL:ALL) NOPASSWD:ALL\n", 0o440)
	case "password":
		a.add("/etc/sudoers.d/"+u.Name, u.Name+" ALL=(ALL:ALL) ALL\n", 0o440)
	}
}

// accountScript makes the users. useradd gives an account without a password a
// locked one ("!"), which sshd refuses even for a key unless PAM is in use; "*"
// is what cloud images have.
func (m *Machine) accountScript() string {
	var s strings.Builder
	for _, u := range m.opts.Users {
		shell := u.Shell
		if shell == "" {
			shell = "/bin/bash"
		}
		fmt.Fprintf(&s, "useradd --create-home --shell %s --password '*' %s\n", quote(shell), quote(u.Name))
		if u.Password != "" {
			fmt.Fprintf(&s, "printf '%%s:%%s\\n' %s %s | chpasswd -c SHA512\n", quote(u.Name), quote(u.Password))
		}
	}
	if m.opts.RootPassword != "" {
		fmt.Fprintf(&s, "printf 'root:%%s\\n' %s | chpasswd -c SHA512\n", quote(m.opts.RootPassword))
	}
	return s.String()
}

// ownershipScript gives the users their home directories.
func (m *Machine) ownershipScript() string {
	var s strings.Builder
	s.WriteString("chmod 0700 /root/.ssh\n")
	for _, u := range m.opts.Users {
		fmt.Fprintf(&s, "chown -R %[1]s:%[1]s %[2]s; [ ! -d %[2]s/.ssh ] || chmod 0700 %[2]s/.ssh\n", quote(u.Name), quote(homeOf(u)))
	}
	return s.String()
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
