// Package keepalive holds what all decisions share: the wanted setting, the problem,
// the plan and its expectations, the timing of probes, overrides, and which lines
// belong to which resource. Each package below it decides for one kind of file, as a
// pure function of the wanted settings and the facts that were observed on a host, and
// leaves the trail of its reasons: sshserver for sshd_config, sshclient for ssh_config,
// coolify for the environment file of a Coolify, system for the kernel's TCP timeouts and
// logind.
//
// These packages know the settings, effective against written values, placement and
// what a good value is. They must not know how facts are got, how a plan is carried
// out, or that Terraform exists.
package keepalive

// Setting is one wanted keyword.
type Setting struct {
	// Attribute names the setting in the user's configuration, for messages:
	// client_alive_interval, settings["PermitRootLogin"], match[0].settings["Banner"].
	Attribute string
	// ByKeyword says that the user named the keyword, and not the attribute that the
	// keyword may have.
	ByKeyword bool
	// Keyword is spelled as in sshd_config(5).
	Keyword string
	// Values holds the argument text of each line; more than one only for
	// keywords that accumulate.
	Values []string
}
