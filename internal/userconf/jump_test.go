package userconf

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestProxyJumpBesideProxyCommand: of ProxyJump and ProxyCommand in one file, that
// one counts which the ssh of each release lets count. ProxyJump none before a
// command is read in two ways, the newest of which is ours.
func TestProxyJumpBesideProxyCommand(t *testing.T) {
	cases := []string{
		"ProxyJump none\nProxyCommand x\n", "ProxyCommand x\nProxyJump none\n", "ProxyJump NONE\nProxyCommand x\n",
		"ProxyJump none\nProxyCommand none\nProxyJump b\n", "ProxyJump none\nProxyCommand x\nProxyJump b\n",
		"ProxyJump none\nProxyJump b\n", "ProxyCommand none\nProxyJump b\n", "ProxyCommand NONE\nProxyJump b\n",
		"ProxyJump b\nProxyCommand x\n", "ProxyCommand x\nProxyJump b\n", "ProxyJump none\nMatch final\nProxyCommand x\n",
		"ProxyJump b,none\nProxyCommand x\n", "ProxyJump none@b\nProxyCommand x\n",
	}
	for _, release := range []string{"bullseye", "bookworm", "trixie", "sid"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			ssh := hosttest.Binary(t, release)
			ask := func(file string) (sshconf.Dump, error) {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				out, complaint, exit := ssh.Run(map[string][]byte{"/asked": text}, "ssh", "-F", "/asked", "-G", "web")
				if exit != 0 {
					return nil, fmt.Errorf("ssh -G: %s", complaint)
				}
				return sshconf.ParseDump(out), nil
			}
			r := New()
			r.jumpNoneHidesCommand = jumpNoneHidesCommand(t, ask)
			if release == "sid" && r.jumpNoneHidesCommand != New().jumpNoneHidesCommand {
				t.Error("the newest ssh reads ProxyJump none in another way than we do")
			}
			for i, text := range cases {
				compareRoute(t, r, write(t, filepath.Join(t.TempDir(), fmt.Sprint(i)), text), ask)
			}
		})
	}
}

func compareRoute(t *testing.T, r *Reader, file string, ask func(string) (sshconf.Dump, error)) {
	t.Helper()
	want, err := ask(file)
	if err != nil {
		t.Fatal(err)
	}
	web := "web"
	answer, err := r.Lookup(t.Context(), file, host.Settings{Host: &web}, "")
	if err != nil {
		t.Fatal(err)
	}
	var jump []string
	for _, hop := range answer.Settings.Jump {
		jump = append(jump, strings.TrimPrefix(text(hop.User, "")+"@"+*hop.Host, "@"))
	}
	var wanted []string
	for _, line := range want["proxyjump"] {
		wanted = append(wanted, strings.Split(line, ",")...)
	}
	if have := list(answer.Settings.ProxyCommand); !slices.Equal(have, want["proxycommand"]) || !slices.Equal(jump, wanted) {
		said, _ := os.ReadFile(file)
		t.Errorf("%q: ssh: command %q, jump %q; ours: %q, %q", said, want["proxycommand"], wanted, have, jump)
	}
}
