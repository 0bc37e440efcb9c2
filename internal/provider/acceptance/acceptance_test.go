package acceptance

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider"
)

// The acceptance tests run the real engine against real Debian hosts. They are
// few: whatever needs no sshd is tested at the protocol, a hundred times faster.

const (
	dropIn    = "/etc/ssh/sshd_config.d/00-sshkeepalive.conf"
	mainFile  = "/etc/ssh/sshd_config"
	cloudFile = "/etc/ssh/sshd_config.d/50-cloud-init.conf"
	envFile   = coolify.DefaultFile
	server    = "sshkeepalive_server.this"
)

// accept runs a case with the engine on PATH: terraform, else tofu.
func accept(t *testing.T, c resource.TestCase) {
	t.Helper()
	hosttest.NeedsEngine(t)
	c.ProtoV6ProviderFactories = factories()
	resource.UnitTest(t, c)
}

func factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"sshkeepalive": func() (tfprotov6.ProviderServer, error) { return provider.New("test").Server(), nil },
	}
}

// providerBlock reaches machines as root with the harness's key. Its host keys
// are those of all machines.
func providerBlock(more string, machines ...*hosttest.Machine) string {
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

func serverBlock(m *hosttest.Machine, body string) string {
	return fmt.Sprintf("resource \"sshkeepalive_server\" \"this\" {\n  host = \"%s:%d\"\n%s\n}\n", m.Addr, m.Port, body)
}

// unchangedSince fails unless /etc/ssh is, to the byte, what it was.
func unchangedSince(t *testing.T, m *hosttest.Machine, before map[string]hosttest.File) resource.TestCheckFunc {
	t.Helper()
	return func(*terraform.State) error {
		after := m.Snapshot("/etc/ssh")
		if !reflect.DeepEqual(before, after) {
			return fmt.Errorf("destroy left something behind:\n%s", hosttest.Differences(before, after))
		}
		return nil
	}
}

// effective fails unless the host's sshd has value for keyword.
func effective(m *hosttest.Machine, keyword, value string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := m.Effective(keyword); got != value {
			return fmt.Errorf("%s is effectively %q, not %q", keyword, got, value)
		}
		return nil
	}
}
