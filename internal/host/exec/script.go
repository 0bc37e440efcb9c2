// Package exec runs scripts on machines, over SSH, on this machine and in images, and
// becomes root for them.
//
// It must not know what the scripts do, nor who shares a connection.
package exec

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
)

// searchPath is set in every script: login files of strange accounts change it.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// The longest exec lines that we send: dropbear stops at 9000 bytes, Linux at
// 128 KiB for one argument, and that is what a login shell gets.
const (
	LineLimit        = 8 << 10
	lineLimitOpenSSH = 64 << 10
)

// program is a script made ready: a command that any login shell understands,
// and what goes to its standard input.
//
// Login files print whatever they like, so everything that we read back stands
// between markers with a nonce that cannot be known before.
type program struct {
	argv  []string
	stdin string
	marks marks
	// escalates says that sudo stands between the login shell and the script.
	escalates bool
	password  host.Secret // for sudo, written once when it prompts
}

// marks are the lines that frame what a script prints.
type marks struct {
	login  string // the login shell ran our command
	prompt string // sudo asks for the password
	ready  string // the shell that takes the script from standard input runs
	noRoot string // the script wanted root and has not got it
	begin  string
	end    string // behind the exit status on standard output
}

func newMarks() marks {
	nonce := make([]byte, 12)
	rand.Read(nonce) // never fails, crypto/rand says so
	n := hex.EncodeToString(nonce)
	return marks{login: "login-" + n, prompt: "prompt-" + n, ready: "ready-" + n, noRoot: "noroot-" + n, begin: "begin-" + n, end: "end-" + n}
}

// account is what we have on one machine, and how a script becomes root there.
type account struct {
	root     bool // the account is root already
	sudo     bool
	user     string // who to become instead of root
	password host.Secret
	line     int      // longest exec line
	inside   []string // what runs a command where the script belongs, if that is elsewhere
}

// enter is argv where the script belongs.
func (a account) enter(argv ...string) []string { return append(slices.Clip(a.inside), argv...) }

// prepare makes s ready. A single line goes on the exec line, which saves the
// round trip that opens the window for standard input; everything else goes to
// standard input, where a list of processes does not show it.
func prepare(s host.Script, a account) program {
	p := program{marks: newMarks()}
	p.escalates = s.Root && (a.sudo && !a.root || a.user != "")
	text := strings.Trim(s.Text, "\n")
	script := stdinScript(text, p.marks, s.Root && !a.root && !p.escalates)
	line := octal(script)
	inline := !strings.Contains(text, "\n") && len(line)+len(sudoScript) < a.line
	switch {
	case p.escalates && a.password != "":
		p.argv = a.sudoCommand(p.marks, "", a.enter(process.Shell, "-c", `echo "$1"; exec `+process.Shell+` -s`, "sh", p.marks.ready)...)
		p.stdin, p.password = script, a.password
	case p.escalates && inline:
		p.argv = a.sudoCommand(p.marks, line, a.enter(process.Shell, "-s")...)
	case p.escalates:
		p.argv, p.stdin = a.sudoCommand(p.marks, "", a.enter(process.Shell, "-s")...), script
	case inline:
		p.argv = a.enter(process.Shell, "-c", `eval "$(printf %b "$1")"`, "sh", line)
	default:
		p.argv, p.stdin = a.enter(process.Shell, "-s"), script
	}
	return p
}

// sudoScript runs the arguments from the sixth on as root. The echo before it
// tells a login shell that did not obey from a sudo that did not. Where there is
// no sudo, doas can serve, but only without a password: it reads one from a
// terminal alone.
//
// A script on the exec line goes to the root shell through a pipe, because sudo
// logs its arguments, and a log must not fill with every script of every plan.
const sudoScript = `PATH=$PATH:` + searchPath + `; LC_ALL=C; export PATH LC_ALL; ` +
	`echo "$1"; how=$2; prompt=$3; user=$4; script=$5; shift 5; ` +
	`feed() { if test -n "$script"; then printf %b "$script" | "$@"; else exec "$@"; fi; }; ` +
	`if command -v sudo >/dev/null; then feed sudo "$how" -p "$prompt" -u "$user" -- "$@"; ` +
	`elif command -v doas >/dev/null; then feed doas -n -u "$user" "$@"; ` +
	`else echo "neither sudo nor doas is installed" >&2; exit 127; fi`

func (a account) sudoCommand(m marks, script string, argv ...string) []string {
	how, user := "-n", a.user
	if a.password != "" {
		how = "-S"
	}
	if user == "" {
		user = "root"
	}
	return append([]string{process.Shell, "-c", sudoScript, "sh", m.login, how, m.prompt, user, script}, argv...)
}

const environment = `LC_ALL=C; PATH=` + searchPath + `; export LC_ALL PATH; umask 077; `

// rootCheck stops a script that wants root before it begins without it.
func rootCheck(m marks) string {
	return `if test "$(id -u)" -ne 0; then echo ` + m.noRoot + `; exit 77; fi; `
}

// octal is text for printf %b. Nothing in it needs more than plain single quotes
// in any login shell: tcsh takes no newline and treats ! as history, fish gives a
// backslash before a quote a meaning; such characters travel as numbers.
func octal(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'' || c == '\\' || c == '!' || c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\0%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// stdinScript is text as one function that the last line calls: sh runs what it
// has read so far when a connection is cut, and some shells write a here-document
// that lost its end. A function without its closing brace is only a syntax error.
//
// PIPE and HUP are ignored so that a script which has begun also ends: the first
// line that it prints after the connection is gone would kill it.
func stdinScript(text string, m marks, check bool) string {
	head := "trap '' HUP PIPE; " + environment + "\n"
	if check {
		head += rootCheck(m) + "\n"
	}
	return head + "main() {\n" +
		"echo " + m.begin + "; echo " + m.begin + " >&2\n" +
		"(\n" + text + "\n)\n" +
		"s=$?; echo; echo \"$s\" " + m.end + "; echo " + m.end + " >&2; exit \"$s\"\n" +
		"}\n" + mainCall
}

// mainCall is the last line of every script.
const mainCall = "main </dev/null\n"

// shellLine is argv for a login shell. exec leaves no shell behind whose logout
// files could print more.
func shellLine(argv []string) string {
	var b strings.Builder
	b.WriteString("exec")
	for _, arg := range argv {
		b.WriteByte(' ')
		b.WriteString(quote(arg))
	}
	return b.String()
}

// quote puts arg in single quotes unless it needs none.
func quote(arg string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
