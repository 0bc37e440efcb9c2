package session

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// What is recorded of a jump host counts for that address, and under its own
// accept-new only.
func TestRecordedKeysOfJumpHosts(t *testing.T) {
	m := LastAddress{HostKey: "SHA256:one", HostKeyType: "ssh-rsa", Hops: []host.HostKey{{Address: "b:22", SHA256: "SHA256:b", Type: "ssh-ed25519"}}}
	hop := func(name, policy string) host.Spec { return host.Spec{Host: name, Port: 22, HostKeyPolicy: policy} }
	spec := host.Spec{PinnedHostKey: "SHA256:one", Jump: []host.Spec{hop("b", "accept-new"), hop("b", "strict"), hop("c", "accept-new")}}
	got := m.complete(spec)
	if got.PinnedHostKeyType != "ssh-rsa" || got.Jump[0].PinnedHostKey != "SHA256:b" || got.Jump[0].PinnedHostKeyType != "ssh-ed25519" ||
		got.Jump[1].PinnedHostKey != "" || got.Jump[2].PinnedHostKey != "" || spec.Jump[0].PinnedHostKey != "" {
		t.Errorf("have %+v", got)
	}
	spec.PinnedHostKey = "SHA256:another"
	if got := m.complete(spec).PinnedHostKeyType; got != "" {
		t.Errorf("the type of another key is %s", got)
	}
}
