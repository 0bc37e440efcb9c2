package diagnostics

import (
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
)

// problemRows are the remedies for what the decision for any kind of configuration finds.
var problemRows = map[any]row{
	keepalive.UnknownKeyword:  {remedy: "See sshd_config(5) or ssh_config(5) for the keywords. A keyword of a patched build that the provider does not know cannot be managed."},
	keepalive.TypedKeyword:    {remedy: "Use the attribute, whose values are compared by what they mean."},
	keepalive.RepeatedKeyword: {remedy: "OpenSSH keeps the first value of a keyword; declare it once."},
	keepalive.NotInMatch:      {remedy: "Declare it outside `match`, or leave it out."},
	keepalive.BadCriteria:     {remedy: "The criteria are what follows the word Match: User, Group, Host, Address, LocalAddress, LocalPort and RDomain in sshd_config(5), host, originalhost, user, localuser, exec and others in ssh_config(5), each with patterns; or all."},
	keepalive.NoSetting:       {remedy: "Match blocks are declared in the attribute `match`. What an included file would say is declared here, or left to the host's own files."},
	keepalive.BadContext:      {remedy: "A context is one connection, as `sshd -T -C` takes it: one user, one address. Declare one context for each."},
	keepalive.TooNew:          {remedy: "The host's OpenSSH would refuse its whole configuration with it. Leave it out for this host, or upgrade OpenSSH there."},
	keepalive.Deprecated:      {remedy: "Leave it out: OpenSSH ignores it, or will.", folds: true},
	keepalive.Removed:         {remedy: "Leave it out: OpenSSH ignores it, or will."},
	keepalive.RefusedByHost:   {remedy: "The host's own OpenSSH was asked, with these settings alone. The message is its own. Nothing was changed."},
	keepalive.InvalidHost:     {remedy: "The host's configuration was broken before we touched it, and a reload would fail. Repair it on the host first (`sshd -t` names the line). Nothing was changed."},
	keepalive.InvalidClient:   {remedy: "The file was broken before we touched it, and ssh ends with this error for each host until it is repaired. Repair that line on the host first. Nothing was changed."},
	keepalive.NoInclude:       {remedy: "Set `placement = \"auto\"` or \"in_place\", or have the main file include a directory in /etc/ssh."},
	keepalive.Shadowed:        {remedy: "sshd keeps the first value that it reads. Set `takeover = true` to have the earlier line commented out and put back on destroy, or remove it on the host."},
	keepalive.CommandLine:     {remedy: "An option on the daemon's command line wins over every file. Remove it from the service's unit or defaults file."},
	keepalive.NeverDrops:      {remedy: "Use a count of 1 or more, so that dead connections are dropped.", folds: true},
	keepalive.DropsAtOnce:     {remedy: "Use a count of 1 or more: this release drops a client at its first silence.", folds: true},
	keepalive.CountWithout:    {remedy: "Set `client_alive_interval` as well: without it sshd never asks, and the count has no effect.", folds: true},
	keepalive.NoMultiplexing:  {remedy: "Use 2 or more where clients share connections (ControlMaster, deploy tools).", folds: true},
	keepalive.IdleLimit:       asksTooLate("client_alive_interval"),
	keepalive.DoubleInterval:  {remedy: "Halve `client_alive_interval` for these releases if the time matters, or declare `idle_limit`: then the plan says whether it does.", folds: true},
	keepalive.LongestTask:     {remedy: "Raise `client_alive_count_max`, or lower `longest_task`. The function keepalive_for computes values.", folds: true},
	keepalive.Drifted:         {remedy: "The plan makes the declared value effective again. To keep what the host has, declare that.", folds: true},
	keepalive.BlockGone:       {remedy: "The plan makes the declared value effective again. To keep what the host has, declare that."},
	keepalive.NothingWanted:   {remedy: "Declare at least one setting."},
	keepalive.MatchOverrides:  {remedy: "That Match is left as it is, except for connections that `contexts` names. To have the value hold for more of them, declare those in `contexts`."},
	keepalive.MountedFile:     {remedy: "Mount the directory instead of the one file, or change the file where it is mounted from. For sshd it is enough that the mounted file begins with `Include /etc/ssh/sshd_config.d/*.conf` and that the directory is not mounted file by file: ours is then a drop-in there. Nothing was changed."},
	keepalive.OtherTool:       {remedy: "If the tool does, the next plan shows the value as drift. Change the value in that tool, so that both say the same."},
	keepalive.NewOverride:     {remedy: "Applying accepts it: `match_overrides` is then what there is. To have the declared value hold in a block instead, declare a context that it applies to in `contexts`; or remove the block on the host."},
	keepalive.Adopted:         {remedy: "If that resource still exists, in another Terraform state or as one that was forgotten, remove it there with `terraform state rm`: its destroy leaves the lines to this one. Nothing but the mark of the lines is changed."},
	keepalive.OtherResources: {remedy: "If that resource is of another Terraform state and is to keep its lines, give this one lines of its own: another `drop_in_name` (sshkeepalive_server) or other patterns (sshkeepalive_client). " +
		"If this resource is to have them, `terraform import` it, or set `adopt = true`."},
	keepalive.OlderLines:      {remedy: "They have no mark that tells which resource wrote them. If another Terraform state manages them, give this resource another `drop_in_name`."},
	keepalive.UncertainGroup:  {remedy: "The apply leaves it open, and the next plan shows it as drift if the value does not hold there."},
	keepalive.EndlessIncludes: {remedy: "Have each file included once: a pattern such as `Include conf.d/*` in one place."},
	keepalive.BadValue:        {remedy: "The manual pages sshd_config(5) and ssh_config(5) list the values of each keyword."},
	keepalive.BooleanValue:    {remedy: "OpenSSH reads true and false of a Terraform boolean as words that it does not know. Put the word in quotes: `\"yes\"` or `\"no\"`."},
	keepalive.BadDropInName:   {remedy: "Write a plain file name that ends in .conf, such as `drop_in_name = \"00-sshkeepalive.conf\"`."},
	keepalive.TimeMisread:     {remedy: "Write the time in whole seconds: every release reads those in the same way."},
	keepalive.IgnoredByBuild:  {remedy: "Leave the keyword out for this host."},
}

