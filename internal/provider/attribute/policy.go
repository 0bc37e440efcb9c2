package attribute

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// PolicyWord accepts a policy, and the empty text, which says nothing.
func PolicyWord() validator.String {
	return stringvalidator.OneOf(append([]string{""}, diagnostics.PolicyWords()...)...)
}
