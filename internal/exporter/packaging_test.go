package exporter

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
)

const packaging = "../../packaging/exporter/"

func packaged(t *testing.T, name string) []byte {
	t.Helper()
	return fileText(t, packaging+name)
}

// TestPackagedConfigurations: the files that a user starts from can be read, and the probes
// of Kubernetes ask at paths that exist.
func TestPackagedConfigurations(t *testing.T) {
	t.Parallel()
	objects := map[string]map[string]any{}
	d := yaml.NewDecoder(bytes.NewReader(packaged(t, "kubernetes.yaml")))
	for {
		var o map[string]any
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"apiVersion", "kind", "metadata"} {
			if o[key] == nil {
				t.Errorf("an object has no %s: %v", key, o)
			}
		}
		objects[o["kind"].(string)] = o
	}
	for _, kind := range []string{"Secret", "ConfigMap", "Deployment", "Service", "ServiceMonitor"} {
		if objects[kind] == nil {
			t.Errorf("there is no %s", kind)
		}
	}
	inMap, _ := objects["ConfigMap"]["data"].(map[string]any)["exporter.yml"].(string)
	for name, text := range map[string]string{"kubernetes.yaml": inMap, "exporter.yml": string(packaged(t, "exporter.yml"))} {
		file := filepath.Join(t.TempDir(), "exporter.yml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := config.Load(t.Context(), config.Files{Config: file}, os.LookupEnv); err != nil || len(c.Names()) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld(t, oneHost, Options{Observer: fakeObserver{login: succeed}})
	manifest := string(packaged(t, "kubernetes.yaml"))
	for _, path := range []string{"/-/healthy", "/-/ready", "/metrics"} {
		if code, _ := w.get(t, path); code != 200 || !strings.Contains(manifest, "path: "+path) {
			t.Errorf("%s answers %d, or the manifest does not ask there", path, code)
		}
	}
}

// TestDashboard: its panels have numbers and places of their own, a data source, and
// expressions. promtool parses those in TestAlerts' way, as rules.
func TestDashboard(t *testing.T) {
	t.Parallel()
	var d struct {
		UID, Title string
		Panels     []struct {
			ID      int
			Title   string
			GridPos struct{ H, W, X, Y int }
			Targets []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal(packaged(t, "dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	ids, places := map[int]bool{}, map[[2]int]bool{}
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for _, p := range d.Panels {
		place := [2]int{p.GridPos.X, p.GridPos.Y}
		if ids[p.ID] || places[place] || p.Title == "" || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q: %+v", p.ID, p.Title, p.GridPos)
		}
		ids[p.ID], places[place] = true, true
		for _, q := range p.Targets {
			expr, err := json.Marshal(strings.ReplaceAll(q.Expr, "$instance", ".*"))
			if err != nil {
				t.Fatal(err)
			}
			rules.WriteString("  - record: dashboard:panel:" + q.RefID + "\n    labels: { panel: \"" + p.Title + "\" }\n    expr: " + string(expr) + "\n")
		}
	}
	if len(d.Panels) < 10 {
		t.Errorf("%d panels", len(d.Panels))
	}
	checkRules(t, rules.String())
}
