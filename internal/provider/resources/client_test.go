package resources

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestBlockIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[string][3]string{
		"here/~/.ssh/config#Host *.example.org !x":       {"here", "~/.ssh/config", "Host *.example.org !x"},
		"root@web1:2222/~bob/.ssh/config#Host a":         {"root@web1:2222", "~bob/.ssh/config", "Host a"},
		"web1/etc/ssh/ssh_config.d/1.conf#Match all":     {"web1", "/etc/ssh/ssh_config.d/1.conf", "Match all"},
		"web1#Match host db exec \"test -e /run/vpn#1\"": {"web1", "", "Match host db exec \"test -e /run/vpn#1\""},
	} {
		if address, file, block := splitID(id, true); [3]string{address, file, block} != want {
			t.Errorf("%s: %q %q %q", id, address, file, block)
		}
	}
	m := &clientModel{hostAttributes: hostAttributes{Host: types.StringValue("root@web1:2222")}, ConfigFile: types.StringValue("~/.ssh/config"), User: types.StringValue("bob"), Match: types.StringValue("all")}
	if id, _ := m.identity(); id.String() != "web1:2222/~bob/.ssh/config#Match all" {
		t.Errorf("ID %s", id)
	}
}
