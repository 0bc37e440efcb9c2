package examples

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// newUser follows the guides in one directory of one machine.
type newUser struct {
	*exampleWorld
	t        *testing.T
	began    time.Time
	commands int
}

const newUserDir = "/root/infra"

// TestNewUser follows the guides "The first host", "A fleet", "Adopting existing hosts" and
// "Drift detection in CI" in this order, with their blocks. Only the hosts differ: twelve
// of three releases, two of three behind a bastion, each with lines by hand. No plan
// fails, the fleet is adopted with an empty second plan, and the script of CI tells
// drift by its exit code. It prints the transcript.
func TestNewUser(t *testing.T) {
	t.Parallel()
	u := &newUser{exampleWorld: newUserWorld(t), t: t, began: time.Now()}

	u.configure(guideBlock(u.t, "getting-started", `resource "sshkeepalive_server" "web1"`))
	u.says("terraform plan", 0, "1 to add")
	u.says("terraform apply -auto-approve", 0, "1 added")
	u.says(guideBlock(u.t, "getting-started", "grep -i clientalive"), 0, "clientaliveinterval 120")
	u.says("terraform plan -detailed-exitcode", 0, "No changes")
	u.says("terraform destroy -auto-approve", 0, "1 destroyed")
	u.reached("the first host", 3*time.Minute)

	for i, name := range u.fleetNames() {
		file := []string{"sshd_config.d/90-team.conf", "sshd_config.d/00-base.conf", "sshd_config"}[i%3]
		u.machine(name).Sh("printf 'ClientAliveInterval 60\\nClientAliveCountMax 6\\n' >>/etc/ssh/" + file + " && reload-sshd")
	}
	u.configure(u.adopted())
	u.says("terraform plan -detailed-exitcode", 2, "12 to import, 0 to add, 12 to change, 0 to destroy", "lines that were written by hand are adopted")
	u.says("terraform apply -auto-approve", 0, "12 imported, 0 added, 12 changed, 0 destroyed")
	u.says("terraform plan -detailed-exitcode", 0, "No changes")
	for _, name := range u.fleetNames() {
		if got := u.machine(name).Effective("clientaliveinterval"); got != "60" {
			t.Errorf("%s: ClientAliveInterval is %s", name, got)
		}
	}
	u.reached("a fleet of 12", 10*time.Minute)

	u.says(guideBlock(u.t, "drift-in-ci", "cat >drift.sh"), 0, "No changes")
	u.machine("db5").Sh("sed -i 's/^ClientAliveInterval.*/ClientAliveInterval 600/' /etc/ssh/sshd_config.d/00-sshkeepalive.conf && reload-sshd")
	u.says("sh drift.sh", 2, `drifted: sshkeepalive_server.fleet["db5"]`)
	u.says("terraform apply -auto-approve", 0, "1 changed")
	u.says("sh drift.sh", 0)
	u.reached("drift detection", 15*time.Minute)
	t.Logf("%d commands, 0 failed plans", u.commands)
}

// newUserWorld is the user's machine, a bastion, and the hosts of the fleet.
func newUserWorld(t *testing.T) *exampleWorld {
	t.Helper()
	public, private := acceptance.LoginKey(t)
	w := &exampleWorld{hosts: map[string]*exampleHost{}}
	w.here = hosttest.Start(t, hosttest.Options{Release: "trixie", Packages: []string{"jq"}, Files: map[string]string{"/root/.ssh/id_ed25519": private}})
	start := func(name string, behind *hosttest.Machine, i int) {
		release := []string{"trixie", "bookworm", "bullseye"}[i%3]
		o := hosttest.Options{Release: release, Behind: behind, Files: map[string]string{"/usr/local/bin/reload-sshd": reloadScript}}
		for user, sudo := range map[string]string{"admin": "nopasswd", "jump": ""} {
			o.Users = append(o.Users, hosttest.User{Name: user, Sudo: sudo})
			o.Files["/home/"+user+"/.ssh/authorized_keys"] = public
		}
		w.hosts[name] = &exampleHost{Machine: hosttest.Start(t, o)}
	}
	start("bastion", w.here, 0)
	for i := range 4 {
		start(fmt.Sprintf("web%d", i+1), w.here, i)
	}
	for i := range 8 {
		start(fmt.Sprintf("db%d", i+1), w.hosts["bastion"].Machine, i)
	}
	var names, known strings.Builder
	for name, h := range w.hosts {
		fmt.Fprintf(&names, "%s %s.example.com\n", h.Addr, name)
		fmt.Fprintf(&known, "%s.example.com %s\n", name, strings.TrimSpace(h.HostKeys[0]))
	}
	w.here.Write("/root/.ssh/known_hosts", known.String())
	w.here.Sh("chmod 600 /root/.ssh/id_ed25519")
	for _, m := range append(w.machines(), w.here) {
		m.Write("/etc/hosts", "127.0.0.1 localhost\n"+names.String())
	}
	acceptance.Equip(t, w.here)
	return w
}

