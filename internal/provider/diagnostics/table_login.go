package diagnostics

import "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"

// What to do about a login that was refused, by what was offered.
const (
	TriedOnce        Code = "tried once"
	CheckLogin       Code = "check the login"
	TooManyKeys      Code = "too many keys"
	RSASignature     Code = "rsa signature"
	RSAToo           Code = "rsa signature too"
	UnlockAgent      Code = "unlock the agent"
	WrongPassword    Code = "wrong password"
	AskedForPassword Code = "asked for a password"
	AskedForMore     Code = "asked for more"
	KeyBesides       Code = "key besides"
	PasswordBesides  Code = "password besides"
	MethodBesides    Code = "another method besides"
	NoKeysTaken      Code = "no keys taken"
	SetUser          Code = "set the user"
	CorrectUser      Code = "correct the user"
	AuthorizeKey     Code = "authorize the key"
	RenewCertificate Code = "renew the certificate"
	NothingToOffer   Code = "nothing to offer"
	PasswordIsTaken  Code = "password is taken"
	GuideListsFiles  Code = "guide lists the files"
)

const takeRSA = "log in with an Ed25519 key, or write `PubkeyAcceptedAlgorithms +rsa-sha2-512` into sshd_config of the host."

var loginRows = map[any]row{
	TriedOnce:        {remedy: "We tried once: sshd locks addresses out that fail repeatedly."},
	CheckLogin:       {remedy: "Check the user and the key, and the user's authorized_keys on the host."},
	TooManyKeys:      {remedy: "The server ended the login after too many keys. Set `agent_identity` to the comment or the fingerprint of the right key, or `private_key_path` to its file."},
	RSASignature:     {remedy: "The server does not take the signatures of an RSA key: " + takeRSA},
	RSAToo:           {remedy: "If the RSA key is there already, sshd may not take its signatures: " + takeRSA},
	UnlockAgent:      {remedy: "Unlock or touch the key when the agent asks for it, and run Terraform again. Or set `private_key_path` to another key."},
	WrongPassword:    {remedy: "Correct `{setting}`, or log in with a key."},
	AskedForPassword: {remedy: "Set `password` to the user's password, or `private_key_path` to the file of a key that the server takes."},
	AskedForMore:     {remedy: "Correct `{setting}`, or log in with a key: only one question, for the password, can be answered here."},
	KeyBesides:       {remedy: "The server wants a key besides: set `private_key_path` to the file of one that it takes."},
	PasswordBesides:  {remedy: "The server wants more than a key: set `password` besides."},
	MethodBesides:    {remedy: "The server wants another method besides. Correct `{setting}`; a code cannot be given here."},
	NoKeysTaken:      {remedy: "The server takes no keys from this user, but {methods}: set `password`, or allow `PubkeyAuthentication` in its sshd_config."},
	SetUser:          {remedy: "set `user`, which is the local user's name if it is not given"},
	CorrectUser:      {remedy: "correct `{setting}`"},
	AuthorizeKey:     {remedy: "Add the public key to ~/.ssh/authorized_keys of {user} on the host, or {other}."},
	RenewCertificate: {remedy: "Renew the certificate: {problem}. Or: {other}"},
	NothingToOffer:   {remedy: "Set `private_key_path` to the file of a key, or the variable SSHKEEPALIVE_PRIVATE_KEY_PATH, or start an agent that holds one."},
	PasswordIsTaken:  {remedy: "The server also takes a password: set `password`."},
	GuideListsFiles:  {remedy: "The guide \"Ways in\" lists the files that are tried without a setting."},
}

// What to do about a host key that was refused.
const (
	KeyRevoked       Code = "key revoked"
	KeyChanged       Code = "key changed"
	KeyOfAnotherHost Code = "key of another host"
	KeyUnknown       Code = "key unknown"
	CompareKey       Code = "compare the key"
	RecordedHopKey   Code = "recorded key of a jump host"
	RecordedKey      Code = "recorded key"
	RecordNewKey     Code = "record the new key"
	ReplaceKeyAt     Code = "replace the key at"
	AddToLines       Code = "add to lines"
	WriteInto        Code = "write into"
	WriteForHost     Code = "write for the host"
	WriteForHop      Code = "write for a jump host"
	AddToKnownHosts  Code = "add to known_hosts"
	AcceptFirst      Code = "accept the first key"
	AcceptFirstOfHop Code = "accept the first key of a jump host"
	HopNeedsEntry    Code = "jump host needs an entry"
)

