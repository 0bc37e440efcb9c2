package resources

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

const deployFile = "/etc/ssh/sshd_config.d/60-deploy.conf"

// saysFor is what the sshd of m says for a connection.
func saysFor(m *hosttest.Machine, spec, keyword string) string {
	return strings.TrimSpace(m.Sh("/usr/sbin/sshd -T -C " + spec + " | sed -n 's/^" + keyword + " //p'"))
}

// TestMatchThatAppears after an apply is drift: exit code 2, file and line, and an
// apply that changes nothing on the host accepts it. Lines above it do not matter,
// another value does, and that it goes is news as well.
func TestMatchThatAppears(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{})
	m.Write("/etc/ssh/sshd_config.d/55-bak.conf", "Match User bak\n\tClientAliveInterval 33\n\tMaxSessions 2\nMatch User same\n\tClientAliveInterval 120\n")
	hup := func() { m.Sh("kill -HUP $(cat /run/sshd.pid)") }
	hup()
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes))
	c.Apply("ClientAliveInterval stays 33 in Match User bak, at /etc/ssh/sshd_config.d/55-bak.conf:2")
	c.Plan(0, "No changes")

	m.Write(deployFile, "Match User deploy\n\tClientAliveInterval 0\n")
	hup()
	before := m.Snapshot("/etc/ssh")
	out := c.Plan(2, "ClientAliveInterval is 0 in Match User deploy since the last apply, at "+deployFile+":2", "Plan: 0 to add, 1 to change, 0 to destroy", `criteria = "User deploy"`)
	// A refresh records the digests of the files and accepts nothing.
	warning := []string{"ClientAliveInterval is 0 in Match User deploy since the last apply"}
	c.Expect(2, warning, "plan", "-no-color", "-refresh-only", "-detailed-exitcode")
	c.Expect(0, warning, "apply", "-no-color", "-refresh-only", "-auto-approve")
	c.Expect(0, warning, "plan", "-no-color", "-refresh-only", "-detailed-exitcode")
	c.Plan(2, warning...)
	if strings.Contains(out, "Match User bak,") || strings.Contains(out, "Match User same") {
		t.Errorf("what was accepted is told again:\n%s", out)
	}
	c.Apply("1 changed")
	if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("accepting changed the host:\n%s", d)
	}
	c.Plan(0, "No changes")
	c.Expect(0, []string{"User bak", "User deploy", deployFile}, "state", "show", "-no-color", "sshkeepalive_server.web1")

	m.Write(deployFile, "# a comment\n\nMatch User deploy\n\tClientAliveInterval 0s\n\tClientAliveCountMax 3\n")
	hup()
	c.Plan(2, "since the last apply, at "+deployFile+":4", "ClientAliveInterval is no longer 0 in Match User deploy")
	m.Write(deployFile, "# a comment\n\nMatch User deploy\n\tClientAliveInterval 0\n\tClientAliveCountMax 3\n")
	hup()
	c.Plan(0, "No changes")
	m.Remove(deployFile)
	hup()
	c.Plan(2, "ClientAliveInterval is no longer 0 in Match User deploy")

	m.Write(deployFile, "Match User deploy\n\tClientAliveInterval 0\n")
	hup()
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes+"  contexts = [{ user = \"deploy\" }]\n"))
	c.Apply("1 changed")
	c.Plan(0)
	if deploy, bak, other := saysFor(m, "user=deploy", "clientaliveinterval"), saysFor(m, "user=bak", "clientaliveinterval"), saysFor(m, "user=x", "clientaliveinterval"); deploy != "120" || bak != "33" || other != "120" {
		t.Errorf("deploy has %s, bak %s, others %s", deploy, bak, other)
	}
	if out := c.Expect(0, nil, "state", "show", "-no-color", "sshkeepalive_server.web1"); strings.Contains(out, `criteria = "User deploy"`) || !strings.Contains(out, `criteria = "User bak"`) {
		t.Errorf("recorded is\n%s", out)
	}
}

// TestContextThatAGroupCatches: the host knows who is in the group, and the apply
// does not end in validate. Nothing is taken from the others in the group.
func TestContextThatAGroupCatches(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "deploy"}, {Name: "ann"}, {Name: "bob"}}})
	m.Sh("groupadd admin; usermod -aG admin deploy; usermod -aG admin ann")
	before := m.Snapshot("/etc/ssh")
	m.Write(deployFile, "Match Group admin\n\tClientAliveInterval 0\n\tX11Forwarding no\n")
	m.Sh("kill -HUP $(cat /run/sshd.pid)")
	c := acceptance.NewCLI(t)
	body := func(seconds string) string {
		return acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", "client_alive_interval = "+seconds+"\ncontexts = [{ user = \"deploy\" }, { user = \"bob\" }]\n")
	}
	c.Config(body("77"))
	if out := c.Plan(2, "Match User deploy"); strings.Contains(out, "Match User bob") || strings.Contains(out, "not known") || strings.Contains(out, "loses its") {
		t.Errorf("the plan says\n%s", out)
	}
	c.Apply("1 added")
	c.Plan(0)
	c.Config(body("99"))
	c.Apply("1 changed")
	c.Plan(0)
	for user, want := range map[string]string{"deploy": "99", "bob": "99", "ann": "0"} {
		if got := saysFor(m, "user="+user, "clientaliveinterval"); got != want {
			t.Errorf("%s has %s, not %s", user, got, want)
		}
	}
	c.Destroy()
	m.Remove(deployFile)
	if d := hosttest.Differences(before, m.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("destroy left something behind:\n%s", d)
	}
}

// TestSectionOfAnotherTool: what the tool rewrites is not where ours stands.
func TestSectionOfAnotherTool(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{Config: "#### Google OS Login control. Do not edit this section. ####\nUseDNS no\n#### End Google OS Login control section. ####\nUsePAM yes\n"})
	c := acceptance.NewCLI(t)
	c.Config(acceptance.Fleet{"web1": m}.Provider("") + acceptance.Server("web1", acceptance.TwoMinutes))
	c.Apply("1 added")
	m.Sh("sed -i '/Google OS Login control. Do/,/End Google/d' " + acceptance.MainFile)
	m.Sh("kill -HUP $(cat /run/sshd.pid)")
	c.Plan(0, "No changes")
	if got := m.Effective("clientaliveinterval"); got != "120" {
		t.Errorf("ClientAliveInterval is %s", got)
	}
}
