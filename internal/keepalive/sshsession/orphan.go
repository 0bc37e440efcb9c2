package sshsession

import (
	"slices"
	"strings"
)

// Orphan is a process that a session left behind, and process 1 adopted.
type Orphan struct {
	PID     int
	Program string
	User    string
	Age     int64
	Session string // the number of the login that it came from, "" where that is not known
}

// Orphans returns the processes of login users that process 1 adopted, the oldest first,
// or why they are not known.
//
// A process is one if a session of logind still has it, whatever account it runs as: so
// root's are found too. Elsewhere it has to run as an account that people log in by, and
// not to be part of a service: a service unit says that process 1 started it, and the
// unit of sshd itself is none of those, because without logind a session stays in it.
// Where the kernel notes who logged in, as for the look itself, a process without such a
// note came from no login. What a user's own service manager started or adopted has that
// one for a parent, and is not listed.
func (f Facts) Orphans() (list []Orphan, why string) {
	if f.Hidden {
		return nil, "/proc shows this account only its own processes (hidepid)"
	}
	var units []string
	for _, p := range f.Processes {
		if _, unit := place(p.CGroup); unit != "" && p.isSSHD() && p.UID == 0 {
			units = append(units, unit)
		}
	}
	for _, p := range f.Processes {
		if f.isOrphan(p, units) {
			session, _ := place(p.CGroup)
			if session == "" && p.LoginID >= 0 && p.LoginID != Unset {
				session = decimal(p.LoginID)
			}
			list = append(list, Orphan{PID: p.PID, Program: p.Program, User: f.account(p.UID), Age: f.age(p.Start), Session: session})
		}
	}
	slices.SortStableFunc(list, func(a, b Orphan) int { return int(b.Age - a.Age) })
	return list, ""
}

func (f Facts) isOrphan(p Process, units []string) bool {
	if p.Parent != 1 || p.PID == 1 || p.UID < 0 || strings.ContainsAny(p.State, "ZX") || p.isSSHD() && p.UID == 0 {
		return false
	}
	session, unit := place(p.CGroup)
	switch {
	case session != "":
		return true
	case unit != "" && !slices.Contains(units, unit), !f.isLoginUser(p.UID):
		return false
	}
	return f.SelfLogin < 0 || f.SelfLogin == Unset || p.LoginUID != Unset
}

// isLoginUser reports whether people log in by an account. Directories give numbers above
// UID_MAX as well. From 61184 to 65535 are accounts that systemd makes up, and `nobody`.
func (f Facts) isLoginUser(uid int64) bool {
	return uid >= f.UIDMin && (uid < 61184 || uid > 65535) && uid != Unset
}

// LeftLogins returns the sessions of logind whose leader is gone, or why they are not
// known.
func (f Facts) LeftLogins() (list []Login, why string) {
	if f.NoLogins != "" {
		return nil, f.NoLogins
	}
	for _, l := range f.Logins {
		cgroup, there := f.Leaders[l.Leader]
		if another := l.Scope != "" && cgroup != "" && !strings.Contains(cgroup+"/", "/"+l.Scope+"/"); !there || another {
			list = append(list, l)
		}
	}
	return list, ""
}

// Since returns how long ago a session of logind began, in seconds.
func (f Facts) Since(l Login) int64 { return f.age(l.Since) }
