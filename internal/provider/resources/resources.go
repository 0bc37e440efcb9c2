// Package resources has the resources of the provider: one lifecycle, and a model, a schema
// and a kind for each. It translates between Terraform's types and plain Go values and
// decides nothing. It must not know how keywords are spelled, where files lie on a host, or
// any shell.
package resources

import (
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// All lists the resources.
func All() []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &serverResource{} },
		func() resource.Resource { return &clientResource{} },
		func() resource.Resource { return &coolifyResource{} },
		func() resource.Resource { return &systemResource{} },
	}
}

// Lists lists the lists of resources.
func Lists() []func() list.ListResource {
	return []func() list.ListResource{func() list.ListResource { return &serverList{} }}
}
