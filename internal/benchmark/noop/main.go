// Command noop serves a provider with the schemas of sshkeepalive that reaches no
// host: what Terraform costs by itself. Configuration written for the one is good
// for the other. With NOOP=lean in its environment it costs as little as such a
// provider can. It knows schemas and no more.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	sshkeepalive "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider"
)

func main() {
	if os.Getenv("NOOP") == "lean" {
		// What sshkeepalive saves must not be saved at the expense of what a host costs.
		if err := sshkeepalive.TuneProcess(); err != nil {
			log.Fatal(err)
		}
	}
	of := sshkeepalive.New("noop")
	err := tf6server.Serve("registry.terraform.io/sshkeepalive/sshkeepalive", func() tfprotov6.ProviderServer {
		return noopServer{providerserver.NewProtocol6(noopProvider{of})(), of.Server()}
	})
	if err != nil {
		log.Fatal(err)
	}
}

// noopServer serves the schemas of another server: they contain what that server does to
// them before it sends them.
type noopServer struct {
	tfprotov6.ProviderServer
	other tfprotov6.ProviderServer
}

func (t noopServer) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return t.other.GetProviderSchema(ctx, req)
}

// noopProvider has only the schemas of the real provider: its validation is not part of
// Terraform's cost.
type noopProvider struct{ of *sshkeepalive.Provider }

func (p noopProvider) Metadata(ctx context.Context, req provider.MetadataRequest, resp *provider.MetadataResponse) {
	p.of.Metadata(ctx, req, resp)
}

func (p noopProvider) Schema(ctx context.Context, req provider.SchemaRequest, resp *provider.SchemaResponse) {
	p.of.Schema(ctx, req, resp)
}

func (noopProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (noopProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (p noopProvider) Resources(ctx context.Context) []func() resource.Resource {
	var found []func() resource.Resource
	for _, newResource := range p.of.Resources(ctx) {
		found = append(found, func() resource.Resource { return noopResource{newResource()} })
	}
	return found
}

// noopResource is a resource that stores what was planned and does nothing.
type noopResource struct{ of resource.Resource }

func (s noopResource) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	s.of.Metadata(ctx, req, resp)
}

func (s noopResource) Schema(ctx context.Context, req resource.SchemaRequest, resp *resource.SchemaResponse) {
	s.of.Schema(ctx, req, resp)
}

func (noopResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (noopResource) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var err error
	if resp.State.Raw, err = settled(req.Plan.Raw); err != nil {
		resp.Diagnostics.AddError("cannot settle the plan", err.Error())
	}
}

func (noopResource) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var err error
	if resp.State.Raw, err = settled(req.Plan.Raw); err != nil {
		resp.Diagnostics.AddError("cannot settle the plan", err.Error())
	}
}

func (noopResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// settled is a plan with nothing left unknown.
func settled(plan tftypes.Value) (tftypes.Value, error) {
	return tftypes.Transform(plan, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.IsKnown() {
			return v, nil
		}
		return tftypes.NewValue(v.Type(), nil), nil
	})
}
