// Package diagnostics holds what the provider says to its user: titles, texts and advice for what hosts, decisions and
// engine found. It may not know schemas, models and sessions.
package diagnostics

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/spelling"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// Terraform folds warnings with one summary into one and drops the details of
// the others, so each summary begins with the host it is about.

// Problems translates what the decision found. name is the host, "" while there
// is none.
func Problems(name string, found []keepalive.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, p := range found {
		summary, detail := problemText(name, p)
		at := AttributePath(p.Attribute)
		switch {
		case p.Warning && p.Attribute == "":
			diags.AddWarning(summary, detail)
		case p.Warning:
			diags.AddAttributeWarning(at, summary, detail)
		case p.Attribute == "":
			diags.AddError(summary, detail)
		default:
			diags.AddAttributeError(at, summary, detail)
		}
	}
	return diags
}

func problemText(name string, p keepalive.Problem) (summary, detail string) {
	summary, rest, _ := strings.Cut(strings.TrimSpace(host.Printable(p.Text)), "\n")
	if name != "" {
		summary = name + ": " + summary
	} else {
		summary = spelling.Capital(summary)
	}
	paragraphs := []string{rest}
	if !p.Pos.IsZero() && !strings.Contains(p.Text, p.Pos.String()) {
		paragraphs = append(paragraphs, "This is about "+p.Pos.String()+".")
	}
	return summary, Joined(append(paragraphs, ProblemAdvice(p.Code))...)
}

// Failures translates an error of the engine. doing is what Terraform was about:
// create, update, destroy, refresh, plan, import, find.
func Failures(name, doing string, err error) diag.Diagnostics {
	var change *reconcile.Error
	var reach *host.Error
	var unknown *reconcile.NoDaemonError
	var pending *reconcile.PendingError
	switch {
	case errors.As(err, &change) && len(change.Problems) > 0 && change.Err == nil:
		return Problems(name, change.Problems)
	case errors.As(err, &unknown) && (change == nil || change.Outcome == reconcile.Unchanged):
		return diag.Diagnostics{diag.NewErrorDiagnostic(name+": "+daemonHeadline(unknown.Reason)+" (nothing was changed)",
			Joined(spelling.Sentence(spelling.Capital(host.Printable(unknown.Error()))), daemonAdvice(unknown.Reason)))}
	case errors.As(err, &pending):
		return diag.Diagnostics{pendingFailure(name, doing, pending)}
	case errors.As(err, &change):
		return changeFailure(name, doing, change)
	case errors.As(err, &reach):
		return diag.Diagnostics{diag.NewErrorDiagnostic(reachSummary(name, reach), reachDetail(doing, reach))}
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic(name+": "+firstLine(err.Error()),
		Joined("While Terraform wanted to "+doing+" this resource: "+spelling.Sentence(err.Error()), "Nothing was changed on the host."))}
}

func changeFailure(name, doing string, e *reconcile.Error) diag.Diagnostics {
	what := "nothing more is known"
	if e.Err != nil {
		what = e.Err.Error()
	}
	diags := Problems(name, e.Problems)
	diags.AddError(
		fmt.Sprintf("%s: %s failed in the step %q (%s)", name, doing, e.Step, e.Outcome),
		Joined(spelling.Sentence(what), outcomeText(e.Outcome), stepAdvice(e)),
	)
	return diags
}

// outcomeText says how the host was left.
func outcomeText(o reconcile.Outcome) string {
	switch o {
	case reconcile.Unchanged:
		return "Nothing was changed on the host."
	case reconcile.RolledBack:
		return "The host is back in the state it was in before: that was seen, not assumed."
	case reconcile.Watchdog:
		return "The change could not be taken back over this connection. A watchdog on the host takes it back by itself when the confirm timeout has passed; plan again after that."
	case reconcile.Applied:
		return "The change is live on the host."
	}
	return "It is not known how the host was left. Plan again to see: the plan looks at the host and shows what differs."
}

