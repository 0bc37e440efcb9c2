package acceptance

import (
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
)

// The files of a host that the tests are about.
const (
	DropIn    = "/etc/ssh/sshd_config.d/00-sshkeepalive.conf"
	MainFile  = "/etc/ssh/sshd_config"
	CloudFile = "/etc/ssh/sshd_config.d/50-cloud-init.conf"
	EnvFile   = coolify.DefaultFile
)

// ProviderBlock reaches machines as root with the harness's key. Its host keys
// are those of all machines.
func ProviderBlock(more string, machines ...*hosttest.Machine) string {
	var keys []string
	for _, m := range machines {
		for _, k := range m.HostKeys {
			keys = append(keys, fmt.Sprintf("%q", strings.TrimSpace(k)))
		}
	}
	return fmt.Sprintf(`
provider "sshkeepalive" {
  connection {
    user             = "root"
    private_key_path = %q
    host_keys        = [%s]
    connect_timeout  = "5s"
  }
%s
}
`, machines[0].KeyPath, strings.Join(keys, ", "), more)
}

// ThisServer is the address of the resource of ServerBlock.
const ThisServer = "sshkeepalive_server.this"

// ServerBlock manages the sshd of m.
func ServerBlock(m *hosttest.Machine, body string) string {
	return fmt.Sprintf("resource \"sshkeepalive_server\" \"this\" {\n  host = \"%s:%d\"\n%s\n}\n", m.Addr, m.Port, body)
}

// ClientBlock manages the ssh_config of the account that logs in to m.
func ClientBlock(m *hosttest.Machine, name, login, body string) string {
	return fmt.Sprintf("resource \"sshkeepalive_client\" %q {\n  host = \"%s@%s:%d\"\n%s\n}\n", name, login, m.Addr, m.Port, body)
}

// CoolifyBlock manages the environment file of the Coolify on m.
func CoolifyBlock(m *hosttest.Machine, body string) string {
	return fmt.Sprintf("resource \"sshkeepalive_coolify\" \"this\" {\n  host = \"root@%s:%d\"\n%s\n}\n", m.Addr, m.Port, body)
}

// CoolifyData is the data source for the same host.
func CoolifyData(m *hosttest.Machine) string {
	return fmt.Sprintf("data \"sshkeepalive_coolify\" \"this\" {\n  host = \"root@%s:%d\"\n}\n", m.Addr, m.Port)
}

// ImportBlock imports the object id as the resource to.
func ImportBlock(to, id string) string {
	return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", to, id)
}

// Fleet is machines by the names they have in the provider's hosts.
type Fleet map[string]*hosttest.Machine

// Provider writes the provider block; more goes into it as it is.
func (f Fleet) Provider(more string) string {
	var hosts strings.Builder
	for name, m := range f {
		var keys []string
		for _, k := range m.HostKeys {
			keys = append(keys, fmt.Sprintf("%q", strings.TrimSpace(k)))
		}
		fmt.Fprintf(&hosts, "    %s = { host = %q, port = %d, private_key_path = %q, host_keys = [%s] }\n", name, m.Addr, m.Port, m.KeyPath, strings.Join(keys, ", "))
	}
	return fmt.Sprintf("provider \"sshkeepalive\" {\n  connection {\n    user            = \"root\"\n    connect_timeout = \"5s\"\n  }\n  hosts = {\n%s  }\n%s\n}\n", hosts.String(), more)
}

// Names are the machines as a list of HCL.
func (f Fleet) Names() string {
	var quoted []string
	for name := range f {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// Server manages the sshd of the machine of a Fleet that has this name.
func Server(name, body string) string {
	return fmt.Sprintf("resource \"sshkeepalive_server\" %q {\n  host = %q\n%s\n}\n", name, name, body)
}

// TwoMinutes are the values that most tests give.
const TwoMinutes = "  client_alive_interval  = \"2m\"\n  client_alive_count_max = 3\n"
