package sshclient

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// ssh binds a name with a dot and 16 random characters behind the path, then
// links it: a path that fits is not enough. Measured on 9.2: 96 bytes pass
// ssh -O check and fail to bind, and the command is not run.
const (
	bindSuffix  = 17
	linuxSocket = 108 // sizeof sun_path, its NUL included; 104 on BSD and macOS
	hashLength  = 40  // of %C
	nameRoom    = 32  // bytes for what a host or user name may need
)

// socketRoom is the longest path that works where a socket's name may have size
// bytes.
func socketRoom(size int) int { return size - 1 - bindSuffix }

// socketTokens finds the tokens in a control path that differ from connection to
// connection, and the length of the rest.
func socketTokens(p string) (tokens string, fixed int) {
	for i := 0; i < len(p); i++ {
		if p[i] != '%' || i+1 == len(p) {
			fixed++
			continue
		}
		i++
		switch p[i] {
		case '%':
			fixed++
		case 'C':
			tokens, fixed = tokens+"C", fixed+hashLength
		default:
			tokens += string(p[i])
		}
	}
	return tokens, fixed
}

// checkSocketText judges control_path as it is written.
func checkSocketText(s keepalive.Setting, l sshconf.Line) []keepalive.Problem {
	var problems []keepalive.Problem
	say := func(code keepalive.Code, warning bool, format string, args ...any) {
		problems = append(problems, keepalive.Problem{Code: code, Warning: warning, Attribute: s.Attribute, Text: fmt.Sprintf(format, args...)})
	}
	if len(l.Args) != 1 {
		say(keepalive.BadValue, false, "%q is %d arguments: put a path with blanks into double quotes", l.Rest, len(l.Args))
		return problems
	}
	p := l.Args[0]
	if p == "none" {
		return nil
	}
	_, fixed := socketTokens(p)
	if room := socketRoom(linuxSocket); fixed > room {
		say(SocketTooLong, false, "the path of the control socket has at least %d bytes, and ssh can bind at most %d", fixed, room)
	}
	return problems
}

// checkSockets judges the paths that the host's ssh makes of control_path.
func checkSockets(want Want, have Facts) []keepalive.Problem {
	s, ok := settingOf(want, "ControlPath")
	if !ok {
		return nil
	}
	var problems []keepalive.Problem
	room := socketRoom(have.SocketName)
	for _, p := range socketPaths(have) {
		if len(p) > room {
			problems = append(problems, keepalive.Problem{Code: SocketTooLong, Attribute: s.Attribute,
				Text: fmt.Sprintf("the control socket %s has %d bytes, and ssh can bind at most %d here (it adds %d)", p, len(p), room, bindSuffix)})
			continue
		}
		problems = append(problems, checkSocketDir(s, path.Dir(p), have)...)
	}
	return keepalive.UniqueProblems(problems)
}

// checkSocketDir judges a directory that is there.
func checkSocketDir(s keepalive.Setting, dir string, have Facts) []keepalive.Problem {
	at, ok := have.Stats[dir]
	if !ok || at.Mode&0o022 == 0 && (at.UID == have.UID || at.UID == 0) {
		return nil
	}
	if at.Mode&0o1000 != 0 {
		return []keepalive.Problem{{Code: SocketDir, Warning: true, Attribute: s.Attribute,
			Text: fmt.Sprintf("%s is open to other users of the host, who may take the socket's name first", dir)}}
	}
	return []keepalive.Problem{{Code: SocketDir, Attribute: s.Attribute,
		Text: fmt.Sprintf("%s belongs to user %d and has mode %04o: other users could replace the control socket and take over connections", dir, at.UID, at.Mode)}}
}

func settingOf(want Want, keyword string) (keepalive.Setting, bool) {
	for _, s := range want.Settings {
		if strings.EqualFold(s.Keyword, keyword) && len(s.Values) > 0 {
			return s, true
		}
	}
	return keepalive.Setting{}, false
}

// keywordGroup is the keepalive and multiplexing settings that will be in force for
// one probe, as ssh -G prints them.
type keywordGroup struct {
	want Want
	have Facts
	i    int
}