func stepAdvice(e *reconcile.Error) string {
	var conflict *reconcile.Conflict
	if errors.As(e.Err, &conflict) {
		return "Somebody else edited the file in the meantime, and their work is not overwritten. Plan again to see the host as it is now."
	}
	if exposed := new(reconcile.ExposedError); errors.As(e.Err, &exposed) {
		return exposedAdvice(exposed)
	}
	if busy := new(reconcile.Busy); errors.As(e.Err, &busy) {
		return busyAdvice(busy)
	}
	switch e.Step {
	case "gather":
		return "Check that OpenSSH is installed on the host, and `sudo` and the user of the connection: what belongs to root, sshd's configuration above all, needs root's privileges."
	case "prepare", "lock", "arm", "swap":
		return "Check on the host that the directory can be written (a mount that is read-only, chattr +i, an access list) and has room (df, df -i)."
	case "stage":
		return "Check that the file system of the configuration directory and /var/run can be written and have room."
	case "validate":
		return "The host's own OpenSSH refused the new configuration, so it never went live. The message above is its own."
	case "reload":
		return "The host's sshd did not load the new files; what it said is above. A port or address that it cannot have, or a file that somebody else has just changed, is the usual reason: correct that, and apply again."
	case "confirm":
		return "A new connection could not log in, or did not find the new values. With these settings you would have been locked out, or they would not have held."
	}
	return ""
}

func busyAdvice(b *reconcile.Busy) string {
	if b.Left > 0 {
		return "Another run changed the host and has not confirmed the change. Apply again after that time."
	}
	return "Another run is changing the host at this moment. Apply again when it has ended."
}

// exposedAdvice is what to do about a directory in which another account can exchange
// files: a link there leads to what that account wants, and no text of root's belongs
// there.
func exposedAdvice(e *reconcile.ExposedError) string {
	switch {
	case e.Link:
		return "Give the path of the file itself, without the link."
	case e.UID == "0":
		return fmt.Sprintf("Take the right to write there from other accounts: `chmod go-w %s`.", e.Dir)
	}
	return fmt.Sprintf("Set `user = %q`, which only sshkeepalive_client has: its file is then written as that account. Any other file belongs in a directory of root's: `chown root %s` and `chmod go-w %s`.", e.Owner, e.Dir, e.Dir)
}

// Unanswered reports whether err leaves open what the host is like, as opposed
// to a host that answered and refused us.
func Unanswered(err error) bool {
	var change *reconcile.Error
	if errors.As(err, &change) && change.Outcome != reconcile.Unchanged {
		return false
	}
	var reach *host.Error
	if !errors.As(err, &reach) {
		return errors.Is(err, context.DeadlineExceeded)
	}
	switch reach.Kind {
	case host.Unreachable, host.Throttled, host.HandshakeLost, host.Timeout, host.Lost, host.SessionLimit, host.NoExitStatus:
		return true
	}
	return false
}

func NotLooked(name string, err error, chosen policy, creating bool, because string) diag.Diagnostic {
	what := firstLine(err.Error())
	var reach *host.Error
	if errors.As(err, &reach) {
		what = fmt.Sprintf("%s (%s)", ReachHeadline(reach.Kind), reach.Phase)
	}
	next := "The recorded state is kept, and the plan verifies the host again, so that it is not reported as in order without having been looked at."
	switch {
	case creating:
		next = "Nothing is recorded of it yet. The apply looks at the host before it changes anything."
	case chosen == Ignore:
		next = "The recorded state is kept and taken for true, " + because + "."
	}
	return diag.NewWarningDiagnostic(name+": could not look: "+what,
		Joined(spelling.Sentence(err.Error()), next, "To stop instead, set `on_unreachable = \"error\"`."))
}

func reachSummary(name string, e *host.Error) string {
	return fmt.Sprintf("%s: %s (%s)", name, ReachHeadline(e.Kind), e.Phase)
}

