package host

import (
	"fmt"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// Settings is one layer of connection settings, such as the provider's
// connection block or one entry of its hosts. A nil field says nothing.
type Settings struct {
	// Place is how the user wrote this layer, for messages: "connection",
	// "connection.jump[0]", "SSHKEEPALIVE_JUMP"; Names is how the user wrote the settings.
	Place string
	Names Names
	// JumpHost says that the machine is on the way to another one.
	JumpHost bool

	Transport *string // "ssh", "local", "image"
	Root      *string // of an image
	Host      *string
	Port      *int
	User      *string

	PrivateKey           *Secret
	PrivateKeyPath       *string
	PrivateKeyPassphrase *Secret
	Certificate          *string
	Password             *Secret
	Agent                *bool
	AgentIdentity        *string
	AgentSocket          *string
	IdentitiesOnly       *bool

	// IdentityFiles and CertificateFiles are those of an ssh_config: tried in
	// order, and left out where they are absent or of no use. An IdentityFiles that
	// is empty and not nil says that there are none, not even the usual ones.
	IdentityFiles    []string
	CertificateFiles []string

	HostKeys        []string // public keys or CA keys, authorized_keys format
	KnownHosts      *string
	KnownHostsFiles []string
	// SharedKeys says that the settings above count for every host that has no keys of
	// its own, so that another key does not mean that the host's key changed.
	SharedKeys    bool
	HostKeyPolicy *string // "strict", "accept-new", "insecure"
	// DefaultKnownHosts replaces the usual files, which are looked into when no layer
	// names host keys, and may be absent.
	DefaultKnownHosts []string
	HostKeyAlias      *string // the name under which the host's keys are recorded
	CheckHostIP       *bool   // whether the address behind the name must not be recorded with other keys
	// PinnedHostKey is a fingerprint recorded earlier under accept-new; when
	// set, only that key is accepted.
	PinnedHostKey *string

	Jump          []Settings
	ProxyCommand  *string
	ProxyURL      *Secret
	AddressFamily *string // "inet", "inet6"; anything else is both
	SSHConfigFile *string

	Sudo         *bool
	SudoPassword *Secret
	SudoUser     *string

	ConnectTimeout    *time.Duration
	HandshakeTimeout  *time.Duration
	CommandTimeout    *time.Duration
	ConnectWait       *time.Duration
	KeepaliveInterval *time.Duration
	KeepaliveCountMax *int
	MaxSessions       *int
}

// hostKeyAt names key i of host_keys. Attributes for one key have names in the singular,
// and a variable has a line for each.
func (s Spec) hostKeyAt(i int) string {
	name := s.Names.Written("host_keys")
	switch {
	case strings.HasSuffix(strings.ToLower(name), "host_key"):
		return name
	case strings.HasPrefix(name, EnvPrefix):
		return fmt.Sprintf("%s, line %d", name, i+1)
	}
	return fmt.Sprintf("%s[%d]", name, i)
}

// ParseHostKeys reads host_keys: public keys, each with or without "@cert-authority"
// (and hosts field) before it.
func (s Spec) ParseHostKeys() ([]knownhosts.Key, error) {
	var keys []knownhosts.Key
	for i, text := range s.HostKeys {
		at := s.hostKeyAt(i)
		entry, err := knownhosts.ParseHostKey(text)
		if err != nil {
			return nil, &SettingError{Name: at, Err: err}
		}
		entry.At, entry.Shared = at, s.SharedKeys
		keys = append(keys, entry)
	}
	return keys, nil
}
