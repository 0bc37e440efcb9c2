package diagnostics

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/spelling"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// NotLooked is a refresh or a plan that goes on without having looked.
func NotLooked(name string, err error, chosen policy, creating bool, because string) diag.Diagnostic {
	next := bodyOf(KeptAndVerified)
	switch {
	case creating:
		next = bodyOf(NothingRecorded)
	case chosen == Ignore:
		next = bodyOf(KeptAndBelieved, "because", because)
	}
	return New(NotLookedAt, "host", name, "what", headline(err), "error", spelling.Sentence(err.Error()), "next", next)
}

// NotKnown is an operation on a host of which something has no value.
func NotKnown(h types.String, doing, what string) diag.Diagnostic {
	return New(ValueMissing, "host", h.ValueString(), "what", what, "doing", task(doing))
}

// BadTime is a text that is not a time.
func BadTime(at path.Path, value string, err error) diag.Diagnostic {
	return At(at, NotATime, "value", fmt.Sprintf("%q", value), "error", spelling.Sentence(err.Error()))
}

// Unprotected is a confirm timeout of 0.
func Unprotected(at path.Path) diag.Diagnostic { return At(at, NoWatchdog) }

// BadImportID is an ID that does not name an sshd.
func BadImportID(id string, err error) diag.Diagnostic {
	return New(ImportID, "id", fmt.Sprintf("%q", id), "error", spelling.Sentence(spelling.Capital(err.Error())))
}

// BadBlockID is an ID that does not name a block of a client's configuration.
func BadBlockID(id string) diag.Diagnostic {
	return New(ImportBlockID, "id", fmt.Sprintf("%q", id))
}

// BadFileID is an ID that does not name an environment file.
func BadFileID(id string, err error) diag.Diagnostic {
	return New(ImportFileID, "id", fmt.Sprintf("%q", id), "error", spelling.Sentence(spelling.Capital(err.Error())))
}

// BadHostID is an ID that does not name a host alone.
func BadHostID(id string, _ error) diag.Diagnostic {
	return New(ImportHostID, "id", fmt.Sprintf("%q", id))
}

// NothingOnHost is a host of whose settings no file sets one.
func NothingOnHost(name string) diag.Diagnostic { return New(ImportNoFile, "host", name) }

// NoSuchBlock is an import of a block that the file does not have.
func NoSuchBlock(name, file, block string) diag.Diagnostic {
	return New(ImportNoBlock, "host", name, "file", file, "block", fmt.Sprintf("%q", block))
}

// NothingToImport is an environment file without a key of ours.
func NothingToImport(name, file string) diag.Diagnostic {
	return New(ImportNothing, "host", name, "file", file)
}

// CannotRecord is private state that cannot be encoded.
func CannotRecord(key string, err error) diag.Diagnostic {
	return New(NoRecord, "key", key, "error", spelling.Sentence(err.Error()))
}

// ImageRunsNoSSH refuses to ask the ssh of an image.
func ImageRunsNoSSH(spec host.Spec) diag.Diagnostics { return noImage(spec, ImageNoSSH) }

// NoLogin refuses to log in to an image.
func NoLogin(spec host.Spec) diag.Diagnostics { return noImage(spec, ImageNoLogin) }

func noImage(spec host.Spec, code Code) diag.Diagnostics {
	if spec.Transport != "image" {
		return nil
	}
	return diag.Diagnostics{At(path.Root("host"), code, "host", spec.Name)}
}

// OtherKindOfValue is a value of the host that an attribute cannot hold.
func OtherKindOfValue(attribute, name string, err error) diag.Diagnostic {
	return At(AttributePath(attribute), OtherKind, "name", name, "error", err.Error())
}

// NotImported is such a value in an import.
func NotImported(attribute string, err error) diag.Diagnostic {
	return At(AttributePath(attribute), OtherKindImport, "error", spelling.Sentence(spelling.Capital(err.Error())))
}

// ChangedSince is a configuration that was edited between the plan and the apply.
func ChangedSince(name string, paths []string) diag.Diagnostic {
	return New(FileChangedSince, "host", name, "files", strings.Join(paths, ", "))
}