// asksTooLate is about an interval that is longer than a path keeps a silent connection.
func asksTooLate(interval string) row {
	return row{remedy: "Shorten `" + interval + "`, so that the path sees traffic before it forgets the connection, or declare how long the path really waits as `idle_limit`. " +
		"The function keepalive_for computes values.", folds: true}
}

// serverRows are the remedies for what the decision about an sshd finds.
var serverRows = map[any]row{
	sshserver.SiblingConflict: {remedy: "If another resource of this host has them, the two undo each other's work at each apply: declare the keyword in one of them only. If these lines are about to be replaced, all is well."},
	sshserver.NoReader:        {remedy: "The settings have an effect once an sshd is started with `-f` and this file. To manage the sshd that accepts the connection, leave `config_file` out."},
	keepalive.NotDeclared:     {remedy: "Declare what the resource shall manage in their place. The next apply replaces those that stand between this resource's own marks, and leaves those of other authors."},
	keepalive.HandWritten:     {remedy: "With `adopt = true` in the configuration that apply comments out the lines that were written by hand, and destroy restores them. Without it they stay, and each keyword has two lines that say the same."},
	keepalive.AdoptsLines:     {remedy: "The apply comments them out, so that the lines of this resource are the only ones for these keywords. Destroy restores them. To leave them as they are, remove `adopt = true`."},
	sshserver.NothingSet:      {remedy: "Declare the settings that the resource shall manage: the next plan shows what they change."},
	sshserver.NotPrinted:      {remedy: "Leave that keyword out of what is verified."},
	sshserver.FirstBoot:       {remedy: "Leave out `placement`, so that a file of our own is read first (this needs OpenSSH 8.2), and give `drop_in_name` a value that sorts before 50-cloud-init.conf; or set `ssh_pwauth` in the user data to the value that is declared here."},
	sshserver.UnknownProfile:  {remedy: "The profiles are " + strings.Join(baseline.Names(), ", ") + "."},
	sshserver.ProfileOption:   {remedy: "To have it from a file, remove the option from the service's unit, or from the file that the unit reads: on Red Hat's systems `/etc/crypto-policies/back-ends/opensshserver.config`, which `CRYPTO_POLICY=` in `/etc/sysconfig/sshd` switches off."},
	sshserver.ProfileLacks:    {remedy: "Upgrade OpenSSH on the host to have the whole baseline there."},
	sshserver.ShutsOut:        {remedy: "A change that no new connection can confirm is taken back by the host. To keep a way in, set a value of your own, such as `settings = { PermitRootLogin = \"prohibit-password\" }`, or declare a `match` block that makes an exception."},
	sshserver.OthersLoseValue: {remedy: "To leave others their values, declare `contexts` by user, host or address instead, each without wildcards."},
}

