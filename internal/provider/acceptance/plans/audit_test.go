package plans

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// TestAuditOfAHost: before and after the host is given the profile, with an
// exception that only some meet; one look for an audit, a survey and a resource.
func TestAuditOfAHost(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{
		Users: []hosttest.User{{Name: "deploy"}},
		Files: map[string]string{acceptance.MainFile: hosttest.CloudConfig + "\nMatch User deploy\n\tMaxAuthTries 9\n", acceptance.CloudFile: hosttest.CloudDropIn},
	})
	c := acceptance.NewCLI(t)
	config := func(contexts string) string {
		return acceptance.Fleet{"web1": m}.Provider("") + fmt.Sprintf(`
data "sshkeepalive_audit" "web1" {
  host     = "web1"
  profiles = ["cis", "ssh-audit"]
  contexts = [%s]
}
output "told" { value = jsonencode(data.sshkeepalive_audit.web1) }
`, contexts)
	}
	type found struct {
		toldOrigin
		Profile, Status, Why, Context, Wanted, Effective, Reason, Rule string
		Conflicts                                                      []string `json:"conflicts_with"`
	}
	var told struct {
		Compliant            map[string]*bool
		Counts               map[string]map[string]int
		Findings, Exceptions []found
		Warnings             []struct{ Keyword, Text, Advice, File string }
		Loaded               bool
	}
	c.Config(config(""))
	c.Apply()
	c.Outputs(&told)
	if is := told.Compliant["cis"]; is == nil || *is || told.Counts["cis"]["unknown"] != 0 || told.Counts["ssh-audit"]["fail"] == 0 || !told.Loaded {
		t.Errorf("have %+v", told)
	}
	for _, f := range told.Findings {
		if f.Keyword == "ClientAliveInterval" && (f.Status != "pass" || f.Effective != "120" || f.File != acceptance.CloudFile || f.Line != 2) ||
			f.Keyword == "MaxStartups" && (f.Status != "fail" || f.Source != "default" || f.Wanted != "10:30:60") || f.Reason == "" || f.Rule == "" || f.Context != "" {
			t.Errorf("found %+v", f)
		}
	}
	if len(told.Exceptions) != 1 || told.Exceptions[0].Block != "Match User deploy" || told.Exceptions[0].Written != "9" {
		t.Errorf("exceptions %+v", told.Exceptions)
	}
	both := "  profile = \"cis\"\n  settings = { PermitRootLogin = \"prohibit-password\" }\n"
	c.Config(config("") + "data \"sshkeepalive_server_config\" \"web1\" {\n  host = \"web1\"\n}\n" + acceptance.Server("web1", both))
	if n := looks(c, func() { c.Expect(2, nil, "plan", "-no-color", "-detailed-exitcode") }); n != 1 {
		t.Errorf("%d looks where one is enough", n)
	}
	c.Apply()
	c.Config(config(`{ user = "deploy" }`) + acceptance.Server("web1", both))
	c.Apply()
	c.Outputs(&told)
	var failed []string
	for _, f := range told.Findings {
		if f.Profile == "cis" && f.Status != "pass" && f.Status != "not applicable" {
			failed = append(failed, strings.TrimSpace(f.Status+" "+f.Keyword+" "+f.Context))
		}
	}
	if got, want := strings.Join(failed, ", "), "fail MaxAuthTries user=deploy, fail PermitRootLogin"; got != want {
		t.Errorf("have %s, want %s", got, want)
	}
}
