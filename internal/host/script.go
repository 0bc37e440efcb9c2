package host

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
)

// searchPath is set in every script: login files of strange accounts change it.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// lineLimit is the longest exec line that we send; dropbear stops at 9000 bytes.
const lineLimit = 8 << 10

// program is a script made ready: a command that any login shell understands,
// and what goes to its standard input.
//
// Login files print whatever they like, so everything that we read back stands
// between markers with a nonce that nobody can know before.
type program struct {
	argv  []string
	stdin string
	marks marks
	// escalates says that sudo stands between the login shell and the script.
	escalates bool
	password  Secret // for sudo, written once when it prompts
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

// privilege is how a script becomes root on one machine.
type privilege struct {
	login    bool // the account is root already
	sudo     bool
	user     string
	password Secret
}

// prepare makes s ready. A single line goes on the exec line, which saves the
// round trip that opens the window for standard input; everything else goes to
// standard input, where nobody who lists processes can read it.
func prepare(s Script, p privilege) program {
	m := newMarks()
	out := program{marks: m}
	escalate := s.Root && (p.sudo && !p.login || p.user != "")
	check := s.Root && !escalate && !p.login
	line, fits := execLine(s.Text, m, check)
	switch {
	case escalate && p.password != "":
		out.argv = []string{"sh", "-c", `echo "$1"; exec sh -s`, "sh", m.ready}
		out.stdin, out.password = stdinScript(s.Text, m, check), p.password
	case fits:
		out.argv = line
	default:
		out.argv, out.stdin = []string{"sh", "-s"}, stdinScript(s.Text, m, check)
	}
	if escalate {
		out.escalates, out.argv = true, withSudo(out.argv, p, m)
	}
	return out
}

// withSudo runs argv as root. The echo before it tells a login shell that did
// not obey from a sudo that did not. Where there is no sudo, doas can serve, but
// only without a password: it reads one from a terminal alone.
func withSudo(argv []string, p privilege, m marks) []string {
	sudo, doas := "sudo -n", "doas -n"
	if p.password != "" {
		sudo = `sudo -S -p "$prompt"`
	}
	become := `user=$3; `
	if p.user == "" {
		become = ""
	} else {
		sudo, doas = sudo+` -u "$user"`, doas+` -u "$user"`
	}
	shell := `PATH=$PATH:` + searchPath + `; LC_ALL=C; export PATH LC_ALL; prompt=$2; ` + become + `echo "$1"; shift 3; ` +
		`if command -v sudo >/dev/null; then exec ` + sudo + ` -- "$@"; ` +
		`elif command -v doas >/dev/null; then exec ` + doas + ` "$@"; ` +
		`else echo "neither sudo nor doas is installed" >&2; exit 127; fi`
	return append([]string{"sh", "-c", shell, "sh", m.login, m.prompt, p.user}, argv...)
}

const environment = `LC_ALL=C; PATH=` + searchPath + `; export LC_ALL PATH; umask 077; `

// rootCheck stops a script that wants root before it begins without it.
func rootCheck(m marks) string {
	return `if test "$(id -u)" -ne 0; then echo ` + m.noRoot + `; exit 77; fi; `
}

// execLine is the command for a script of one line; fits is false when it has
// more lines or is too long.
//
// Nothing in it needs more than plain single quotes in any login shell: tcsh
// takes no newline and treats ! as history, fish gives a backslash a meaning, so
// such characters travel as octal numbers and sh puts them back.
func execLine(text string, m marks, check bool) (argv []string, fits bool) {
	text = strings.Trim(text, "\n")
	if strings.Contains(text, "\n") {
		return nil, false
	}
	encoded := octal(text)
	run := environment
	if check {
		run += rootCheck(m)
	}
	run += fmt.Sprintf(`echo %[1]s; echo %[1]s >&2; (eval "$(printf %%b "$1")") </dev/null; s=$?; echo; echo "$s" %[2]s; echo %[2]s >&2; exit "$s"`, m.begin, m.end)
	return []string{"sh", "-c", run, "sh", encoded}, len(run)+len(encoded) < lineLimit
}

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
		"}\n" +
		"main </dev/null\n"
}

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