func (m keywordGroup) value(keyword string) string {
	dumps := m.have.Effective
	if _, wanted := settingOf(m.want, keyword); wanted {
		dumps = m.have.Canonical
	}
	return strings.Join(m.have.dumped(dumps, m.i, keyword), " ")
}

// number is -1 where the value is not a number.
func (m keywordGroup) number(keyword string) int64 {
	n, err := strconv.ParseInt(m.value(keyword), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Warnings explains combinations that are legal and seldom meant.
func Warnings(want Want, have Facts) []keepalive.Problem {
	var problems []keepalive.Problem
	for i := range have.Contexts {
		m := keywordGroup{want, have, i}
		problems = append(problems, m.alive()...)
		problems = append(problems, m.master()...)
	}
	return keepalive.UniqueProblems(problems)
}

func (m keywordGroup) warn(code keepalive.Code, keyword, format string, args ...any) []keepalive.Problem {
	s, wanted := settingOf(m.want, keyword)
	if !wanted {
		return nil
	}
	return []keepalive.Problem{{Code: code, Warning: true, Attribute: s.Attribute, Text: fmt.Sprintf(format, args...)}}
}

func (m keywordGroup) alive() []keepalive.Problem {
	var problems []keepalive.Problem
	interval, count := m.number("ServerAliveInterval"), m.number("ServerAliveCountMax")
	if count == 0 && interval != 0 {
		problems = append(problems, m.warn(ClosesHealthy, "ServerAliveCountMax",
			"ServerAliveCountMax 0 makes ssh drop a healthy connection after one silent interval, in every release")...)
	}
	if interval == 0 {
		problems = append(problems, m.warn(CountAlone, "ServerAliveCountMax", "ServerAliveCountMax has no effect while ServerAliveInterval is 0")...)
	}
	if late := keepalive.IdleLimitText(interval, m.want.IdleLimit); late != "" {
		problems = append(problems, m.warn(AsksTooLate, "ServerAliveInterval", "%s", late)...)
	}
	return problems
}

func (m keywordGroup) master() []keepalive.Problem {
	var problems []keepalive.Problem
	master := m.value("ControlMaster")
	if master == "false" || master == "no" {
		return nil
	}
	if m.value("ControlPath") == "" {
		problems = append(problems, m.warn(NoControlPath, "ControlMaster", "ControlMaster has no effect without ControlPath")...)
	}
	if master == "true" || master == "yes" {
		problems = append(problems, m.warn(MasterStuck, "ControlMaster",
			"with ControlMaster yes, a socket that a killed master left behind turns multiplexing off until the socket is removed; auto replaces it")...)
	}
	if m.value("ControlPersist") == "yes" {
		problems = append(problems, m.warn(MastersNeverEnd, "ControlPersist", "ControlPersist without a time never ends masters, nor the agents forwarded to them")...)
	}
	if m.number("ServerAliveInterval") == 0 {
		problems = append(problems, m.warn(MasterUnwatched, "ControlMaster",
			"without ServerAliveInterval a master whose connection has died is not noticed, and every session through it hangs")...)
	}
	return append(problems, m.socket()...)
}

// socket judges which connections share a socket, and how long its name may get.
func (m keywordGroup) socket() []keepalive.Problem {
	s, wanted := settingOf(m.want, "ControlPath")
	if !wanted || s.Values[0] == "none" {
		return nil
	}
	tokens, fixed := socketTokens(tilde(strings.Trim(s.Values[0], `"`), m.have.Home))
	room := socketRoom(m.have.SocketName) - fixed
	switch {
	case strings.Contains(tokens, "C"):
		return nil
	case !strings.ContainsAny(tokens, "hnk") && !m.want.single():
		return m.warn(SocketShared, "ControlPath", "nothing in the control path tells hosts apart, so a session to one may run on another: use %%C")
	case tokens != "" && room < nameRoom:
		return m.warn(SocketTight, "ControlPath", "only %d bytes are left for what %%%s stand for: use %%C, which always has %d", room, strings.Join(strings.Split(tokens, ""), " %"), hashLength)
	}
	return nil
}

// single reports whether the block is for one host.
func (c Want) single() bool {
	return len(c.Patterns) == 1 && !strings.ContainsAny(c.Patterns[0], "*?!")
}
