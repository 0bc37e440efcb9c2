package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// TestEveryConnectionSettingIsThere: the schemas have what the table of settings says,
// and its documentation, with default and variable.
func TestEveryConnectionSettingIsThere(t *testing.T) {
	in := map[host.Scope]func(string) string{}
	for _, place := range []host.Scope{host.InConnection, host.InHosts, host.InJump} {
		attributes := connection.Schema(place)
		in[place] = func(name string) string {
			if attributes[name] == nil {
				return ""
			}
			return attributes[name].GetMarkdownDescription()
		}
	}
	ssh := connection.SSHSchema()
	in[host.InSSH] = func(name string) string {
		if ssh[name] == nil {
			return ""
		}
		return ssh[name].GetMarkdownDescription()
	}
	for _, d := range host.AllSettings() {
		for place, doc := range in {
			want := d.In&place != 0 && !(d.Secret() && place == host.InSSH)
			if text := doc(d.Name); (text != "") != want || !strings.Contains(text, d.Doc) && want {
				t.Errorf("%s in %d: want it %t, have %q", d.Name, place, want, text)
			}
		}
		text := in[host.InConnection](d.Name)
		if text != "" && (!strings.Contains(text, d.Variable()) || !strings.Contains(text, d.DefaultText())) {
			t.Errorf("%s: %q", d.Name, text)
		}
		for _, other := range []string{d.Singular, d.Bastion} {
			if other != "" && in[host.InHosts](other) == "" {
				t.Errorf("%s is missing", other)
			}
		}
	}
}

func TestSecretsAreSensitiveAndNeverInAResource(t *testing.T) {
	secrets := 0
	entry := connection.Schema(host.InHosts)
	for _, d := range host.AllSettings() {
		if !d.Secret() {
			continue
		}
		secrets++
		if !entry[d.Name].IsSensitive() || d.Bastion != "" && !entry[d.Bastion].IsSensitive() {
			t.Errorf("%s is shown in plans", d.Name)
		}
		if _, ok := connection.SSHSchema()[d.Name]; ok {
			t.Errorf("a resource can hold %s, and state would", d.Name)
		}
		hop := connection.SSHSchema()["jump"].(schema.ListNestedAttribute).NestedObject.Attributes
		if _, ok := hop[d.Name]; ok {
			t.Errorf("a resource's hop can hold %s", d.Name)
		}
	}
	if secrets < 5 {
		t.Errorf("only %d secrets were found", secrets)
	}
}

var defaultOrMeaning = regexp.MustCompile(`[.?)]$`)

// TestEverythingIsDocumented walks both schemas to every depth.
func TestEverythingIsDocumented(t *testing.T) {
	r := start(t, engineOf(nil), nil)
	schemas, err := r.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	r.must(err, schemas.Diagnostics)
	count := 0
	var walk func(at string, attributes []*tfprotov6.SchemaAttribute)
	walk = func(at string, attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			count++
			if len(a.Description) < 10 || !defaultOrMeaning.MatchString(a.Description) {
				t.Errorf("%s.%s is documented as %q", at, a.Name, a.Description)
			}
			if a.NestedType != nil {
				walk(at+"."+a.Name, a.NestedType.Attributes)
			}
		}
	}
	walk("provider", schemas.Provider.Block.Attributes)
	for _, b := range schemas.Provider.Block.BlockTypes {
		walk("provider."+b.TypeName, b.Block.Attributes)
	}
	for name, s := range schemas.ResourceSchemas {
		walk(name, s.Block.Attributes)
	}
	if count < 150 {
		t.Errorf("only %d attributes were found", count)
	}
}

// TestConnectionIsABlock: a connection block of a provisioner can be pasted.
func TestConnectionIsABlock(t *testing.T) {
	r := start(t, engineOf(nil), nil)
	schemas, err := r.server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	r.must(err, schemas.Diagnostics)
	b := schemas.Provider.Block
	if len(b.BlockTypes) != 1 || b.BlockTypes[0].TypeName != "connection" || b.BlockTypes[0].Nesting != tfprotov6.SchemaNestedBlockNestingModeSingle {
		t.Fatalf("blocks: %v", b.BlockTypes)
	}
	for _, a := range b.Attributes {
		if a.Name == "connection" {
			t.Error("connection is an attribute as well")
		}
	}
	// The framework decodes with its own schema what was encoded with this one.
	var resp provider.SchemaResponse
	New("test").Schema(t.Context(), provider.SchemaRequest{}, &resp)
	if ours := resp.Schema.Type().TerraformType(t.Context()); !ours.Equal(schemas.Provider.ValueType()) {
		t.Errorf("the block has another type on the wire:\n%s\n%s", ours, schemas.Provider.ValueType())
	}
}

// TestTerraformsConnectionNames lists the attributes that Terraform's connection
// block has for SSH, and those that have no meaning here.
func TestTerraformsConnectionNames(t *testing.T) {
	var resp provider.SchemaResponse
	New("test").Schema(t.Context(), provider.SchemaRequest{}, &resp)
	block := resp.Schema.Attributes["connection"].(providerschema.SingleNestedAttribute).Attributes
	for _, name := range []string{"user", "password", "port", "private_key", "certificate", "agent", "agent_identity", "host_key",
		"bastion_host", "bastion_host_key", "bastion_port", "bastion_user", "bastion_password", "bastion_private_key", "bastion_certificate"} {
		if block[name] == nil {
			t.Errorf("connection has no %s", name)
		}
	}
}

func TestEveryAdviceIsSomethingToDo(t *testing.T) {
	for _, k := range []host.Kind{host.Config, host.Unreachable, host.ProxyDenied, host.Throttled, host.NotSSH, host.Negotiation, host.HostKeyUnknown, host.HostKeyChanged,
		host.HostKeyRevoked, host.Auth, host.HandshakeLost, host.SessionLimit, host.LoginShell, host.Escalation, host.Lost, host.Timeout} {
		if diagnostics.ReachAdvice(&host.Error{Kind: k}) == "" {
			t.Errorf("no advice for %q", k)
		}
	}
	var without []string
	for _, c := range []keepalive.Code{keepalive.UnknownKeyword, keepalive.TypedKeyword, keepalive.RepeatedKeyword, keepalive.NotInMatch, keepalive.TooNew,
		keepalive.Deprecated, keepalive.Removed, keepalive.RefusedByHost, keepalive.InvalidHost, keepalive.InvalidClient, keepalive.NoInclude, keepalive.Shadowed, keepalive.CommandLine,
		keepalive.NeverDrops, keepalive.DropsAtOnce, keepalive.CountWithout, keepalive.NoMultiplexing, keepalive.IdleLimit, keepalive.DoubleInterval,
		keepalive.LongestTask, keepalive.Drifted, keepalive.NothingWanted, keepalive.UncertainGroup, keepalive.BlockGone,
		sshserver.UnknownProfile, sshserver.ProfileLacks, sshserver.ShutsOut, sshserver.NoReader} {
		if diagnostics.ProblemAdvice(c) == "" {
			without = append(without, string(c))
		}
	}
	if slices.Sort(without); len(without) > 0 {
		t.Errorf("no advice for %q", fmt.Sprint(without))
	}
}
