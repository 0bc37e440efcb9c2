package diagnostics

// What is said about resources.
const (
	NotLookedAt         Code = "not looked at"
	ReadNothing         Code = "read nothing"
	ConnectionFailed    Code = "connection failed"
	DaemonNotIdentified Code = "daemon not identified"
	ValueMissing        Code = "value missing"
	FileChangedSince    Code = "file changed since the plan"
	SameLines           Code = "two resources with the same lines"
	SameLinesApart      Code = "two resources with the same lines, apart"
	FoundElsewhere      Code = "found at another address"
	LinesRemoved        Code = "lines removed"
	LinesOfClone        Code = "lines gone, other host key"
	StaleDaemon         Code = "stale daemon"
	PendingOfOther      Code = "pending change"
	StuckChange         Code = "interrupted change"
	PendingTooLong      Code = "pending change lasts too long"
	TakenOver           Code = "lines taken over"
	LeftToOther         Code = "lines left to another resource"
	OtherMachine        Code = "another machine"
	OtherMachineIsClone Code = "another machine, a clone"
	CloneIsPlanned      Code = "plan moves to a clone"
	LeftAlone           Code = "another machine left alone"
	ForgottenHost       Code = "host forgotten"
	CoolifyNotRestarted Code = "coolify not restarted"
	ImportNothing       Code = "nothing to import"
	ImportNoBlock       Code = "no such block"
	ImportID            Code = "bad import id"
	ImportBlockID       Code = "bad import id of a block"
	ImportFileID        Code = "bad import id of a file"
	ImportHostID        Code = "bad import id of a host"
	ImportNoFile        Code = "no file to import"
	NoRecord            Code = "cannot record"
	ImageNoSSH          Code = "image runs no ssh"
	ImageNoLogin        Code = "image has no login"
	OtherKind           Code = "value of another kind"
	OtherKindImport     Code = "value of another kind, import"
	KeptAndVerified     Code = "state kept and verified"
	NothingRecorded     Code = "nothing recorded"
	KeptAndBelieved     Code = "state kept and believed"
	KeptSocket          Code = "control socket kept"
	NoInventory         Code = "no hosts to list"
	NotInInventory      Code = "not in hosts"
	HostsWithoutLines   Code = "hosts without lines"
)