func (u *newUser) fleetNames() []string {
	names := slices.Sorted(maps.Keys(u.hosts))
	return slices.DeleteFunc(names, func(name string) bool { return name == "bastion" })
}

// adopted is the configuration of the guide "A fleet" with the user's hosts, adopted as
// the guide "Adopting existing hosts" says.
func (u *newUser) adopted() string {
	text := guideBlock(u.t, "fleet", `resource "sshkeepalive_server" "fleet"`)
	for _, group := range []string{"web", "db"} {
		entries := ""
		for _, name := range u.fleetNames() {
			if strings.HasPrefix(name, group) {
				entries += fmt.Sprintf("    %s = \"%s root@%s\"\n", name, strings.TrimSpace(u.hosts[name].HostKeys[0]), name)
			}
		}
		text = regexp.MustCompile(`(?s)(\n  `+group+` = \{\n).*?(\n  \})`).ReplaceAllString(text, "${1}"+strings.TrimSuffix(entries, "\n")+"$2")
	}
	text = strings.Replace(text, "  host     = each.key\n", "  host     = each.key\n  adopt    = true\n", 1)
	imports := regexp.MustCompile(`(?s)import \{.*?\n\}\n`).FindString(guideBlock(u.t, "adopting", "import {"))
	return text + strings.Replace(imports, "local.fleet", "merge(local.web, local.db)", 1)
}

// guideBlock is the first block of a guide that has a text in it.
func guideBlock(t *testing.T, guide, text string) string {
	t.Helper()
	p, err := parsePage("../../../..", "templates/guides/"+guide+".md", map[string]bool{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range p.blocks {
		if strings.Contains(b.text, text) {
			return b.text
		}
	}
	t.Fatalf("the guide %s has no block with %s", guide, text)
	return ""
}

func (u *newUser) configure(text string) {
	u.t.Helper()
	text, err := u.withKeys(text)
	if err != nil {
		u.t.Fatal(err)
	}
	u.here.Write(newUserDir+"/main.tf", completed(text))
}

// says runs a command, and insists on its exit code and on words.
func (u *newUser) says(command string, want int, words ...string) {
	u.t.Helper()
	u.commands++
	began := time.Now()
	out, code := u.run(u.here, newUserDir, command)
	first, _, _ := strings.Cut(strings.TrimSpace(command), "\n")
	u.t.Logf("$ %s\t# %d, %.1f s", first, code, time.Since(began).Seconds())
	if code != want {
		u.t.Fatalf("%s ended with %d, not %d:\n%s", command, code, want, out)
	}
	for _, text := range words {
		if !strings.Contains(acceptance.Flat(out), text) {
			u.t.Errorf("%s does not say %q:\n%s", command, text, out)
		}
	}
}

// reached compares the time that the commands took so far with what a user may need.
func (u *newUser) reached(what string, limit time.Duration) {
	took := time.Since(u.began)
	u.t.Logf("%s: %.0f s", what, took.Seconds())
	if took > limit {
		u.t.Errorf("%s takes %s", what, took)
	}
}
