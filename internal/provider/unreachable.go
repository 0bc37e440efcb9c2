package provider

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// notLookedAt says what a refresh or a plan makes of err: an error, or, where the
// policy allows to go on without having looked, a warning. creating says that the
// resource does not exist yet.
func (s *session) notLookedAt(name, doing string, creating bool, spelled types.String, err error) diag.Diagnostics {
	chosen := diagnostics.ChoosePolicy(spelled, s.onUnreachable)
	if !diagnostics.Unanswered(err) || chosen == diagnostics.Stop {
		return diagnostics.Failures(name, doing, err)
	}
	return diag.Diagnostics{diagnostics.NotLooked(name, err, chosen, creating, diagnostics.Because(spelled, s.onUnreachable))}
}

// removed says how a destroy ended.
func (s *session) removed(name string, spelled types.String, same bool, err error) diag.Diagnostics {
	switch {
	case errors.As(err, new(*reconcile.OtherResourceError)):
		return diag.Diagnostics{diagnostics.LeftToAnother(name)}
	case err != nil && diagnostics.Unanswered(err) && diagnostics.ChoosePolicy(spelled, s.onUnreachable) == diagnostics.Ignore:
		return diag.Diagnostics{diagnostics.Forgotten(name, err, diagnostics.Because(spelled, s.onUnreachable))}
	case err != nil:
		return diagnostics.Failures(name, "destroy", err)
	case !same:
		return diag.Diagnostics{diagnostics.OtherMachineLeft(name)}
	}
	return nil
}
