package sshconf

import (
	"fmt"
	"strings"
	"testing"
)

// TestSections has the forms that tools were seen to write.
func TestSections(t *testing.T) {
	for _, pair := range [][2]string{
		{"# BEGIN ANSIBLE MANAGED BLOCK", "# END ANSIBLE MANAGED BLOCK"},
		{"# BEGIN sftp only", "# END sftp only"},
		{"# ANSIBLE MANAGED BLOCK BEGIN", "# ANSIBLE MANAGED BLOCK END"},
		{"# --- BEGIN PVE ---", "# --- END PVE ---"},
		{"#-- start managed zone --", "#-- end managed zone --"},
		{"# START managed zone 42 -DO-NOT-EDIT-", "# END managed zone 42 --"},
		{"#VAGRANT-BEGIN: 501 abc", "#VAGRANT-END: 501 abc"},
		{"# >>> conda initialize >>>", "# <<< conda initialize <<<"},
		{"# === SSH-VAULT MANAGED - DO NOT EDIT BELOW ===", "# === SSH-VAULT MANAGED - DO NOT EDIT ABOVE ==="},
		{"#### Google OS Login control. Do not edit this section. ####", "#### End Google OS Login control section. ####"},
		{"# Added by Docker Desktop", "# End of section"},
		{"# begin webmin", "# end webmin"},
		{"\t# Begin Puppet: sftp", "\t# End Puppet: sftp"},
		{"# BEGIN sshkeepalive 10-team.conf Match (managed by Terraform)", "# END sshkeepalive 10-team.conf Match"},
		{"### BEGIN ###", "### END ###"},
	} {
		f := Parse(Server, Version{9, 2}, []byte("Port 22\n"+pair[0]+"\nUsePAM yes\n\n# why\nBanner none\n"+pair[1]+"\nX11Forwarding no\n"))
		if got := f.Sections(); len(got) != 1 || got[0] != (Section{1, 6}) {
			t.Errorf("%q to %q: %v", pair[0], pair[1], got)
		}
		if !f.Lines[6].EndsSection() {
			t.Errorf("%q does not end a section", pair[1])
		}
		if at := Outside(f.Sections(), 4); at != 1 {
			t.Errorf("%q: outside of line 4 is %d", pair[0], at)
		}
	}
}

// TestNoSections has comments that mark nothing.
func TestNoSections(t *testing.T) {
	for _, text := range []string{
		"# BEGIN a\nPort 22\n# END b\n",
		"# END a\nPort 22\n# BEGIN a\n",
		"# here the global part begins\nPort 22\n# the end, without a line break",
		"# sshd_config of example.org\nPort 22\n# end of sshd_config\n",
		"#####################\n# Logging\n#####################\nPort 22\n",
		"# This file was added by the installer\nPort 22\n# Start here\nUsePAM yes\n",
		"Port 22 # BEGIN x\nUsePAM yes # END x\n",
	} {
		if got := Parse(Server, Version{9, 2}, []byte(text)).Sections(); len(got) > 0 {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestSectionsInSections: Outside leaves all of them.
func TestSectionsInSections(t *testing.T) {
	f := Parse(Server, Version{9, 2}, []byte("# BEGIN a\n# BEGIN b\nPort 22\n# END b\n# BEGIN c\nUsePAM yes\n# END c\n# END a\n"))
	if got := fmt.Sprint(f.Sections()); got != "[{1 3} {4 6} {0 7}]" {
		t.Errorf("sections %s", got)
	}
	for at, want := range []int{0, 0, 0, 0, 0, 0, 0, 0, 8} {
		if got := Outside(f.Sections(), at); got != want {
			t.Errorf("outside of %d is %d", at, got)
		}
	}
}

// FuzzSections: sections lie one after the other or one in the other, and what is
// outside stays outside.
func FuzzSections(f *testing.F) {
	f.Add("# BEGIN a\n# BEGIN b\n# END a\n# END b\n")
	f.Add("# >>> x >>>\n# Added by y\n# end\n# <<< x <<<\n")
	f.Fuzz(func(t *testing.T, text string) {
		file := Parse(Server, Version{}, []byte(text))
		sections := file.Sections()
		for i, a := range sections {
			if a.Begin >= a.End {
				t.Fatalf("%+v in %q", a, text)
			}
			for _, b := range sections[:i] {
				if b.End > a.Begin && b.Begin < a.Begin {
					t.Fatalf("%+v and %+v cross in %q", a, b, text)
				}
			}
		}
		for at := range len(file.Lines) + 1 {
			out := Outside(sections, at)
			if out > at || Outside(sections, out) != out {
				t.Fatalf("outside of %d is %d, and of that %d, in %q", at, out, Outside(sections, out), strings.ToValidUTF8(text, "?"))
			}
		}
	})
}
