package host

// HostKeyFacts is what a refused host key was compared with, for advice.
type HostKeyFacts struct {
	Name         string // under which the machine is recorded: "[web1]:2222"
	OfferedType  string
	RecordedType string // "" if nothing is recorded, or only a fingerprint
	File         string // that has the recorded key, "" if none does
	// Given is where the user gives the host keys of this machine: a setting, or a file;
	// "" if the user does not. Lines says that it takes lines of known_hosts, and Shared
	// that it counts for other machines too.
	Given         string
	Lines, Shared bool
	Record        bool // the recorded key is the one that the machine showed under accept-new
	JumpHost      bool
	Place         string // how the user wrote the jump host, "" for one of an ssh_config
}
