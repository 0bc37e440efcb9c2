package keepalive

// CheckServer says what is wrong with want that can be known without a host:
// unknown and repeated keywords, keywords that belong to a typed attribute,
// values that no release accepts, combinations that never do what they seem to.
func CheckServer(want Server) []Problem { return nil }

// PlanServer decides how want becomes effective on the host that have describes.
func PlanServer(want Server, have Facts) Plan { return Plan{} }

// ObserveServer says what the host makes of want.
func ObserveServer(want Server, have Facts) Observed { return Observed{} }

// RestoreServer decides how everything that we put on the host is taken back.
func RestoreServer(dropInName string, have Facts) Plan { return Plan{} }

// AdoptServer reads from the facts what the resource would have been declared
// as: our managed lines if there are any, else the effective keepalive family.
func AdoptServer(dropInName string, have Facts) Server { return Server{} }

// DeadPeerTimeout returns the seconds until an sshd of the given release drops a
// peer that answers nothing; ok is false when it never does.
func DeadPeerTimeout(interval, countMax int64, release string) (seconds int64, ok bool) {
	return 0, false
}
