package provider

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
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

// policyWord accepts a policy, and the empty text, which says nothing.
func policyWord() validator.String {
	return stringvalidator.OneOf(append([]string{""}, policyWords()...)...)
}

// choosePolicy returns what the first of the resource, the provider and the
// environment says.
func choosePolicy(spelled ...types.String) policy {
	for _, s := range spelled {
		if s.ValueString() != "" { // neither null nor unknown
			return policy(s.ValueString())
		}
	}
	if word := os.Getenv(onUnreachableEnv); slices.Contains(policyWords(), word) {
		return policy(word)
	}
	return recheck
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
	return onUnreachableEnv
}

// because explains what the policy ignore makes of a host, by the setting that says it.
func because(spelled ...types.String) string {
	return fmt.Sprintf("because `%s` is \"ignore\"", policySource(spelled...))
}

// unlooked says what a refresh or a plan makes of err: an error, or, where the
// policy allows to go on without having looked, a warning. creating says that the
// resource does not exist yet.
func (s *session) unlooked(name, doing string, creating bool, spelled types.String, err error) diag.Diagnostics {
	chosen := choosePolicy(spelled, s.onUnreachable)
	if !unanswered(err) || chosen == fail {
		return failures(name, doing, err)
	}
	return diag.Diagnostics{notLooked(name, err, chosen, creating, because(spelled, s.onUnreachable))}
}

// removed says how a destroy ended.
func (s *session) removed(name string, spelled types.String, same bool, err error) diag.Diagnostics {
	switch {
	case errors.As(err, new(*reconcile.OtherResourceError)):
		return diag.Diagnostics{leftToAnother(name)}
	case err != nil && unanswered(err) && choosePolicy(spelled, s.onUnreachable) == ignore:
		return diag.Diagnostics{forgotten(name, err, because(spelled, s.onUnreachable))}
	case err != nil:
		return failures(name, "destroy", err)
	case !same:
		return diag.Diagnostics{otherMachineLeft(name)}
	}
	return nil
}
