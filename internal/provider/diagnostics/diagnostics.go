// Package diagnostics holds what the provider says to its user: titles, texts and advice for what hosts, decisions and
// engine found, in one table. It may not know schemas, models and sessions.
package diagnostics

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/spelling"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// Terraform and OpenTofu fold warnings with one summary into one and drop the details of
// the others. So a summary begins with the host that it is about, unless its row folds:
// then the same warning of twelve hosts is shown once.

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
	if !p.Pos.IsZero() && !strings.Contains(p.Text, p.Pos.String()) {
		rest = Joined(rest, "This is about "+p.Pos.String()+".")
	}
	advice := ProblemAdvice(p.Code)
	switch {
	case name == "":
		return spelling.Capital(summary), Joined(rest, advice)
	case p.Warning && rest == "" && folds(p.Code):
		return spelling.Capital(summary), Joined(advice, "This is about "+name+".")
	}
	return name + ": " + summary, Joined(rest, advice)
}

// Failures translates an error of the engine. doing is what was being done: create,
// update, destroy, refresh, plan, import, find, read, verify, prune.
func Failures(name, doing string, err error) diag.Diagnostics {
	var change *reconcile.Error
	var reach *host.Error
	var unknown *reconcile.NoDaemonError
	var pending *reconcile.PendingError
	switch {
	case errors.As(err, &change) && len(change.Problems) > 0 && change.Err == nil:
		return Problems(name, change.Problems)
	case errors.As(err, &unknown) && (change == nil || change.Outcome == reconcile.Unchanged):
		return diag.Diagnostics{New(DaemonNotIdentified, "host", name, "what", titleOf(unknown.Reason),
			"error", spelling.Sentence(spelling.Capital(host.Printable(unknown.Error()))), "advice", remedyOf(unknown.Reason))}
	case errors.As(err, &pending):
		return diag.Diagnostics{New(PendingTooLong, "host", name, "change", pending.Pending.String(), "doing", task(doing), "id", pending.Pending.ID)}
	case errors.As(err, &change):
		return changeFailure(name, doing, change)
	case errors.As(err, &reach):
		return diag.Diagnostics{connectionFailure(name, doing, reach)}
	}
	return diag.Diagnostics{New(OtherFailure, "host", name, "error", firstLine(err.Error()), "doing", task(doing), "detail", spelling.Sentence(err.Error()))}
}

// task is what could not be done, as a part of a sentence.
func task(doing string) string {
	switch doing {
	case "find":
		return "find the host of this resource"
	case "read":
		return "read this data source"
	case "verify":
		return "verify the settings"
	case "prune":
		return "remove the sockets"
	}
	return doing + " this resource"
}

func changeFailure(name, doing string, e *reconcile.Error) diag.Diagnostics {
	cause := "nothing more is known"
	if e.Err != nil {
		cause = e.Cause()
	}
	what := titleOf(step(e.Step))
	if missing := new(reconcile.MissingError); errors.As(e.Err, &missing) {
		what = titleOf(missing.What)
	}
	return append(Problems(name, e.Problems), New(ChangeFailed, "host", name, "what", what, "outcome", string(e.Outcome), "doing", task(doing),
		"error", spelling.Sentence(cause), "left", bodyOf(e.Outcome), "advice", changeAdvice(e)))
}

// changeAdvice is what to do about a change that was not made: by what was found, or
// else by where it ended.
func changeAdvice(e *reconcile.Error) string {
	if conflict := new(reconcile.ConflictError); errors.As(e.Err, &conflict) {
		return remedyOf(EditedSince)
	}
	if exposed := new(reconcile.ExposedError); errors.As(e.Err, &exposed) {
		return exposedAdvice(exposed)
	}
	if busy := new(reconcile.BusyError); errors.As(e.Err, &busy) {
		if busy.Left > 0 {
			return remedyOf(BusyElsewhere)
		}
		return remedyOf(BusyNow)
	}
	if missing := new(reconcile.MissingError); errors.As(e.Err, &missing) {
		return remedyOf(missing.What)
	}
	return remedyOf(step(e.Step))
}

