package reconcile

import "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"

// Record is what an earlier run wrote down about a machine, "" where nothing.
type Record struct {
	MachineID     string
	HostKeySHA256 string
	HostKeyType   string // of the key with that fingerprint
	Address       string // where the machine answered, host:port
	// Digests of the configuration files as the last refresh saw them, by path;
	// nil when there was none.
	Digests map[string]string
}

// IsOther reports whether the machine that answered is not the recorded one. Two
// machine ids differ: it is another machine. The ids are equal: the machines may be
// clones, and it is another machine if another key was shown at another address; another
// key at the same address is a renewed one. An id is missing: the key decides.
func (rec Record) IsOther(machineID string, answered host.Identity) bool {
	switch {
	case rec.MachineID == "" || machineID == "":
		return rec.isOtherKey(answered)
	case rec.MachineID != machineID:
		return true
	}
	sameType := rec.HostKeyType == "" || answered.KeyType == "" || rec.HostKeyType == answered.KeyType
	return rec.isOtherKey(answered) && sameType && rec.Address != "" && rec.Address != answered.Address
}

// IsSame reports whether the machine that answered is proven to be the recorded one.
// Without proof neither IsOther nor IsSame holds.
func (rec Record) IsSame(machineID string, answered host.Identity) bool {
	return machineID != "" && rec.MachineID == machineID && !(rec.isOtherKey(answered) && rec.Address != answered.Address)
}

func (rec Record) isOtherKey(answered host.Identity) bool {
	return rec.HostKeySHA256 != "" && answered.HostKeySHA256 != "" && rec.HostKeySHA256 != answered.HostKeySHA256
}
