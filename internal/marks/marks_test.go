package marks

import "testing"

// TestMarksNeverChange: hosts have these bytes, and they are how our lines are found.
func TestMarksNeverChange(t *testing.T) {
	begin, end := Block("00-sshkeepalive.conf")
	matchBegin, matchEnd := MatchBlock("10-team.conf")
	for got, want := range map[string]string{
		ServerHeader:           "# Managed by Terraform: sshkeepalive_server. A change made here by hand is drift.",
		ClientHeader:           "# Created by Terraform (sshkeepalive_client); removed again when nothing else is in it.",
		MadeDir:                "# sshkeepalive made the directory ",
		FoundValue:             "# sshkeepalive found ",
		Repeated:               "# For the declared contexts, which Match blocks of others would override:",
		begin:                  "# BEGIN sshkeepalive 00-sshkeepalive.conf (managed by Terraform)",
		end:                    "# END sshkeepalive 00-sshkeepalive.conf",
		matchBegin:             "# BEGIN sshkeepalive 10-team.conf Match (managed by Terraform)",
		matchEnd:               "# END sshkeepalive 10-team.conf Match",
		RenderedBegin:          "# BEGIN sshkeepalive render_sshd_config (sshkeepalive_server takes over the lines that it declares)",
		RenderedEnd:            "# END sshkeepalive render_sshd_config",
		RenderedSSHBegin:       "# BEGIN sshkeepalive render_ssh_config (sshkeepalive_client takes over the lines that it declares)",
		RenderedSSHEnd:         "# END sshkeepalive render_ssh_config",
		Takeover("x.conf"):     "#sshkeepalive x.conf# ",
		Resource("0123456789"): "# sshkeepalive resource 0123456789",
	} {
		if got != want {
			t.Errorf("have %q, want %q", got, want)
		}
	}
}

func TestOwnersAreReadBack(t *testing.T) {
	begin, _ := Block("Host db*")
	if owner, ok := BlockOwner(begin); !ok || owner != "Host db*" {
		t.Errorf("block: %q, %v", owner, ok)
	}
	for _, begin := range []string{RenderedBegin, RenderedSSHBegin} {
		if owner, ok := BlockOwner(begin); ok {
			t.Errorf("rendered text has the owner %q", owner)
		}
		if owner, ok := Edge(begin); !ok || owner != "" {
			t.Errorf("rendered text has the owner %q, %v", owner, ok)
		}
	}
	if owner, ok := TakeoverOwner(Takeover("x.conf") + "Banner none"); !ok || owner != "x.conf" {
		t.Errorf("takeover: %q, %v", owner, ok)
	}
	if id, ok := ResourceID(Resource("0123456789abcdef") + "\r"); !ok || id != "0123456789abcdef" {
		t.Errorf("resource: %q, %v", id, ok)
	}
	if _, ok := ResourceID(Resource("somebody")); ok {
		t.Error("a resource has an id that no release writes")
	}
}
