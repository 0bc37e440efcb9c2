package provider

import (
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

// profileDoc lists the baselines with their versions; the guide has every value.
func profileDoc() string {
	var names []string
	for _, b := range baseline.All() {
		names = append(names, "`"+b.Name+"` ("+b.Version+")")
	}
	return "A named baseline whose values are defaults under the attributes and `settings`, which win: " + strings.Join(names, ", ") + ". " +
		"Every value, its reason and its source, and where the baselines disagree, is in the guide on baselines. " +
		"Values that the host's OpenSSH cannot do are left out, and the plan says which. The plan warns of values that can lock users out. Default: none."
}

// connecting adds who we log in as, and how, whom a change must not shut out.
func connecting(want sshserver.Want, spec host.Spec) sshserver.Want {
	if spec.Transport != "ssh" {
		return want
	}
	want.ConnectingUser = spec.User
	agent := spec.Agent != nil && *spec.Agent || spec.Agent == nil && spec.Password == ""
	if spec.PrivateKey != "" || spec.PrivateKeyPath != "" || agent {
		want.ConnectingBy = append(want.ConnectingBy, "publickey")
	}
	if spec.Password != "" {
		want.ConnectingBy = append(want.ConnectingBy, "password", "keyboard-interactive")
	}
	return want
}
