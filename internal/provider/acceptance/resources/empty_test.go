package resources

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestModuleThatPassesOnNothing: a module gives each attribute from a variable of its
// own, most of which are empty, and the variables of the environment fill in.
func TestModuleThatPassesOnNothing(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	c := acceptance.NewCLI(t)
	c.Env = append(c.Env, "SSHKEEPALIVE_HOST_KEYS=ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDZ\n"+strings.TrimSpace(m.HostKeys[0]), "SSHKEEPALIVE_CONNECT_WAIT=1d", "SSHKEEPALIVE_PORT=", "SSHKEEPALIVE_JUMP=")
	config := fmt.Sprintf(`
variable "none" {
  default = ""
}
provider "sshkeepalive" {
  connection {
    user                = "root"
    private_key_path    = %q
    private_key         = var.none
    certificate         = var.none
    password            = var.none
    host_key            = var.none
    host_key_policy     = var.none
    known_hosts         = var.none
    known_hosts_files   = [var.none]
    bastion_host        = var.none
    bastion_user        = var.none
    bastion_private_key = var.none
    bastion_host_key    = var.none
    proxy_command       = var.none
    proxy_url           = var.none
    ssh_config_file     = var.none
    agent_identity      = var.none
    agent_socket        = var.none
    sudo_password       = var.none
    sudo_user           = var.none
    connect_timeout     = var.none
  }
  on_unreachable = var.none
}
resource "sshkeepalive_server" "web1" {
  host = %q
  ssh  = { user = var.none, host_key = var.none, connect_timeout = var.none, host_key_policy = var.none }
%s}
`, m.KeyPath, m.Addr, acceptance.TwoMinutes)
	c.Config(config)
	said := c.Plan(1, "`SSHKEEPALIVE_HOST_KEYS, line 1`: not a public key")
	if strings.Contains(said, "bastion") || strings.Contains(said, "connection.") {
		t.Errorf("an attribute without a value is named:\n%s", said)
	}
	c.Env = append(c.Env, "SSHKEEPALIVE_HOST_KEYS="+strings.TrimSpace(m.HostKeys[0]))
	c.Plan(2, "1 to add")
}
