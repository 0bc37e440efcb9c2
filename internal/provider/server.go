package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/protocol"
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
	if err := TuneProcess(); err != nil {
		return err
	}
	return tf6server.Serve(registryAddress, p.Server)
}

// Server returns the provider as the protocol sees it.
func (p *Provider) Server() tfprotov6.ProviderServer {
	return protocol.Wrap(providerserver.NewProtocol6(p)(), p.redaction)
}
