package resources

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider"
)

// The acceptance tests run the real engine against real Debian hosts. They are
// few: whatever needs no sshd is tested at the protocol, a hundred times faster.

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