// clientRows are the remedies for what the decision about an ssh client finds.
var clientRows = map[any]row{
	sshclient.EarlierLine:     {remedy: "ssh keeps the first value that it reads, and lines of other tools and users are not commented out in its files. Remove that line, or manage the block in the file that is read first (`config_file`)."},
	sshclient.NotRead:         {remedy: "Include it from the user's or the system's file, outside Host and Match."},
	sshclient.ReadWithF:       {remedy: "That is right for a file given to ssh -F, or to a program that does so. Otherwise have ~/.ssh/config include it."},
	sshclient.ProbeUnmatched:  {remedy: "Name hosts that the block applies to, or widen its patterns."},
	sshclient.NoBlock:         {remedy: "Set `patterns` for a Host block, or `match` for a Match block."},
	sshclient.NoProbe:         {remedy: "Name at least one host in `probe_hosts`."},
	sshclient.BadPermissions:  {remedy: "Repair it on the host: chmod go-w and chown for a user's file, mode 0644 for one of the system. ssh ends with an error until then. Nothing was changed."},
	sshclient.OthersShutOut:   {remedy: "Give it mode 0644."},
	sshclient.CountAlone:      {remedy: "Set `server_alive_interval` as well: without it ssh never asks, and the count has no effect.", folds: true},
	sshclient.AsksTooLate:     asksTooLate("server_alive_interval"),
	sshclient.ClosesHealthy:   {remedy: "Use a count of 1 or more, or leave it out: the default is 3."},
	sshclient.MastersNeverEnd: {remedy: "Give `control_persist` a time, such as \"10m\"."},
	sshclient.MasterUnwatched: {remedy: "Set `server_alive_interval` in the same block: only the master can notice that its connection is dead."},
	sshclient.MasterStuck:     {remedy: "Use `control_master = \"auto\"`."},
	sshclient.NoControlPath:   {remedy: "Set `control_path`, for example to \"~/.ssh/cm/%C\"."},
	sshclient.SocketTooLong:   {remedy: "A short directory and %C is what always fits: `control_path = \"~/.ssh/cm/%C\"`."},
	sshclient.SocketTight:     {remedy: "A short directory and %C is what always fits: `control_path = \"~/.ssh/cm/%C\"`."},
	sshclient.SocketShared:    {remedy: "A short directory and %C is what always fits: `control_path = \"~/.ssh/cm/%C\"`."},
	sshclient.SocketDir:       {remedy: "Use a directory that only the user may write, such as one below ~/.ssh, which is made if it is missing."},
	sshclient.SocketDirGone:   {remedy: "The plan makes it again."},
	sshclient.IgnoreInBlock:   {remedy: "Put IgnoreUnknown into a block for every host, or at the head of the file."},
	sshclient.UncertainBlock:  {remedy: "ssh decides when it runs; the text alone does not tell."},
	sshclient.UncertainLine:   {remedy: "ssh decides when it runs; the text alone does not tell."},
	sshclient.BadPattern:      {remedy: "Write one pattern for each element of `patterns`, such as \"*.example.org\", or the criteria of one Match block in `match`."},
	sshclient.BadProbe:        {remedy: "Write each element of `probe_hosts` as it is typed after ssh: a name, or user@name."},
}

