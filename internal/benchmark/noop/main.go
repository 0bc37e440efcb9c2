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
		if err := sshkeepalive.Spare(); err != nil {
			log.Fatal(err)
		}
	}
	of := sshkeepalive.New("noop")
	err := tf6server.Serve("registry.terraform.io/sshkeepalive/sshkeepalive", func() tfprotov6.ProviderServer {
		return twin{providerserver.NewProtocol6(idle{of})(), of.Server()}
	})
	if err != nil {
		log.Fatal(err)
	}
}

// twin looks like the other to Terraform: what the other does to its schemas on
// their way there is in them.
type twin struct {
	tfprotov6.ProviderServer
	other tfprotov6.ProviderServer
}

func (t twin) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return t.other.GetProviderSchema(ctx, req)
}

// idle is a provider of which nothing but its schemas is used: its validation is
// not Terraform's doing.
type idle struct{ of *sshkeepalive.Provider }

func (p idle) Metadata(ctx context.Context, req provider.MetadataRequest, resp *provider.MetadataResponse) {
	p.of.Metadata(ctx, req, resp)
}

func (p idle) Schema(ctx context.Context, req provider.SchemaRequest, resp *provider.SchemaResponse) {
	p.of.Schema(ctx, req, resp)
}

func (idle) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (idle) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (p idle) Resources(ctx context.Context) []func() resource.Resource {
	var found []func() resource.Resource
	for _, newResource := range p.of.Resources(ctx) {
		found = append(found, func() resource.Resource { return stone{newResource()} })
	}
	return found
}

// stone is a resource that is whatever was planned.
type stone struct{ of resource.Resource }

func (s stone) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	s.of.Metadata(ctx, req, resp)
}

func (s stone) Schema(ctx context.Context, req resource.SchemaRequest, resp *resource.SchemaResponse) {
	s.of.Schema(ctx, req, resp)
}

func (stone) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (stone) Create(_ context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var err error
	if resp.State.Raw, err = settled(req.Plan.Raw); err != nil {
		resp.Diagnostics.AddError("cannot settle the plan", err.Error())
	}
}

func (stone) Update(_ context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var err error
	if resp.State.Raw, err = settled(req.Plan.Raw); err != nil {
		resp.Diagnostics.AddError("cannot settle the plan", err.Error())
	}
}

func (stone) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// settled is a plan with nothing left unknown.
func settled(plan tftypes.Value) (tftypes.Value, error) {
	return tftypes.Transform(plan, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.IsKnown() {
			return v, nil
		}
		return tftypes.NewValue(v.Type(), nil), nil
	})
}
