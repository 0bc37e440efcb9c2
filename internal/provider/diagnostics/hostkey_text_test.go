package diagnostics

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// TestPlaceholderAsHostKey: what to do about a host key that was copied from an example
// names the attribute and the command that prints the real one.
func TestPlaceholderAsHostKey(t *testing.T) {
	address := "10.0.0.5"
	_, err := host.Resolve("web1", host.Settings{Host: &address, HostKeys: []string{"ssh-ed25519 AAAA…"}})
	if err == nil {
		t.Fatal("a placeholder is taken for a key")
	}
	got := Failures("web1", "create", err)[0].Detail()
	for _, want := range []string{"The dots stand for the rest of the key", "Give `host_keys[0]` the whole line", "cat /etc/ssh/ssh_host_ed25519_key.pub", "ssh-keygen -lf"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}
