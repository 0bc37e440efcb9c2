package provider

import (
	"os"
	"runtime/debug"
	"strings"
)

// gcPercent is GOGC: how much garbage, in percent of what lives, may gather before it is
// collected. A process lives for one walk of Terraform's and holds little: of the
// CPU of a plan over a hundred hosts, Go's 100 percent took a quarter.
const gcPercent = 200

// TuneProcess spares this process work that has no use, unless the user asked for
// it by GOGC or by the variables of Terraform's log. Serve does so itself.
func TuneProcess() error {
	collectSeldom()
	return silenceUnreadLogs(os.LookupEnv, os.Setenv)
}

func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// The variables by which a user asks Terraform for what providers log, and those
// by which the libraries under this provider, and it, learn how much that is.
var (
	logWanted = []string{"TF_LOG", "TF_LOG_PROVIDER"}
	logLevels = []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_SSHKEEPALIVE"}
)

// silenceUnreadLogs keeps the libraries from logging what nobody reads. Terraform passes no
// level on: terraform-plugin-log 0.11 takes that for the most verbose one, writes
// a line of JSON about each step of each call, and Terraform parses them all and
// throws them away. That was a third of the CPU of a plan.
func silenceUnreadLogs(lookup func(string) (string, bool), set func(name, value string) error) error {
	for _, name := range logWanted {
		if level, _ := lookup(name); level != "" && !strings.EqualFold(level, "off") {
			return nil
		}
	}
	for _, name := range logLevels {
		if _, given := lookup(name); given {
			continue
		}
		if err := set(name, "OFF"); err != nil {
			return err
		}
	}
	return nil
}