// exposedAdvice is what to do about a directory in which another account can exchange
// files: a link there leads to what that account wants, and no text of root's belongs
// there.
func exposedAdvice(e *reconcile.ExposedError) string {
	switch {
	case e.Link:
		return remedyOf(LinkOnTheWay)
	case e.UID == "0":
		return remedyOf(WritableDir, "dir", e.Dir)
	}
	return remedyOf(ForeignDir, "owner", e.Owner, "dir", e.Dir)
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
	//exhaustive:enforce
	switch reach.Kind {
	case host.Unreachable, host.Throttled, host.HandshakeLost, host.Timeout, host.Lost, host.SessionLimit, host.NoExitStatus:
		return true
	case host.Config, host.ProxyDenied, host.NotSSH, host.Negotiation, host.HostKeyUnknown, host.HostKeyChanged, host.HostKeyRevoked, host.Auth,
		host.SingleSession, host.LoginShell, host.Escalation, host.Killed, host.Output, host.Canceled:
	}
	return false
}

// headline is err in a few words.
func headline(err error) string {
	if reach, ok := errors.AsType[*host.Error](err); ok {
		return ReachHeadline(reach.Kind) + " (" + string(reach.Phase) + ")"
	}
	return firstLine(err.Error())
}

func connectionFailure(name, doing string, e *host.Error) diag.Diagnostic {
	key, left := "", bodyOf(NothingDone)
	if e.OfferedKey != "" {
		key = keyText(e)
	}
	if e.MayHaveRun {
		left = bodyOf(MayHaveRun)
	}
	advice := []string{ReachAdvice(e)}
	if Unanswered(e) {
		advice = append(advice, remedyOf(MayBeAway))
	}
	if doing == "destroy" {
		advice = append(advice, remedyOf(GoneForGood))
	}
	return New(ConnectionFailed, "host", name, "what", ReachHeadline(e.Kind), "phase", string(e.Phase), "doing", task(doing),
		"error", spelling.Sentence(e.Error()), "key", key, "left", left, "advice", Joined(advice...))
}

// keyText shows the host's key and the recorded one below each other.
func keyText(e *host.Error) string {
	facts := e.HostKey
	if facts == nil {
		facts = &host.HostKeyFacts{}
	}
	lines := []string{bodyOf(HostKeyShown, "key", strings.TrimSpace(facts.OfferedType+" "+e.OfferedKey))}
	if e.RecordedKey != "" {
		lines = append(lines, bodyOf(HostKeyOnFile, "key", strings.TrimSpace(facts.RecordedType+" "+e.RecordedKey)))
	}
	if e.RecordedAt != "" {
		lines = append(lines, bodyOf(HostKeyPlace, "place", e.RecordedAt))
	}
	return strings.Join(lines, "\n")
}

// AsErrors are diags for an operation that fails where another one would warn.
func AsErrors(diags diag.Diagnostics) diag.Diagnostics {
	return recast(diags, func(summary, detail string) diag.Diagnostic { return diag.NewErrorDiagnostic(summary, detail) })
}

// AsWarnings are diags for an operation that goes on where another one would fail.
func AsWarnings(diags diag.Diagnostics) diag.Diagnostics {
	return recast(diags, func(summary, detail string) diag.Diagnostic { return diag.NewWarningDiagnostic(summary, detail) })
}

func recast(diags diag.Diagnostics, as func(summary, detail string) diag.Diagnostic) diag.Diagnostics {
	var list diag.Diagnostics
	for _, d := range diags {
		one := as(d.Summary(), d.Detail())
		if at, ok := d.(diag.DiagnosticWithPath); ok {
			one = diag.WithPath(at.Path(), one)
		}
		list.Append(one)
	}
	return list
}
