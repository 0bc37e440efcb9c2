package keepalive

// Daemon is what was observed of the running sshd.
type Daemon struct {
	PID        int      // 0: none listens
	ConfigFile string   // -f of the running daemon, else what its program reads without
	Options    []string // on its command line, which win over files: "-o Banner none", "-p 22", "-4"
	// PerConnection says that an sshd is started for each connection, and reads the
	// files then.
	PerConnection bool
	// Absent says that no running sshd reads ConfigFile, which the user named.
	Absent bool
	// Stale says that files are newer than what the daemon has loaded. Clockless is
	// a daemon without a pid file of its own, which tells only when it was started;
	// Untold says that files are newer than that.
	Stale, Clockless, Untold bool
}

// NoReader is a file that no daemon reads, so that nothing in it has an effect yet.
const NoReader Code = "no reader"

// noReader warns of a config_file that no running sshd reads.
func noReader(have Facts) []Problem {
	if !have.Daemon.Absent {
		return nil
	}
	return []Problem{{Code: NoReader, Warning: true, Attribute: "config_file", Text: "no running sshd reads " + have.Daemon.ConfigFile}}
}
