package diagnostics

import "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"

// step is where a change ended, as reconcile.Error has it. Users do not know the steps:
// the titles say what could not be done.
type step string

// What is said about a change, besides its step and its outcome.
const (
	ChangeFailed  Code = "change failed"
	OtherFailure  Code = "other failure"
	HostKeyShown  Code = "host key shown"
	HostKeyOnFile Code = "host key on file"
	HostKeyPlace  Code = "place of the host key"
	EditedSince   Code = "edited since"
	BusyElsewhere Code = "change of another run"
	BusyNow       Code = "another run at work"
	LinkOnTheWay  Code = "link on the way"
	WritableDir   Code = "directory writable by others"
	ForeignDir    Code = "directory of another account"
)

var changeRows = map[any]row{
	step("gather"):   {title: "could not read the configuration", remedy: "Check `user` and `sudo` of the connection: what belongs to root, sshd's configuration above all, needs root's privileges."},
	step("decide"):   {title: "the settings cannot be made effective"},
	step("request"):  {title: "could not describe the change to the host"},
	step("commit"):   {title: "could not change the host"},
	step("prepare"):  {title: "could not make the files ready for the change", remedy: checkDirectory},
	step("lock"):     {title: "could not reserve the host for the change", remedy: checkDirectory},
	step("compare"):  {title: "could not compare the files with those of the plan"},
	step("stage"):    {title: "could not copy the configuration for a check", remedy: "Check that the file system of the configuration directory and /var/run can be written and have room."},
	step("validate"): {title: "the host refused the new configuration", remedy: "The host's own OpenSSH was asked about the new configuration before it went live. The message above is its own."},
	step("arm"):      {title: "could not prepare the automatic rollback", remedy: checkDirectory},
	step("swap"):     {title: "could not replace the files", remedy: checkDirectory},
	step("reload"): {title: "sshd did not load the new configuration", remedy: "The host's sshd did not load the new files; what it said is above. " +
		"A port or address that it cannot have, or a file that another process has just changed, is the usual reason: correct that, and apply again."},
	step("load"):    {title: "the host did not take over the new values", remedy: "The kernel or logind of the host keeps other values; what was said is above. Correct that, and apply again."},
	step("confirm"): {title: "a new connection did not confirm the change", remedy: notConfirmed},
	step("verify"):  {title: "the host does not have the new values", remedy: "The host was asked again after the change, and what it uses is above."},
	step("disarm"):  {title: "could not end the automatic rollback"},

	reconcile.Unchanged:  {body: "Nothing was changed on the host."},
	reconcile.RolledBack: {body: "The host is back in the state it was in before: that was seen, not assumed."},
	reconcile.Watchdog: {body: "The change could not be taken back over this connection. " +
		"A watchdog on the host takes it back by itself when the confirm timeout has passed; plan again after that."},
	reconcile.Applied: {body: "The change is live on the host."},
	reconcile.Unknown: {body: "It is not known how the host was left. Plan again to see: the plan looks at the host and shows what differs."},

	ChangeFailed:  {title: "{host}: {what} ({outcome})", body: "Could not {doing}: {error}\n\n{left}\n\n{advice}"},
	OtherFailure:  {title: "{host}: {error}", body: "Could not {doing}: {detail}\n\nNothing was changed on the host."},
	HostKeyShown:  {body: "The host showed   {key}"},
	HostKeyOnFile: {body: "Recorded is       {key}"},
	HostKeyPlace:  {body: "Recorded at       {place}"},

	EditedSince:   {remedy: "Another process edited the file after the plan was made, and that edit is not overwritten. Plan again to see the host as it is now."},
	BusyElsewhere: {remedy: "Another run changed the host and has not confirmed the change. Apply again after that time."},
	BusyNow:       {remedy: "Another run is changing the host at this moment. Apply again when it has ended."},
	LinkOnTheWay:  {remedy: "Give the path of the file itself, without the link."},
	WritableDir:   {remedy: "Take the right to write there from other accounts: `chmod go-w {dir}`."},
	ForeignDir: {remedy: "Set `user = \"{owner}\"`, which only sshkeepalive_client has: its file is then written as that account. " +
		"Any other file belongs in a directory of root's: `chown root {dir}` and `chmod go-w {dir}`."},
}

const (
	checkDirectory = "Check on the host that the directory can be written (a mount that is read-only, chattr +i, an access list) and has room (df, df -i)."
	notConfirmed   = "A new connection could not log in, or did not find the new values. With these settings you would have been locked out, or they would not have held."
)

// missingRows are about what an observation did not find on the host.
var missingRows = map[any]row{
	reconcile.NoUser:    {title: "the user does not exist on the host", remedy: "Set `user` to an account of the host that has a home directory, or create the account there."},
	reconcile.NoSSH:     {title: "the host has no ssh program", remedy: "Install the OpenSSH client on the host."},
	reconcile.NoSSHD:    {title: "the host has no sshd program", remedy: "Install the OpenSSH server on the host."},
	reconcile.NoAwk:     {title: "the host has no awk program", remedy: "Install an awk on the host: mawk, gawk, busybox and the BSD awk all do."},
	reconcile.NoProc:    {title: "the host has no /proc of Linux", remedy: "Use the data source for Linux hosts only, and mount /proc in a container that has none."},
	reconcile.NoTempDir: {title: "the host has no room for a temporary directory", remedy: "Make room in /tmp of the host (df, df -i), or mount it writable."},
	reconcile.NoEnvFile: {title: "the environment file does not exist", remedy: "Set `file` to the environment file of Coolify on this host, or install Coolify there first."},
	reconcile.NoEnv:     {title: "the environment file cannot be used", remedy: "Set `file` to the environment file of Coolify on this host."},
	reconcile.NoRead:    {title: "the user cannot read the file", remedy: "Let the account read the file and enter its directories, or set `user` to the account that the file belongs to."},
}
