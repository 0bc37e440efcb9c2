package sshclient

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// TestClientVendorKeywords is the same for ssh.
func TestClientVendorKeywords(t *testing.T) {
	for _, name := range []string{"UseKeychain", "RSAMinSize", "KexDHMin", "AskPassGUI"} {
		want := Want{Patterns: []string{"db"}, Settings: []keepalive.Setting{{ByKeyword: true, Attribute: "settings[\"" + name + "\"]", Keyword: name, Values: []string{"1024"}}}}
		if problems := Check(want); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestKeywordsThatSSHNeverPrints(t *testing.T) {
	t.Parallel()
	got := CheckKeywords([]string{"RekeyLimit", "rekeylimits", "Include"})
	if len(got) != 2 || got[0].Attribute != "keywords[1]" || !strings.Contains(got[0].Text, "did you mean RekeyLimit") || got[1].Attribute != "keywords[2]" {
		t.Errorf("have %+v", got)
	}
}