// ConflictingResources says that two resources are about lines. apart is how to give one
// of them lines of its own, "" if there is no way.
func ConflictingResources(name, lines, apart string) diag.Diagnostic {
	if apart == "" {
		return New(SameLines, "host", name, "lines", lines)
	}
	return New(SameLinesApart, "host", name, "lines", lines, "apart", apart)
}

// MetElsewhere is a host that answered at another address than its settings say.
func MetElsewhere(name, named, answered string) diag.Diagnostic {
	return New(FoundElsewhere, "host", name, "named", named, "answered", answered)
}

// LinesGone is a file that lacks our lines. recorded and shown are the host keys.
func LinesGone(name, file, recorded, shown string) diag.Diagnostic {
	if recorded != "" && shown != "" && recorded != shown {
		return New(LinesOfClone, "host", name, "file", file)
	}
	return New(LinesRemoved, "host", name, "file", file)
}

// Stale is a daemon that has not loaded the files that are on disk.
func Stale(name string) diag.Diagnostic { return New(StaleDaemon, "host", name) }

// PendingChange is a change of another run that is not confirmed yet.
func PendingChange(name string, p reconcile.Pending) diag.Diagnostic {
	if p.Rolling || p.Left <= 0 {
		return New(StuckChange, "host", name, "change", p.String(), "id", p.ID)
	}
	return New(PendingOfOther, "host", name, "change", p.String(), "id", p.ID)
}

// HeldByAnother is a refresh of lines that another resource has marked.
func HeldByAnother(name, lines string) diag.Diagnostic {
	return New(TakenOver, "host", name, "lines", lines)
}

// LeftToAnother is a destroy of such lines.
func LeftToAnother(name string) diag.Diagnostic { return New(LeftToOther, "host", name) }

// OtherMachineSeen is a refresh that met another machine than the recorded one.
func OtherMachineSeen(name string, rec reconcile.Record, machineID string) diag.Diagnostic {
	if machineID == rec.MachineID && machineID != "" {
		return New(OtherMachineIsClone, "host", name, "address", rec.Address)
	}
	return New(OtherMachine, "host", name)
}

// ClonePlanned is a resource that moves between two machines that only their host keys
// tell apart.
func ClonePlanned(from, to string, rec reconcile.Record, answered host.Identity) diag.Diagnostic {
	return At(path.Root("host"), CloneIsPlanned, "from", from, "to", to, "id", rec.MachineID, "recorded", rec.HostKeySHA256, "answered", answered.HostKeySHA256)
}

// OtherMachineLeft is a destroy that met another machine.
func OtherMachineLeft(name string) diag.Diagnostic { return New(LeftAlone, "host", name) }

// Forgotten is a destroy of a resource whose host did not answer.
func Forgotten(name string, err error, because string) diag.Diagnostic {
	return New(ForgottenHost, "host", name, "error", spelling.Sentence(err.Error()), "because", spelling.Capital(because))
}

// NotLoadedYet is an environment file that the running Coolify has not read.
func NotLoadedYet(name, file string) diag.Diagnostic {
	return New(CoolifyNotRestarted, "host", name, "file", file)
}

// NotKnownYet is a data source whose host is not known before the apply.
func NotKnownYet(name, what string) diag.Diagnostic {
	return New(NotKnownBeforeApply, "host", name, "what", what)
}

// NoTimeToSit is a probe that shall stay idle for longer than the read may take.
func NoTimeToSit(patience, sits time.Duration) diag.Diagnostic {
	return At(path.Root("timeouts"), IdleTooLong, "idle", sits.String(), "read", patience.String())
}

// NotRead is a data source that is null because its host did not answer.
func NotRead(name string, err error, because string) diag.Diagnostic {
	return New(ReadNothing, "host", name, "what", headline(err), "error", spelling.Sentence(err.Error()), "because", because)
}

// SocketKept is a control socket that was to be removed and is still there.
func SocketKept(name, file, why string) diag.Diagnostic {
	return New(KeptSocket, "host", name, "file", file, "error", spelling.Sentence(spelling.Capital(why)))
}
