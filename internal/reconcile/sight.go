package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

// Sight is one look at a machine.
type Sight struct {
	Facts     sshserver.Facts
	Identity  host.Identity
	MachineID string // of /etc/machine-id; "" where the system has none
	Pending   []Pending

	sshd       string // path of the program
	activation commit.Activation
	listen     []string // address and inode of each listening socket
	known      knowledge
}

func (s Sight) machine(spec host.Spec) machineName { return nameOf(s.MachineID, s.Identity, spec) }

// Digests returns the SHA-256 of each file of the configuration tree, by path, as far
// as it is the business of the resource with this drop-in name: what other resources of
// ours put there is left out.
func (s Sight) Digests(dropInName string) map[string]string {
	digests := make(map[string]string, len(s.Facts.Tree.Files))
	for name, data := range s.Facts.Tree.Files {
		if d := serverDigest(name, data, dropInName); d != "" {
			digests[name] = d
		}
	}
	return digests
}

func serverDigest(name string, text []byte, dropInName string) string {
	return digestOf(sshserver.Foreign(name, text, dropInName))
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