// systemRows are the remedies for what the decision about a host itself finds.
var systemRows = map[any]row{
	system.BadHostValue: {remedy: "The values are those of tcp(7) and logind.conf(5); times may have a unit, such as \"2m\"."},
	system.Unavailable:  {remedy: "Leave the attribute out for this host, or set the value on the machine around the container. Nothing was changed."},
	system.NotOurFile:   {remedy: "Move its lines to a file of another name that is read before, or remove it. Nothing was changed."},
	system.ReadLater:    {remedy: "Remove that line on the host, or give its file a name that comes before ours. Nothing was changed."},
	system.NotReadNow:   {remedy: "Remove that line on the host: `sysctl --system` would bring its value back until the next refresh shows it as drift."},
	system.NotAtBoot:    {remedy: "In a container, give the values to what starts it (`docker run --sysctl`)."},
	system.HostWide:     {remedy: "A path that is interrupted for longer loses its connections: programs that must outlive that need the time, and keepalives of their own."},
	system.EndsJobs:     {remedy: "Start what must outlive the login with `systemd-run --user --scope` after `loginctl enable-linger`, as a service, or name its user in `kill_exclude_users`."},
	system.RootToo:      {remedy: "Add \"root\" to `kill_exclude_users`."},
	system.UntilBoot:    {remedy: "The first apply writes the value that is in use into a file. For that of the host's file, declare it: the apply then sets it."},
	system.NoEffect:     {remedy: "Remove KillOnlyUsers from the files of logind on the host, or leave `kill_user_processes` out."},
}

// coolifyRows are the remedies for what the decision about an environment file of Coolify finds.
var coolifyRows = map[any]row{
	coolify.BadEnvValue:                {remedy: "The page of the resource says which values Coolify reads."},
	coolify.UnreadableEnv:              {remedy: "Correct that line on the host first. Nothing was changed."},
	coolify.NotEnv:                     {remedy: "Give the environment file of Coolify in `file`, or leave it out for " + coolify.DefaultFile + "."},
	coolify.UnknownEnv:                 {remedy: "Other keys of the file are not this resource's, secrets above all."},
	coolify.AgeEndsDeployments:         {remedy: "Upgrade Coolify to 4.3.9 or newer (issues 10853 and 11372, pull request 11377), or set `mux_enabled = false`, so that no deployment shares its connection. If the file does not name the release, say which one runs: `release = \"4.3.9\"`."},
	coolify.AgeIgnored:                 {remedy: "Leave `mux_max_age` out."},
	coolify.KeyNotRead:                 {remedy: "Leave the attribute out, or upgrade Coolify."},
	coolify.BadRelease:                 {remedy: "Write it as Coolify tags it, such as `release = \"4.3.9\"`."},
	coolify.PersistEndsDeployments:     {remedy: "Upgrade Coolify to 4.3.9 or newer (issue 11372, pull request 11377), make `mux_persist_time` longer than any deployment takes, or set `mux_enabled = false`."},
	coolify.MastersNeverEnd:            {remedy: "Give `mux_persist_time` a time, such as \"1h\", which is Coolify's own."},
	coolify.RunsTwice:                  {remedy: "Use 1 if a deployment's commands must not run twice. What Coolify takes for a broken connection (app/Traits/SshRetryable.php) includes every \"Broken pipe\" and every exit code 255."},
	coolify.NeverRuns:                  {remedy: "Use 1 for no repetition."},
	coolify.LockTooShort:               {remedy: "Coolify's own values are long enough: `mux_lock_ttl = 30` and `mux_lock_timeout = 10`."},
	coolify.NoTimeout:                  {remedy: "Use a time that is longer than any deployment takes for `command_timeout`, and a few seconds for `mux_health_check_timeout`."},
	coolify.HealthCheckEndsDeployments: {remedy: "Use 5, which is Coolify's own, or more; or `mux_health_check_enabled = false`."},
	coolify.MuxIsOff:                   {remedy: "Leave it out, or set `mux_enabled = true`."},
	coolify.DelayCapped:                {remedy: "Raise `retry_max_delay`, or lower `retry_base_delay`."},
}
