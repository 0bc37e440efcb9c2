package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// Sight is one look at a machine.
type Sight struct {
	Facts     keepalive.Facts
	Identity  host.Identity
	MachineID string // of /etc/machine-id; "" where the system has none

	sshd       string // path of the program
	activation commit.Activation
	listen     []string // address and inode of each listening socket
	known      knowledge
}

// Digests returns the SHA-256 of every file of the configuration tree, by path.
func (s Sight) Digests() map[string]string {
	digests := make(map[string]string, len(s.Facts.Tree.Files))
	for name, data := range s.Facts.Tree.Files {
		digests[name] = digest(data)
	}
	return digests
}

// listens reports whether a listening socket has this inode.
func (s Sight) listens(inode string) bool {
	return slices.ContainsFunc(s.listen, func(l string) bool { return strings.HasSuffix(l, " "+inode) })
}

// listensAt reports whether any socket listens at this port: /proc/net/tcp writes
// it in four hexadecimal digits.
func (s Sight) listensAt(port int) bool {
	return slices.ContainsFunc(s.listen, func(l string) bool {
		address, _, _ := strings.Cut(l, " ")
		return strings.HasSuffix(address, fmt.Sprintf(":%04X", port))
	})
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// activation says how the running daemon is made to load its files. The unit
// comes from the listener's own cgroup, because ssh.service is not called that
// everywhere and its alias sshd.service does not exist under ssh.socket.
func (r *report) activation() commit.Activation {
	a := commit.Activation{Kind: commit.None, PID: r.sight.Facts.Daemon.PID, PIDFile: r.pidFile}
	if a.PID == 0 {
		return a
	}
	a.Kind = commit.Signal
	switch r.initSys {
	case "systemd":
		if a.Unit = unitOf(r.cgroup); a.Unit == "" {
			break
		}
		a.Kind = commit.Systemd
		for _, accept := range r.sockets {
			if accept == "no" {
				a.Kind = commit.Socket
			}
		}
	case "openrc":
		a.Kind, a.Unit = commit.OpenRC, r.service
	case "rcd":
		a.Kind, a.Unit = commit.RCD, r.service
	}
	return a
}