var resourceRows = map[any]row{
	NotLookedAt:     {warning: true, title: "{host}: could not look: {what}", body: "{error}\n\n{next}", remedy: "To stop instead, set `on_unreachable = \"error\"`."},
	KeptAndVerified: {body: "The recorded state is kept, and the plan verifies the host again, so that it is not reported as in sync without having been looked at."},
	NothingRecorded: {body: "Nothing is recorded of it yet. The apply looks at the host before it changes anything."},
	KeptAndBelieved: {body: "The recorded state is kept and taken for true, {because}."},

	KeptSocket:        {warning: true, title: "{host}: did not remove {file}", body: "{error}", remedy: "If it belongs to another account, name that account in `user`."},
	NoInventory:       {title: "`hosts` of the provider names no host", body: "A list looks at the hosts that `hosts` names. It is empty, or not known yet.", remedy: "Give each host an entry in `hosts` of the provider block."},
	NotInInventory:    {title: "{name} is not in the provider's `hosts`", body: "`hosts` has {hosts}.", remedy: "Write one of these names, or add an entry to `hosts` of the provider block."},
	HostsWithoutLines: {warning: true, title: "nothing to import on {hosts}", body: "No file there sets a value that an import would find, so the list has no result for {hosts}.", remedy: "Declare a resource for each of them: its first apply sets the values."},

	ConnectionFailed:    {title: "{host}: {what} ({phase})", body: "Could not {doing}: {error}\n\n{key}\n\n{left}\n\n{advice}"},
	DaemonNotIdentified: {title: "{host}: {what} (nothing was changed)", body: "{error}\n\n{advice}"},
	ValueMissing: {title: "{host}: {what} is not known", body: "Could not {doing}: {what} has no value. The host was not dialled.",
		remedy: "Apply first what the value comes from, for example with `-target`."},
	FileChangedSince: {title: "{host}: changed since the plan: {files}", body: "Another process edited the configuration after the refresh that this plan is built on. Nothing was changed on the host.",
		remedy: "Plan again, with refresh, to see the host as it is now."},
	SameLines:      {title: sameLines, body: theyDiffer, remedy: "Put the settings into one resource."},
	SameLinesApart: {title: sameLines, body: theyDiffer, remedy: "Put the settings into one resource, or give one of the resources lines of its own: {apart}."},
	FoundElsewhere: {warning: true, title: "{host}: answers at {answered}, not at {named}",
		body:   "Its sshd was moved there by the settings that this resource manages, and was found because an earlier run recorded it; a new resource, and any other program, would not find it.",
		remedy: "Give the new port or address to the host too: `port` and `host` in `ssh` of the resource, in the entry of `hosts`, or in `connection`."},
	LinesRemoved: {warning: true, title: "{host}: our lines are gone from {file}", body: "The lines that the provider manages were removed. The plan writes the lines."},
	LinesOfClone: {warning: true, title: "{host}: our lines are gone from {file}",
		body: "The host key is not the recorded one either: this may be a clone of the machine, or the same machine installed again. The plan writes the lines."},
	StaleDaemon: {warning: true, title: "{host}: sshd has not loaded the files that are on disk",
		body: "The configuration was edited after the running daemon was started or last reloaded, so new connections do not get the values that the files say. The plan repairs that with a reload."},
	PendingOfOther: {warning: true, title: "{host}: {change}",
		body: "That run has not confirmed the change yet. If it was interrupted, the host takes the change back by itself when the time is up, and what is effective now is then effective no longer.\n\n" + waits},
	StuckChange: {warning: true, title: "{host}: {change}",
		body: "That run was interrupted before it confirmed the change. What is effective now is effective no longer once the change is taken back.\n\n" + waits},
	PendingTooLong: {title: "{host}: {change} (nothing was changed)",
		body:   "Could not {doing}: the time for that ends before the host has taken the change back. The id of the change on the host is {id}.",
		remedy: "Try again after that, or allow more time in `timeouts`: more than the `confirm_timeout` of the other run."},
	TakenOver: {warning: true, title: "{host}: another resource has taken over {lines}",
		body:   "A resource of another Terraform state, or one that was made in place of this one, has marked the lines as its own. As long as both want the same, nothing is changed. A destroy of this resource leaves the lines there.",
		remedy: "To give the lines up, remove this resource from its state with `terraform state rm`. To take them back where both want something else, set `adopt = true`."},
	LeftToOther: {warning: true, title: "{host}: the lines were left on the host, because another resource has taken them over",
		body: "A resource of another Terraform state, or one that was made in place of this one, has marked the lines as its own, and its destroy removes them. Nothing was changed on the host."},
	OtherMachine: {warning: true, title: otherMachine, body: "Its machine ID, or host key, is not the recorded one.\n\n" + setUp},
	OtherMachineIsClone: {warning: true, title: otherMachine, body: "It has the recorded machine ID, but not the host key that was recorded at {address}: it is a clone of that machine. " +
		"If our lines are still on that machine, manage it under a name of its own.\n\n" + setUp},
	CloneIsPlanned: {warning: true, title: "{to}: not the machine that is {from}, although both have one machine ID",
		body: "The machine ID is {id}. The host keys differ: {recorded} was recorded, and {to} answered with {answered}.\n\n" +
			"The plan replaces the resource: the apply takes our lines back on {from} and writes them on {to}.",
		remedy: "If {from} is gone, first apply `on_unreachable = \"ignore\"` with the old `host`: the replacement then leaves our lines there. " +
			"To tell clones apart, give each a machine ID of its own: remove /etc/machine-id and run `systemd-machine-id-setup`."},
	LeftAlone: {warning: true, title: "{host}: another machine answers at this address, and it was left alone",
		body: "What is recorded was never done on this machine, so there is nothing to take back. The resource is forgotten."},
	ForgottenHost: {warning: true, title: "{host}: forgotten without taking anything back",
		body: "{error}\n\n{because}, the resource is removed from state. If the host comes back, our settings are still on it."},
	CoolifyNotRestarted: {warning: true, title: "{host}: Coolify still runs with the settings that it was started with",
		body:   "{file} was changed. Coolify reads it when its container is created again, which ends what it is deploying and is therefore left to you.",
		remedy: "Run Coolify's own upgrade, or `docker compose up -d --force-recreate coolify` with the files and options that it uses."},
	ImportNothing: {title: "{host}: no SSH setting in {file}", body: "No line of the file sets one of the keys that the resource has attributes for, so there is nothing to import.",
		remedy: "Declare the resource and apply it."},
	ImportNoBlock: {title: "{host}: no such block in {file}", body: "No block of the file opens with {block} and sets something, so there is nothing to import.",
		remedy: "Give the line that opens the block as it stands in the file, or declare the resource and apply it."},
	ImportID: {title: "Bad import ID", body: "{id} is not a valid import ID. {error}",
		remedy: "Write [user@]host[:port], optionally followed by the absolute path of the main configuration file, such as admin@10.0.0.5:2222 or web1/etc/ssh/sshd_config."},
	ImportBlockID: {title: "Bad import ID", body: "{id} is not a valid import ID.",
		remedy: "Write [user@]host[:port], optionally the file, and the line that opens the block, such as here/~/.ssh/config#Host *.example.org, " +
			"root@web1/~deploy/.ssh/config#Host * or web1/etc/ssh/ssh_config.d/10-keepalive.conf#Match all."},
	ImportFileID: {title: "Bad import ID", body: "{id} is not a valid import ID. {error}",
		remedy: "Write [user@]host[:port], optionally followed by the absolute path of the environment file, such as root@coolify.example.org or coolify/srv/coolify/.env."},
	ImportHostID: {title: "Bad import ID", body: "{id} is not the ID of a host.",
		remedy: "Write [user@]host[:port], such as admin@10.0.0.5:2222 or web1. A host is managed once, so that no file follows."},
	ImportNoFile: {title: "{host}: no setting of the host to import", body: "No file of sysctl.d or logind.conf.d sets what the resource has attributes for, so there is nothing to import.",
		remedy: "Declare the resource and apply it."},
	NoRecord: {title: "Cannot record {key}", body: "{error}"},
	ImageNoSSH: {title: "{host}: an image does not run ssh", body: "The settings of a client are proven by its own ssh.",
		remedy: "Manage them over `transport = \"ssh\"` or \"local\"; for an image, the function `render_ssh_config` writes the text."},
	ImageNoLogin: {title: "{host}: an image cannot be logged in to", body: "It is a mounted file system, and not a machine.",
		remedy: "Name a host that is reached over `transport = \"ssh\"`."},
	OtherKind:       {warning: true, title: "Value of another kind on the host", body: "The host has a value of {name} that the attribute cannot hold: {error}. It is shown as absent."},
	OtherKindImport: {warning: true, title: "Value of another kind on the host", body: "{error} It was not imported.", remedy: "Declare the attribute with the value that the host shall have."},
}

