package provider

import "testing"

// TestBooleanSetting: a Terraform boolean is refused when it is validated, with the
// words that sshd takes.
func TestBooleanSetting(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"true", "false"} {
		diags := start(t, one(cloudHost()), nil).validate(with(values{"settings": values{"UsePAM": v}}))
		mustSay(t, diags, failed, "UsePAM "+v, `write "yes" or "no"`, "settings")
	}
}
