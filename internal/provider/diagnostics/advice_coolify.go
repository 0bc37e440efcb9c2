package diagnostics

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/spelling"
)

// coolifyAdvice is what to do about what only a Coolify's decision finds.
func coolifyAdvice(c keepalive.Code) string {
	switch c {
	case coolify.UnreadableEnv:
		return "Correct that line on the host first. Nothing was changed."
	case coolify.NotEnv:
		return "Give the environment file of Coolify in `file`, or leave it out for " + coolify.DefaultFile + "."
	case coolify.UnknownEnv:
		return "Other keys of the file are not this resource's, secrets above all."
	case coolify.AgeEndsDeployments:
		return "Upgrade Coolify to 4.3.9 or newer (issues 10853 and 11372, pull request 11377), or set `mux_enabled = false`, so that no deployment shares its connection. If the file does not name the release, say which one runs: `release = \"4.3.9\"`."
	case coolify.AgeIgnored:
		return "Leave `mux_max_age` out."
	case coolify.KeyNotRead:
		return "Leave the attribute out, or upgrade Coolify."
	case coolify.BadRelease:
		return "Write it as Coolify tags it, such as `release = \"4.3.9\"`."
	case coolify.PersistEndsDeployments:
		return "Upgrade Coolify to 4.3.9 or newer (issue 11372, pull request 11377), make mux_persist_time longer than any deployment takes, or set mux_enabled = false."
	case coolify.MastersNeverEnd:
		return "Give mux_persist_time a time, such as \"1h\", which is Coolify's own."
	case coolify.RunsTwice:
		return "Use 1 if a deployment's commands must not run twice. What Coolify takes for a broken connection (app/Traits/SshRetryable.php) includes every \"Broken pipe\" and every exit code 255."
	case coolify.NeverRuns:
		return "Use 1 for no repetition."
	case coolify.LockTooShort:
		return "Coolify's own mux_lock_ttl = 30 and mux_lock_timeout = 10 are in order."
	case coolify.NoTimeout:
		return "Use a time that is longer than any deployment takes for command_timeout, and a few seconds for mux_health_check_timeout."
	case coolify.HealthCheckEndsDeployments:
		return "Use 5, which is Coolify's own, or more; or mux_health_check_enabled = false."
	case coolify.MuxIsOff:
		return "Leave it out, or set mux_enabled = true."
	case coolify.DelayCapped:
		return "Raise retry_max_delay, or lower retry_base_delay."
	}
	return ""
}

func NotLoadedYet(name, file string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(name+": Coolify still runs with the settings that it was started with",
		fmt.Sprintf("%s was changed. Coolify reads it when its container is created anew, which ends what it is deploying and is therefore left to you: run Coolify's own upgrade, "+
			"or `docker compose up -d --force-recreate coolify` with the files and options that it uses.", file))
}

func NothingToImport(name, file string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(name+": no SSH setting in "+file, "No line of the file sets one of the keys that the resource has attributes for, so there is nothing to import. Declare the resource and apply it.")
}

func BadFileID(id string, err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Bad import ID",
		fmt.Sprintf("Expected [user@]host[:port], optionally followed by the absolute path of the environment file, such as root@coolify.example.org or coolify/srv/coolify/.env; got %q. %s", id, spelling.Sentence(err.Error())))
}