var hostKeyRows = map[any]row{
	KeyRevoked: {remedy: "A revoked key may be in other hands. Make a new key on the host: remove its files below /etc/ssh, run `ssh-keygen -A`, restart sshd, and record the new key. " +
		"Only if the key was revoked by mistake, remove the revocation at {place}."},
	KeyChanged: {remedy: "Either the host was installed again, or another machine answers in its place. {compare} {replace}"},
	KeyOfAnotherHost: {remedy: "The keys in `{setting}` count for every host that has no keys of its own, so this host may be one that they were not meant for. {compare} " +
		"Then write the key of this host into `host_keys` of its entry in `hosts`, or of `ssh` of the resource."},
	KeyUnknown:       {remedy: "`{keyscan}` prints the key. {compare} Then {give}. {accept}"},
	CompareKey:       {remedy: "Compare the fingerprint with what `ssh-keygen -lf /etc/ssh/ssh_host_{type}_key.pub` prints on the console of the machine."},
	RecordedHopKey:   {remedy: "The old key was recorded in state at an earlier login. If the new one is right, {give}: a key that is given wins over the recorded one."},
	RecordedKey:      {remedy: "The old key was recorded in state at an earlier login. If the new one is right, {give}: a key that is given wins over the recorded one, and can be taken out again after the next apply or refresh."},
	RecordNewKey:     {remedy: "If the new key is right, record it in the place of the old one."},
	ReplaceKeyAt:     {remedy: "If the new key is right, replace the one at {place}."},
	AddToLines:       {remedy: "add the key to `{setting}` as that of `{name}`"},
	WriteInto:        {remedy: "write the key into `{setting}`"},
	WriteForHost:     {remedy: "write the key into `host_keys` of the host's entry in `hosts` or of `ssh` of the resource, or add it to a known_hosts file as that of `{name}`"},
	WriteForHop:      {remedy: "write the key into `host_keys` of `{place}`"},
	AddToKnownHosts:  {remedy: "add the key to a known_hosts file as that of `{name}`"},
	AcceptFirst:      {remedy: "Or set `host_key_policy = \"accept-new\"` to trust the first key that is seen and record it in state."},
	AcceptFirstOfHop: {remedy: "Or set `host_key_policy = \"accept-new\"` in `{place}` to trust the first key that is seen and record it in state: the policy of the host behind it does not count here."},
	HopNeedsEntry:    {remedy: "The policy of the host behind it does not count here: to give the jump host one, write it as an entry of `jump`."},
}

// OtherRootFailure is a failure to become root that is not one of host.RootFailure.
const (
	SudoIsOff        Code = "sudo is set to false"
	OtherRootFailure Code = "could not become root"
)

// rootRows are what to do about a user who could not become root.
var rootRows = map[any]row{
	host.SudoNotEnabled: {remedy: "This takes the rights of root on the host. Set `sudo = true` in `connection`, in the host's entry of `hosts` or in `ssh` of the resource, or connect as root."},
	SudoIsOff:           {remedy: "This takes the rights of root on the host. Set `{setting}` to `true`, or connect as root."},
	host.SudoNeedsPassword: {remedy: "Set `sudo_password` in `connection` or in the host's entry of `hosts`, or the variable SSHKEEPALIVE_SUDO_PASSWORD. " +
		"Or let the user become root without a password: run `visudo -f /etc/sudoers.d/sshkeepalive` on the host and write the line `{user} ALL=(ALL) NOPASSWD: ALL`."},
	host.SudoWrongPassword: {remedy: "Correct `{setting}`: it is the password with which {user} becomes root on the host. It was tried once, so that the account is not locked."},
	host.SudoNeedsTerminal: {remedy: "Run `visudo -f /etc/sudoers.d/sshkeepalive` on the host and write the line `Defaults:{user} !requiretty`."},
	host.SudoDenied:        {remedy: "Run `visudo -f /etc/sudoers.d/sshkeepalive` on the host and write the line `{user} ALL=(ALL) NOPASSWD: ALL`. Or connect as root."},
	host.SudoMissing:       {remedy: "Install sudo on the host, or connect as root."},
	host.DoasDenied:        {remedy: "Write the line `permit nopass {user}` into /etc/doas.conf on the host, or install sudo there."},
	host.ChrootNeedsRoot:   {remedy: "Run Terraform as root, or set `sudo = true` for this image."},
	OtherRootFailure:       {remedy: "What sudo said is above: repair that on the host, or connect as root."},
}

// What to do about connection settings that cannot work.
const (
	SettingBeside  Code = "setting beside"
	SomeSetting    Code = "some setting"
	SSHConfigFile  Code = "ssh_config file"
	HostKeyText    Code = "text of a host key"
	CorrectSetting Code = "correct the setting"
)

var settingRows = map[any]row{
	SettingBeside: {remedy: "Set `{missing}` beside `{setting}`, or start an agent that holds the key."},
	SomeSetting:   {remedy: "Correct the connection settings that the message is about."},
	SSHConfigFile: {remedy: "Correct the file that `{setting}` names, or name another one; `ssh -F FILE -G NAME` prints what ssh makes of it. Settings that are given elsewhere win over the file."},
	HostKeyText: {remedy: "Give `{setting}` the whole line that `cat /etc/ssh/ssh_host_ed25519_key.pub` prints on the host's console. " +
		"`ssh-keyscan -t ed25519 HOST` asks for the key over the network: compare its fingerprint (`ssh-keygen -lf FILE`) with the one that the console shows."},
	CorrectSetting: {remedy: "Correct `{setting}`."},
}
