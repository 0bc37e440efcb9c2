package hosttest

// Options says what a machine looks like before its sshd starts. The zero value
// is a Debian cloud image to which root can log in by key.
type Options struct {
	// Release is the Debian release: "bookworm" when empty, "bullseye", "trixie".
	Release string
	// Packages are unpacked besides those of an OpenSSH host. Their maintainer
	// scripts do not run.
	Packages []string
	// Config is the whole of /etc/ssh/sshd_config, CloudConfig when empty.
	Config string
	// KeepConfig leaves the configuration of sshd as the root file system has it.
	KeepConfig bool
	// Files maps absolute paths to content, written after everything else. A
	// file that begins with "#!" is made executable.
	Files map[string]string
	// Users are made besides root.
	Users []User
	// RootPassword lets root log in by password where Config allows it.
	RootPassword string
	// SSHDArgs are added to sshd's command line.
	SSHDArgs []string
	// NoDaemon leaves sshd stopped; StartSSHD starts it.
	NoDaemon bool
	// Behind attaches the machine to that one and not to the network of the
	// test: it can be reached through a jump only.
	Behind *Machine
}

// User is an account on a machine.
type User struct {
	Name string
	// Password may be used where sshd_config allows it, and for sudo.
	Password string
	// Shell is the login shell, /bin/bash when empty.
	Shell string
	// Sudo is "", "nopasswd" or "password".
	Sudo string
	// NoKey leaves the machine's client key out of authorized_keys.
	NoKey bool
}

// CloudConfig is sshd_config as Debian's cloud images have it, with a Match block
// at the end as administrators add it.
const CloudConfig = `# This is the sshd server system-wide configuration file.  See
# sshd_config(5) for more information.

Include /etc/ssh/sshd_config.d/*.conf

#Port 22
#ListenAddress 0.0.0.0

PermitRootLogin prohibit-password
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
#TCPKeepAlive yes
#ClientAliveInterval 0
#ClientAliveCountMax 3

# Allow client to pass locale environment variables
AcceptEnv LANG LC_*

# override default of no subsystems
Subsystem	sftp	/usr/lib/openssh/sftp-server

Match User git
	AllowTcpForwarding no
	X11Forwarding no
`

// CloudDropIn is what cloud-init leaves in 50-cloud-init.conf of the drop-in
// directory. It is read first, and so wins over everything below the Include.
const CloudDropIn = "PasswordAuthentication no\nClientAliveInterval 120\n"

const cloudDropInPath = "/etc/ssh/sshd_config.d/50-cloud-init.conf"
