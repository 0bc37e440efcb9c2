package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// inventory is a provider block with an entry for each name.
func inventory(names ...string) values {
	hosts := values{}
	for _, name := range names {
		hosts[name] = values{}
	}
	return values{"hosts": map[string]any(hosts)}
}

func hostWithoutSettings() *fakeHost {
	return &fakeHost{machineID: "m9", hostKey: "SHA256:nine", files: map[string]string{mainFile: "UsePAM yes\n"}}
}

// TestListIsAnImport: a result has the identity and the resource that an import of the
// host has.
func TestListIsAnImport(t *testing.T) {
	t.Parallel()
	r := start(t, engineOf(map[string]*fakeHost{"web1": cloudHost(), "web2": cloudHost()}), inventory("web1", "web2"))
	results, diags := r.list(nil, 0)
	if len(results) != 2 || said(diags, failed) != "" {
		t.Fatalf("%d results, %s", len(results), everyText(diags))
	}
	imported, _ := r.importID("web1")
	imported, _ = r.read(imported)
	if got := r.decode(results[0].Resource); results[0].DisplayName != "web1" || !got.Equal(imported.value) {
		t.Errorf("%s: the list has\n%s\nand an import\n%s", results[0].DisplayName, got, imported.value)
	}
	if got, want := identityText(t, results[0].Identity), identityText(t, imported.identity); got != want || !strings.Contains(got, "web1") {
		t.Errorf("the list has the identity %s, and an import %s", got, want)
	}
}

func identityText(t *testing.T, data *tfprotov6.ResourceIdentityData) string {
	t.Helper()
	v, err := data.IdentityData.Unmarshal(tftypes.Object{AttributeTypes: map[string]tftypes.Type{"host": tftypes.String, "port": tftypes.Number, "file": tftypes.String}})
	if err != nil {
		t.Fatal(err)
	}
	return v.String()
}

// TestListSaysWhatIsMissing: hosts that are down, and those that set nothing, are told
// beside the first result; and a list of no host at all is an error.
func TestListSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	hosts := map[string]*fakeHost{"a": nil, "b": cloudHost(), "c": hostWithoutSettings(), "d": hostWithoutSettings(), "e": nil}
	r := start(t, engineOf(hosts), inventory("a", "b", "c", "d", "e"))
	results, _ := r.list(nil, 0)
	if len(results) != 1 || results[0].DisplayName != "b" {
		t.Fatalf("%d results", len(results))
	}
	text := said(results[0].Diagnostics, tfprotov6.DiagnosticSeverityWarning)
	for _, want := range []string{"a: ", "e: ", "nothing to import on c, d"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
	if said(results[0].Diagnostics, failed) != "" {
		t.Errorf("an error beside a result: %s", said(results[0].Diagnostics, failed))
	}
	if results, diags := r.list(values{"hosts": []any{"a", "e"}}, 0); len(results) > 0 || strings.Count(said(diags, failed), "Could not import this resource") != 2 {
		t.Errorf("%d results, %s", len(results), everyText(diags))
	}
	if results, diags := r.list(values{"hosts": []any{"c"}}, 0); len(results) > 0 || said(diags, failed) != "" || !strings.Contains(everyText(diags), "nothing to import on c") {
		t.Errorf("%d results, %s", len(results), everyText(diags))
	}
	if _, diags := r.list(values{"hosts": []any{"b", "web9"}}, 0); !strings.Contains(said(diags, failed), `"web9" is not in the provider's`) {
		t.Errorf("%s", everyText(diags))
	}
}

// TestListStopsWhereTheUserSaysSo: on_unreachable = "error" counts for a list as well.
func TestListStopsWhereTheUserSaysSo(t *testing.T) {
	t.Parallel()
	config := inventory("a", "b")
	config["on_unreachable"] = "error"
	r := start(t, engineOf(map[string]*fakeHost{"b": cloudHost()}), config)
	if results, diags := r.list(nil, 0); len(results) > 0 || !strings.Contains(said(diags, failed), "Could not import this resource") {
		t.Errorf("%d results, %s", len(results), everyText(diags))
	}
	if _, diags := start(t, one(cloudHost()), nil).list(nil, 0); !strings.Contains(said(diags, failed), "`hosts` of the provider names no host") {
		t.Errorf("%s", everyText(diags))
	}
}

// TestListLooksAtNoMoreThanItNeeds: hosts beyond the limit are not all dialled.
func TestListLooksAtNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	hosts, names := map[string]*fakeHost{}, []string{}
	for i := range 100 {
		names = append(names, fmt.Sprintf("web%02d", i))
		hosts[names[i]] = cloudHost()
	}
	e := engineOf(hosts)
	r := start(t, e, inventory(names...))
	results, _ := r.list(nil, 3)
	if len(results) != 3 || results[0].DisplayName != "web00" {
		t.Errorf("%d results, the first is %s", len(results), results[0].DisplayName)
	}
	seen := map[string]bool{}
	for _, s := range e.specs {
		seen[s.Name] = true
	}
	if len(seen) > 3+10 {
		t.Errorf("%d hosts were looked at", len(seen))
	}
}