func reachDetail(doing string, e *host.Error) string {
	paragraphs := []string{"While Terraform wanted to " + doing + " this resource: " + spelling.Sentence(e.Error())}
	if e.OfferedKey != "" {
		paragraphs = append(paragraphs, keyText(e))
	}
	if e.MayHaveRun {
		paragraphs = append(paragraphs, "The script may have run. Plan again to see what the host is like.")
	} else {
		paragraphs = append(paragraphs, "Nothing was changed on the host.")
	}
	paragraphs = append(paragraphs, ReachAdvice(e))
	if Unanswered(e) {
		paragraphs = append(paragraphs, "For a host that may be away at times, on_unreachable decides what a plan does.")
	}
	if doing == "destroy" {
		paragraphs = append(paragraphs, "If the host is gone for good, set on_unreachable = \"ignore\" on the resource, apply, and destroy again; or forget it with `terraform state rm`.")
	}
	return Joined(paragraphs...)
}

func keyText(e *host.Error) string {
	facts := e.HostKey
	if facts == nil {
		facts = &host.HostKeyFacts{}
	}
	text := "The host showed   " + strings.TrimSpace(facts.OfferedType+" "+e.OfferedKey)
	if e.RecordedKey != "" {
		text += "\nRecorded is       " + strings.TrimSpace(facts.RecordedType+" "+e.RecordedKey)
	}
	if e.RecordedAt != "" {
		text += "\nRecorded at       " + e.RecordedAt
	}
	return text
}

func NotKnown(h types.String, doing, what string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(h.ValueString()+": "+what+" is not known",
		"Terraform wanted to "+doing+" this resource, but "+what+" has no value. The host was not dialled.")
}

func BadTime(at path.Path, value string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Not a time", fmt.Sprintf("%q: %s Write whole seconds or numbers with units: 120, \"2m\", \"1h30m\".", value, spelling.Sentence(err.Error())))
}

func Unprotected(at path.Path) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(at, "Changes will not be taken back by the host",
		"With a confirm_timeout of 0 no watchdog waits on the host. If the new settings keep us out, nothing on the host undoes them.")
}

func BadImportID(id string, err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Bad import ID",
		fmt.Sprintf("Expected [user@]host[:port], optionally followed by the absolute path of the main configuration file, such as admin@10.0.0.5:2222 or web1/etc/ssh/sshd_config; got %q. %s", id, spelling.Sentence(err.Error())))
}

func ChangedSince(name string, paths []string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(name+": changed since the plan: "+strings.Join(paths, ", "),
		"Somebody else edited the configuration after the refresh that this plan is built on. Nothing was changed on the host. Plan again, with refresh, to see the host as it is now.")
}

// ConflictingResources says that two resources are about lines. apart is how to give one
// of them lines of its own, "" if there is no way.
func ConflictingResources(name, lines, apart string) diag.Diagnostic {
	remedy := "Put the settings into one resource."
	if apart != "" {
		remedy = "Put the settings into one resource, or give one of the resources lines of its own: " + apart + "."
	}
	return diag.NewErrorDiagnostic(name+": two resources are about the same lines, "+lines,
		"They want different settings, and each would take away those of the other. "+remedy+" Nothing was changed on the host.")
}

func MetElsewhere(name, named, answered string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(name+": answers at "+answered+", not at "+named,
		"Its sshd was moved there by the settings that this resource manages, and was found because an earlier run recorded it; a new resource, and anybody else, would not find it. "+
			"Give the new port or address to the host too: `port` and `host` in ssh of the resource, in the entry of hosts, or in connection.")
}

// LinesGone says that a file lacks our lines. recorded and shown are the host keys.
func LinesGone(name, file, recorded, shown string) diag.Diagnostic {
	why := "The lines that the provider manages were removed."
	if recorded != "" && shown != "" && recorded != shown {
		why = "The host key is not the recorded one either: this may be a clone of the machine, or the same machine installed again."
	}
	return diag.NewWarningDiagnostic(name+": our lines are gone from "+file, why+" The plan writes the lines.")
}

