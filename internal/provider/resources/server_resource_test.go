package resources

import (
	"fmt"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

func TestConnecting(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, c := range map[string]struct {
		spec host.Spec
		want string
	}{
		"a key":                {host.Spec{Transport: "ssh", User: "a", PrivateKey: "k"}, "a [publickey]"},
		"a password":           {host.Spec{Transport: "ssh", User: "a", Password: "p"}, "a [password keyboard-interactive]"},
		"a password and agent": {host.Spec{Transport: "ssh", User: "a", Password: "p", Agent: &yes}, "a [publickey password keyboard-interactive]"},
		"nothing":              {host.Spec{Transport: "ssh", User: "a"}, "a [publickey]"},
		"no agent":             {host.Spec{Transport: "ssh", User: "a", Agent: &no}, "a []"},
		"this machine":         {host.Spec{Transport: "local", User: "a"}, " []"},
	} {
		got := connecting(sshserver.Want{}, c.spec)
		if text := fmt.Sprint(got.ConnectingUser, " ", got.ConnectingBy); text != c.want {
			t.Errorf("%s: got %q, want %q", name, text, c.want)
		}
	}
}