const (
	waits        = "A plan made now verifies the host again, and its apply waits for the end of that change. The id of the change on the host is {id}."
	sameLines    = "{host}: two resources are about the same lines, {lines}"
	theyDiffer   = "They want different settings, and each would take away those of the other. Nothing was changed on the host."
	otherMachine = "{host}: another machine answers at this address"
	setUp        = "The plan sets it up. A destroy before the next apply leaves it as it is, because the recorded lines were never written there."
)

// What is said about data sources.
const (
	NotKnownBeforeApply Code = "not known before the apply"
	IdleTooLong         Code = "idle longer than the read"
)

var sourceRows = map[any]row{
	NotKnownBeforeApply: {title: "{host}: {what} is not known yet", body: "The host was not dialled. What the data source itself says is known, but not how to reach the host.",
		remedy: "Let the data source depend (`depends_on`) on the resource that the value comes from: Terraform then reads it during the apply."},
	IdleTooLong: {title: "No time to sit idle", body: "{idle} are to be spent idle, and the read may take {read}.",
		remedy: "Leave `read` of `timeouts` out, or make it longer than `idle` by what a login takes."},
	ReadNothing: {warning: true, title: "{host}: could not look: {what}", body: "{error}\n\nEverything that the data source computes is null, {because}."},
}

// What is said about the value of one attribute, or of a variable.
const (
	NotATime           Code = "not a time"
	TimeOutOfRange     Code = "time out of range"
	NoWatchdog         Code = "no watchdog"
	BadEnvironment     Code = "bad environment variable"
	BadPolicyVariable  Code = "bad policy in the environment"
	BadSettings        Code = "bad connection settings"
	NotAbsolute        Code = "not an absolute path"
	NotAbsoluteNorHome Code = "not an absolute path, nor one below the home"
	NotPlain           Code = "not a plain path"
	NotIncludable      Code = "not a path that Include can name"
	NotAPath           Code = "not a path"
	TokenInPath        Code = "token in a path"
)

var attributeRows = map[any]row{
	NotATime:       {title: "Not a time", body: "{value}: {error}", remedy: "Write whole seconds or numbers with units: 120, \"2m\", \"1h30m\"."},
	TimeOutOfRange: {title: "Time out of range", body: "{value} is not within the limits.", remedy: "Write a time from {least} to {most}."},
	NoWatchdog: {warning: true, title: "Changes will not be taken back by the host",
		body: "With a `confirm_timeout` of 0 no watchdog waits on the host. If the new settings keep us out, nothing on the host undoes them."},
	BadEnvironment:     {title: "Bad environment variable", body: "{error} The environment is asked for what the provider block does not say."},
	BadPolicyVariable:  {title: "Bad environment variable", body: "{name} is {value}; it is one of {words}."},
	BadSettings:        {title: "Bad connection settings", body: "{error}"},
	NotAbsolute:        {title: "Not an absolute path", body: "{value} does not begin with a slash.", remedy: "The path is one on the host: write it from its root, such as \"/etc/ssh/sshd_config\"."},
	NotAbsoluteNorHome: {title: "Not an absolute path", body: "{value} begins with neither a slash nor ~/.", remedy: "The path is one on the host: write it from its root, or from the user's home."},
	NotPlain:           {title: "Not a plain path", body: "{value} has . or .. in it, an empty part, or a control character.", remedy: "Write the shortest spelling of the path."},
	NotIncludable:      {title: "Not a plain path", body: "{value} has blanks, quotes, wildcards or .. in it, which an Include could not name.", remedy: "Write a path without them."},
	NotAPath:           {title: "Not a path", body: "{value} has control characters in it.", remedy: "Write a path without them."},
	TokenInPath:        {title: "A token in the path", body: "{value} is a ControlPath as ssh_config has it. What a % stands for depends on the connection.", remedy: "For a token, write * for it."},
}
