package diagnostics

import (
	"fmt"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// policy says what becomes of a plan when a host cannot be looked at.
type policy string

const (
	Recheck policy = "recheck"
	Stop    policy = "error"
	Ignore  policy = "ignore"
)

const (
	OnUnreachableEnv = "SSHKEEPALIVE_ON_UNREACHABLE"
	OnUnreachableDoc = "What to do when a host does not answer while Terraform refreshes or plans: `recheck` warns and plans to verify the host again, so that a plan is never green without having looked; " +
		"`error` stops; `ignore` warns only, and lets a destroy forget a host that is gone. A host that answers and refuses us (authentication, host key, sudo) is an error under each."
)

func PolicyWords() []string { return []string{string(Recheck), string(Stop), string(Ignore)} }

// ChoosePolicy returns what the first of the resource, the provider and the
// environment says.
func ChoosePolicy(spelled ...types.String) policy {
	for _, s := range spelled {
		if s.ValueString() != "" { // neither null nor unknown
			return policy(s.ValueString())
		}
	}
	if word := os.Getenv(OnUnreachableEnv); slices.Contains(PolicyWords(), word) {
		return policy(word)
	}
	return Recheck
}

// policySource is how the user wrote what choosePolicy returns: the resource's own
// comes first, then the provider's.
func policySource(spelled ...types.String) string {
	for i, s := range spelled {
		switch {
		case s.ValueString() == "":
		case i == 0:
			return "on_unreachable"
		default:
			return "on_unreachable of the provider"
		}
	}
	return OnUnreachableEnv
}

// Because explains what the policy ignore makes of a host, by the setting that says it.
func Because(spelled ...types.String) string {
	return fmt.Sprintf("because `%s` is \"ignore\"", policySource(spelled...))
}
