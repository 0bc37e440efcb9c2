package provider

import (
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// policy says what becomes of a plan when a host cannot be looked at.
type policy string

const (
	recheck policy = "recheck"
	fail    policy = "error"
	ignore  policy = "ignore"
)

const (
	onUnreachableEnv = "SSHKEEPALIVE_ON_UNREACHABLE"
	onUnreachableDoc = "What to do when a host does not answer while Terraform refreshes or plans: `recheck` warns and plans to verify the host again, so that a plan is never green without having looked; " +
		"`error` stops; `ignore` warns only, and lets a destroy forget a host that is gone. A host that answers and refuses us (authentication, host key, sudo) is an error under each."
)

func policyWords() []string { return []string{string(recheck), string(fail), string(ignore)} }

// choosePolicy returns what the first of the resource, the provider and the
// environment says.
func choosePolicy(spelled ...types.String) policy {
	for _, s := range spelled {
		if !s.IsNull() && !s.IsUnknown() {
			return policy(s.ValueString())
		}
	}
	if word := os.Getenv(onUnreachableEnv); slices.Contains(policyWords(), word) {
		return policy(word)
	}
	return recheck
}
