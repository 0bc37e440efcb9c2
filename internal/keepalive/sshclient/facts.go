package sshclient

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Stat is the owner and the permissions of a file or a directory.
type Stat struct {
	Mode uint32 // permission bits
	UID  int
}

// Facts is everything a decision about ssh may depend on.
type Facts struct {
	Version     sshconf.Version
	VersionText string
	// Tree is what ssh reads for User: with -F only File and what it includes,
	// if plain ssh does not read File.
	Tree sshconf.Tree
	// File is the absolute path of the managed file, System says that it belongs
	// to the system and not to one user.
	File   string
	System bool
	// User is whose ssh it is, Home the home directory of that account.
	User string
	UID  int
	Home string
	// Stats has every file of Tree and every directory that File or a control
	// socket needs; one that is not there is missing.
	Stats map[string]Stat
	// Mounts are the files of Tree on which something is mounted.
	Mounts []string
	// SocketName is how many bytes the name of a socket may have on this system.
	SocketName int
	// Effective is what ssh -G prints for each of Contexts, which is what
	// ProbesOf returned; Canonical what it prints there for the wanted lines
	// alone, with the address, port and user that are effective now.
	Contexts  []sshconf.Context
	Effective []sshconf.Dump
	Canonical []sshconf.Dump
	// Refused is what ssh says against the wanted lines, Invalid against its
	// files as they are; "" if it accepts them.
	Refused string
	Invalid string
}