func Stale(name string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(name+": sshd has not loaded the files that are on disk",
		"The configuration was edited after the running daemon was started or last reloaded, so new connections do not get the values that the files say. The plan repairs that with a reload.")
}

func PendingChange(name string, p reconcile.Pending) diag.Diagnostic {
	what := "That run has not confirmed the change yet. If it was interrupted, the host takes the change back by itself when the time is up, and what is effective now is then effective no longer."
	if p.Rolling || p.Left <= 0 {
		what = "That run was interrupted before it confirmed the change. What is effective now is effective no longer once the change is taken back."
	}
	return diag.NewWarningDiagnostic(name+": "+p.String(),
		Joined(what, "A plan made now verifies the host again, and its apply waits for the end of that change. The id of the change on the host is "+p.ID+"."))
}

func pendingFailure(name, doing string, e *reconcile.PendingError) diag.Diagnostic {
	return diag.NewErrorDiagnostic(name+": "+e.Pending.String()+" (nothing was changed)",
		Joined("Terraform wanted to "+doing+" this resource, and the time for that ends before the host has taken the change back. The id of the change on the host is "+e.Pending.ID+".",
			"Try again after that, or allow more time in `timeouts`: more than the `confirm_timeout` of the other run."))
}

func HeldByAnother(name, lines string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(name+": another resource has taken over "+lines,
		"A resource of another Terraform state, or one that was made in place of this one, has marked the lines as its own. As long as both want the same, nothing is changed. A destroy of this resource leaves the lines there. "+
			"To give the lines up, remove this resource from its state with `terraform state rm`. To take them back where both want something else, set `adopt = true`.")
}

func LeftToAnother(name string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(name+": the lines were left on the host, because another resource has taken them over",
		"A resource of another Terraform state, or one that was made in place of this one, has marked the lines as its own, and its destroy removes them. Nothing was changed on the host.")
}

func OtherMachineSeen(name string, rec reconcile.Record, machineID string) diag.Diagnostic {
	why := "Its machine ID, or host key, is not the recorded one."
	if machineID == rec.MachineID && machineID != "" {
		why = fmt.Sprintf("It has the recorded machine ID, but not the host key that was recorded at %s: it is a clone of that machine. "+
			"If our lines are still on that machine, manage it under a name of its own.", rec.Address)
	}
	return diag.NewWarningDiagnostic(name+": another machine answers at this address",
		Joined(why, "The plan sets it up. A destroy before the next apply leaves it as it is, because the recorded lines were never written there."))
}

// ClonePlanned says that a resource moves between two machines that only their host keys
// tell apart.
func ClonePlanned(from, to string, rec reconcile.Record, answered host.Identity) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("host"), to+": not the machine that is "+from+", although both have one machine ID",
		Joined(
			fmt.Sprintf("The machine ID is %s. The host keys differ: %s was recorded, and %s answered with %s.", rec.MachineID, rec.HostKeySHA256, to, answered.HostKeySHA256),
			fmt.Sprintf("The plan replaces the resource: the apply takes our lines back on %s and writes them on %s.", from, to),
			fmt.Sprintf("If %s is gone, first apply `on_unreachable = \"ignore\"` with the old `host`: the replacement then leaves our lines there. To tell clones apart, give each a machine ID of its own: remove /etc/machine-id and run `systemd-machine-id-setup`.", from),
		))
}

func OtherMachineLeft(name string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(name+": another machine answers at this address, and it was left alone",
		"What is recorded was never done on this machine, so there is nothing to take back. The resource is forgotten.")
}

func Forgotten(name string, err error, because string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(name+": forgotten without taking anything back",
		Joined(spelling.Sentence(err.Error()), spelling.Capital(because)+", the resource is removed from state. If the host comes back, our settings are still on it."))
}

// Joined puts paragraphs together and leaves out the empty ones.
func Joined(paragraphs ...string) string {
	var kept []string
	for _, p := range paragraphs {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, host.Printable(p))
		}
	}
	return strings.Join(kept, "\n\n")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return host.Printable(line)
}
