package diagnostics

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/spelling"
)

func NotKnownYet(name, what string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(name+": "+what+" is not known yet",
		"The host was not dialled. What the data source itself says is known, but not how to reach the host. Let the data source depend (depends_on) on the resource that the value comes from: Terraform then reads it during the apply.")
}

func NoTimeToSit(patience, sits time.Duration) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("timeouts"), "No time to sit idle",
		fmt.Sprintf("%s are to be spent idle, and the read may take %s. Leave timeouts.read out, or make it longer than idle by what a login takes.", sits, patience))
}

func NotRead(name string, err error, because string) diag.Diagnostic {
	what := firstLine(err.Error())
	var reach *host.Error
	if errors.As(err, &reach) {
		what = fmt.Sprintf("%s (%s)", ReachHeadline(reach.Kind), reach.Phase)
	}
	return diag.NewWarningDiagnostic(name+": could not look: "+what,
		Joined(spelling.Sentence(err.Error()), "Everything that the data source computes is null, "+because+"."))
}

func NoLogin(name string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("host"), name+": an image cannot be logged in to", "It is a mounted file system, and no machine.")
}
