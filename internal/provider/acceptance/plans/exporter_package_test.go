//go:build hosts

package plans

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0" // v2.46 needs go-msix, which the module proxy did not give out in November 2026

// exporterPackage makes the package that .goreleaser.yml describes, without the rest of a
// release.
func exporterPackage(t *testing.T, format string) string {
	t.Helper()
	const root = "../../../.."
	var release struct{ Nfpms []map[string]any }
	text := strings.ReplaceAll(string(acceptance.ReadFile(t, root+"/.goreleaser.yml")), "{{ .CommitDate }}", "2026-01-01T00:00:00Z")
	if err := yaml.Unmarshal([]byte(text), &release); err != nil || len(release.Nfpms) != 1 {
		t.Fatalf("%d packages in .goreleaser.yml: %v", len(release.Nfpms), err)
	}
	is := release.Nfpms[0]
	contents, _ := is["contents"].([]any)
	is["contents"] = append(contents, map[string]any{
		"src": acceptance.BuildExporter(t), "dst": fmt.Sprint(is["bindir"]) + "/sshkeepalive-exporter", "file_info": map[string]any{"mode": 0o755},
	})
	is["name"], is["version"], is["arch"] = is["package_name"], "1.2.3", "amd64"
	for _, key := range []string{"id", "ids", "package_name", "formats", "bindir"} {
		delete(is, key)
	}
	config, err := yaml.Marshal(is)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "nfpm.yml")
	acceptance.WriteFile(t, file, string(config))
	out := filepath.Join(t.TempDir(), "exporter."+format)
	build := exec.Command("go", "run", nfpm, "package", "--config", file, "--packager", format, "--target", out)
	build.Dir = root
	build.Env = append(os.Environ(), "GOFLAGS=")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return out
}

// TestLabExporterPackage installs the package on a host with systemd: the service starts with
// a key that only root can read, measures another host, takes a new configuration over, and
// is gone with the package.
func TestLabExporterPackage(t *testing.T) {
	t.Parallel()
	public, private := acceptance.LoginKey(t)
	here := lab.Start(t, lab.Options{Options: hosttest.Options{Release: "bookworm"}})
	web := hosttest.Start(t, hosttest.Options{Behind: here.Machine, Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}, Files: map[string]string{"/home/admin/.ssh/authorized_keys": public}})
	here.Write("/root/exporter.deb", string(acceptance.ReadFile(t, exporterPackage(t, "deb"))))
	if rpm := acceptance.ReadFile(t, exporterPackage(t, "rpm")); len(rpm) < 1<<20 || !strings.Contains(string(rpm[:4096]), "sshkeepalive-exporter-1.2.3") {
		t.Errorf("the rpm has %d bytes", len(rpm))
	}
	here.Sh("dpkg -i /root/exporter.deb >/dev/null 2>&1; test -x /usr/bin/sshkeepalive-exporter; test $(stat -c %a /etc/sshkeepalive-exporter/ssh) = 700")
	here.Write("/etc/sshkeepalive-exporter/ssh/id_ed25519", private)
	here.Write("/etc/sshkeepalive-exporter/ssh/known_hosts", fmt.Sprintf("%s %s\n", web.Addr, strings.TrimSpace(web.HostKeys[0])))
	here.Sh("chmod 600 /etc/sshkeepalive-exporter/ssh/*; sed -i 's/web1.example.com:/web1: { host: " + web.Addr + " }/' /etc/sshkeepalive-exporter/exporter.yml")
	here.Sh("systemctl daemon-reload && systemctl start sshkeepalive-exporter")
	p, page := prometheus{t, "http://" + here.Addr + ":10922"}, ""
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(here.Sh("systemctl status sshkeepalive-exporter --no-pager || :; journalctl -u sshkeepalive-exporter --no-pager | tail -20"))
		}
	})
	acceptance.Eventually(t, "the service to answer", func() bool {
		page = p.ask("/probe?target=web1&module=server")
		return page != ""
	})
	if !strings.Contains(page, "sshkeepalive_probe_success 1\n") {
		t.Error(page)
	}
	security := here.Sh("systemd-analyze security sshkeepalive-exporter --no-pager | tail -1")
	t.Log(strings.TrimSpace(security))
	if !strings.Contains(security, " OK ") {
		t.Errorf("systemd-analyze security says %s", security)
	}
	if who := here.Sh("ps -o user= -C sshkeepalive-exp | head -1; ps -o user= -C sshkeepalive-ex* | head -1 || :"); strings.Contains(who, "root") {
		t.Errorf("it runs as %s", who)
	}
	here.Sh("sed -i 's/web1:/web2:/' /etc/sshkeepalive-exporter/exporter.yml; systemctl reload sshkeepalive-exporter")
	acceptance.Eventually(t, "the new configuration to count", func() bool {
		page = p.ask("/targets")
		return strings.Contains(page, "web2")
	})
	here.Sh("systemctl stop sshkeepalive-exporter; dpkg -r sshkeepalive-exporter >/dev/null 2>&1; ! test -e /usr/bin/sshkeepalive-exporter")
}
