package reconcile

import (
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// Machine id, host key and address decide together which machine answered.
func TestRecordTellsMachinesApart(t *testing.T) {
	full := Record{MachineID: "m1", HostKeySHA256: "SHA256:one", HostKeyType: "ssh-ed25519", Address: "a:22"}
	answer := func(key, typ, address string) host.Identity {
		return host.Identity{HostKeySHA256: key, KeyType: typ, Address: address}
	}
	for _, c := range []struct {
		what        string
		rec         Record
		id          string
		answered    host.Identity
		other, same bool
	}{
		{"the same", full, "m1", answer("SHA256:one", "ssh-ed25519", "a:22"), false, true},
		{"the same at another address", full, "m1", answer("SHA256:one", "ssh-ed25519", "b:22"), false, true},
		{"a renewed key", full, "m1", answer("SHA256:two", "ssh-ed25519", "a:22"), false, true},
		{"a clone", full, "m1", answer("SHA256:two", "ssh-ed25519", "b:22"), true, false},
		{"a key of another type at another address", full, "m1", answer("SHA256:two", "ssh-rsa", "b:22"), false, false},
		{"another id", full, "m2", answer("SHA256:one", "ssh-ed25519", "a:22"), true, false},
		{"no id and another key", full, "", answer("SHA256:two", "ssh-ed25519", "a:22"), true, false},
		{"no id and the same key", full, "", answer("SHA256:one", "ssh-ed25519", "a:22"), false, false},
		{"a record without an address", Record{MachineID: "m1", HostKeySHA256: "SHA256:one"}, "m1", answer("SHA256:two", "", "b:22"), false, false},
		{"nothing recorded", Record{}, "m1", answer("SHA256:one", "", "a:22"), false, false},
		{"this machine", Record{MachineID: "m1"}, "m1", host.Identity{}, false, true},
	} {
		if got := c.rec.IsOther(c.id, c.answered); got != c.other {
			t.Errorf("%s: it is another machine: %t", c.what, got)
		}
		if got := c.rec.IsSame(c.id, c.answered); got != c.same {
			t.Errorf("%s: it is proven to be the same machine: %t", c.what, got)
		}
	}
}
