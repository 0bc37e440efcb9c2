// Package protocol stands between the framework's server and Terraform: it masks
// secrets in every answer, presents `connection` as a block, and encodes a refresh so
// that no number differs from the state file. It may not know any resource.
package protocol

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Wrap is served with every answer redacted by what shown returns.
func Wrap(served tfprotov6.ProviderServer, shown func() Redaction) tfprotov6.ProviderServer {
	if all, ok := served.(fullServer); ok {
		return jsonStateServer{redacted(blockServer{all}, shown)}
	}
	return served
}

// fullServer is all that the framework's server can do; a wrapper that embedded less
// would hide list resources and actions.
type fullServer interface {
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
type blockServer struct{ fullServer }

// GetProviderSchema returns the framework's schema with the attribute turned
// into a block.
func (s blockServer) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	resp, err := s.fullServer.GetProviderSchema(ctx, req)
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
