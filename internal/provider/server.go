package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// registryAddress is the provider's in the public registry. It must be complete, or the
// plugin dies in the handshake with an error nobody understands.
const registryAddress = "registry.terraform.io/sshkeepalive/sshkeepalive"

// Serve speaks to Terraform until it is told to end.
func (p *Provider) Serve(debug bool) error {
	if debug {
		collectSeldom()
		return tf6server.Serve(registryAddress, p.Server, tf6server.WithManagedDebug())
	}
	if err := Spare(); err != nil {
		return err
	}
	return tf6server.Serve(registryAddress, p.Server)
}

// Server returns the provider as the protocol sees it.
func (p *Provider) Server() tfprotov6.ProviderServer {
	served := providerserver.NewProtocol6(p)()
	if all, ok := served.(everything); ok {
		return jsonStateServer{redacted(blockServer{all}, p.redaction)}
	}
	return served
}

// everything is what the framework's server can do; a wrapper that embedded less
// would hide list resources and actions.
type everything interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	tfprotov6.StateStoreServer
}

// blockServer presents connection as a block, so that a connection block of a
// provisioner can be pasted as it is. Framework 1.19 checks the names of a
// provider's blocks against those that are reserved in resources
// (fwschema.ValidateBlockImplementation) and would refuse to serve it, though
// Terraform reserves only alias and version there. On the wire a single block
// and a single nested attribute have the same type, so the schema is all that
// has to be rewritten.
type blockServer struct{ everything }

// GetProviderSchema returns the framework's schema with the attribute turned
// into a block.
func (s blockServer) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	resp, err := s.everything.GetProviderSchema(ctx, req)
	if err != nil || resp.Provider == nil || resp.Provider.Block == nil {
		return resp, err
	}
	block := resp.Provider.Block
	i := slices.IndexFunc(block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == "connection" })
	if i < 0 {
		return resp, nil
	}
	a := block.Attributes[i]
	block.Attributes = slices.Delete(slices.Clone(block.Attributes), i, i+1)
	block.BlockTypes = append(block.BlockTypes, &tfprotov6.SchemaNestedBlock{
		TypeName: a.Name,
		Nesting:  tfprotov6.SchemaNestedBlockNestingModeSingle,
		Block:    &tfprotov6.SchemaBlock{Attributes: a.NestedType.Attributes, Description: a.Description, DescriptionKind: a.DescriptionKind},
	})
	return resp, nil
}
