package commit

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The shell functions, in fragments. A program is fragments, the request's data
// and a main that names the steps.
var (
	//go:embed machine.sh
	machineText string
	//go:embed pending.sh
	pendingText string
	//go:embed daemon.sh
	daemonText string
	//go:embed begin.sh
	beginText string
	//go:embed rollback.sh
	rollbackText string
	//go:embed disarm.sh
	disarmText string
)

// program returns the script of a phase. Only its last line runs anything, so a script
// that arrives in part does nothing.
func (p protocol) program(r Request, ph phase) string {
	//exhaustive:enforce
	switch ph {
	case begin:
		return p.beginProgram(r)
	case rollback:
		return p.rollbackProgram(r) + "main now\n"
	case finish:
		return r.assignments() + stripComments(ownedText, machineText, pendingText, disarmText) + r.changes() +
			mainText("", steps(p.finish), "confirmed", "not_disarmed") + "main\n"
	}
	panic("unknown phase " + string(ph))
}

func (p protocol) beginProgram(r Request) string {
	onDisk := p.rollbackProgram(r) + "main \"$1\"\n"
	return r.assignments() + stripComments(ownedText, machineText, pendingText, daemonText, rollbackText, beginText) +
		r.changes() + r.base() + r.included() + r.stage() + r.newTexts() + r.validation() + r.commands() +
		"ROLLBACK=" + digest([]byte(onDisk)) + "\n" + function("rollback_text", PrintCommand([]byte(onDisk))) +
		function("undo", steps(p.undo)) +
		mainText("", steps(p.begin), "live", "give_up") + "main\n"
}

// rollbackProgram returns the script that the watchdog runs, and that a client or a
// later change runs to roll back.
func (p protocol) rollbackProgram(r Request) string {
	return r.assignments() + stripComments(ownedText, machineText, pendingText, daemonText, rollbackText) +
		r.changes() + r.sshd() + r.commands() +
		function("undo", steps(p.undo)) +
		mainText("MODE=$1\n", steps(p.acquire)+" && undo", "rolled_back", "not_rolled_back")
}

func mainText(before, steps, good, bad string) string {
	return function("main", "trap '' HUP PIPE\n"+before+"if "+steps+"; then "+good+"; else "+bad+"; fi")
}

func steps(list []step) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = "step " + string(s)
	}
	return strings.Join(words, " && ")
}

func function(name, body string) string { return name + "() {\n" + body + "\n}\n" }

// stripComments joins fragments without their comments: they are sent with every change.
func stripComments(fragments ...string) string {
	var b strings.Builder
	for _, f := range fragments {
		for line := range strings.Lines(f) {
			if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
				b.WriteString(strings.TrimLeft(line, "\t"))
			}
		}
	}
	return b.String()
}

// assignments returns the variables of the request. Nothing is taken from the environment.
func (r Request) assignments() string {
	l := r.Layout.withDefaults()
	window, watched := r.ConfirmTimeout, "1"
	if window == 0 {
		window, watched = unwatched, ""
	}
	wait := r.lockWait
	if wait == 0 {
		wait = 30 * time.Second
	}
	var b strings.Builder
	set := func(name, value string) { b.WriteString(name + "=" + quote(value) + "\n") }
	set("PATH", l.Path)
	set("LC_ALL", "C")
	b.WriteString("export PATH LC_ALL\numask 077\n")
	set("ID", r.ID)
	set("RUN", l.Run)
	set("STATE", l.State)
	set("S", l.State+"/"+r.ID)
	set("ETC", l.Etc)
	set("STAGE", r.StageDir)
	set("MAIN", r.Main)
	set("LIVE", strings.TrimPrefix(r.Main, r.StageDir))
	set("SSHD", r.SSHD)
	set("KIND", string(r.Activate.Kind))
	set("UNIT", r.Activate.Unit)
	set("PID", strconv.Itoa(r.Activate.PID))
	set("PIDFILE", r.Activate.PIDFile)
	set("KEYLESS", map[bool]string{true: "1"}[r.Keyless])
	set("FOREIGN", map[bool]string{true: "1"}[r.Foreign])
	set("TIMEOUT", seconds(window))
	set("WATCHED", watched)
	set("PATIENCE", seconds(wait))
	// Variables that the steps set; empty, so that the environment cannot set them.
	for name := range strings.FieldsSeq("STEP STUCK ERR SAID SAYS LOCKED HOPELESS BUSY HELD HOLDER RECORD HOW WHICH WHOSE " +
		"WAY EXPOSED TAKEN LINK RESUMED RESOLVE RESTORED WATCHDOG ATBOOT PROOF BEFORE AFTER LEFT SPEC MODE tries") {
		set(name, "")
	}
	b.WriteString("BOOT=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime 2>/dev/null | tr -d ' ')\n")
	// The words of a lock are counted: none may be empty.
	b.WriteString("BOOT=${BOOT:-unknown}\n")
	return b.String()
}

func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}

// changes returns a shell function that calls its argument with N PATH OLD NEW for
// each file, where OLD and NEW are digests.
func (r Request) changes() string {
	var calls []string
	for i, c := range r.Changes {
		calls = append(calls, fmt.Sprintf(`"$1" %d %s %s %s`, i+1, quote(c.Path), digest(c.Old), digest(c.New)))
	}
	for i, e := range r.Edits {
		calls = append(calls, fmt.Sprintf(`"$1" %d %s %s %s`, len(r.Changes)+i+1, quote(e.Path), e.Old, e.New))
	}
	return function("each_change", all(calls))
}

func (r Request) base() string {
	changed := make(map[string]bool)
	for _, c := range r.Changes {
		changed[c.Path] = true
	}
	var calls []string
	for _, p := range slices.Sorted(maps.Keys(r.Base)) {
		if !changed[p] {
			calls = append(calls, `"$1" `+quote(p)+" "+digest(r.Base[p]))
		}
	}
	return function("each_base", all(calls))
}

// included returns two shell functions: one succeeds for the files that the change was
// decided on, the other calls its argument with each pattern of an Include.
func (r Request) included() string {
	paths := maps.Clone(r.Base)
	if paths == nil {
		paths = map[string][]byte{}
	}
	for _, c := range r.Changes {
		paths[c.Path] = nil
	}
	for _, e := range r.Edits {
		paths[e.Path] = nil
	}
	body := "return 1"
	if len(paths) > 0 {
		var names []string
		for _, p := range slices.Sorted(maps.Keys(paths)) {
			names = append(names, quote(p))
		}
		body = "case $1 in\n" + strings.Join(names, "|") + ") ;;\n*) return 1 ;;\nesac"
	}
	var calls []string
	for _, pattern := range r.Includes {
		calls = append(calls, `"$1" `+quote(pattern))
	}
	return function("known", body) + function("each_include", all(calls))
}

func (r Request) stage() string {
	var b strings.Builder
	var calls []string
	for i, f := range r.Staged {
		name := "staged_" + strconv.Itoa(i+1)
		b.WriteString(function(name, PrintCommand(f.Data)))
		calls = append(calls, `"$1" `+quote(f.Path)+" "+name)
	}
	return b.String() + function("each_staged", all(calls))
}

func (r Request) newTexts() string {
	var b strings.Builder
	for i, c := range r.Changes {
		if c.New != nil {
			b.WriteString(function("new_"+strconv.Itoa(i+1), PrintCommand(c.New)))
		}
	}
	for i, e := range r.Edits {
		b.WriteString(function("new_"+strconv.Itoa(len(r.Changes)+i+1), e.PrintCommand("$file")))
	}
	return b.String()
}

// PrintCommand returns shell commands that print the new text, using pieces of the old
// one from file, a shell word. head feeds tail, which reads everything: a tail that fed
// a head would fail with a broken pipe.
func (e Edit) PrintCommand(file string) string {
	calls := []string{"true"}
	for _, p := range e.Pieces {
		if p.Text != "" {
			calls = append(calls, PrintCommand([]byte(p.Text)))
		} else if p.To > p.From {
			calls = append(calls, fmt.Sprintf(`head -c %d "%s" | tail -c %d`, p.To, file, p.To-p.From))
		}
	}
	return all(calls)
}

// sshd returns a shell function that runs sshd with its arguments, followed by the
// daemon's own options.
func (r Request) sshd() string {
	words := []string{`"$SSHD" "$@"`}
	for _, o := range r.Options {
		words = append(words, quote(o))
	}
	return function("sshd_with", strings.Join(words, " "))
}

// commands returns the shell functions of Commands.
func (r Request) commands() string {
	if r.Activate.Kind != Commands {
		return ""
	}
	return function("load", r.Activate.Load) + function("unload", r.Activate.Unload)
}

// validation returns a shell function that makes one dump per context and looks for
// the expected lines.
func (r Request) validation() string {
	var calls []string
	specs := make(map[string][]Check)
	var order []string
	for _, c := range r.Checks {
		if specs[c.Spec] == nil {
			order = append(order, c.Spec)
		}
		specs[c.Spec] = append(specs[c.Spec], c)
	}
	for _, s := range order {
		calls = append(calls, "dump "+quote(s))
		for _, c := range specs[s] {
			calls = append(calls, fmt.Sprintf("holds %s %s %s", quote(c.Keyword),
				quote(anyCase(c.Keyword)), quote(strings.Join(c.Values, "\n"))))
		}
	}
	return r.sshd() + function("checks", all(calls))
}

// anyCase returns a basic regular expression for a keyword in any case.
func anyCase(keyword string) string {
	var b strings.Builder
	for _, c := range keyword {
		if lower, upper := strings.ToLower(string(c)), strings.ToUpper(string(c)); lower != upper {
			b.WriteString("[" + lower + upper + "]")
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func all(calls []string) string {
	if len(calls) == 0 {
		return "true"
	}
	return strings.Join(calls, " &&\n")
}

// digest returns what the script's digest function prints.
func digest(text []byte) string {
	if text == nil {
		return "-"
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// PrintCommand returns shell commands that print data, byte for byte, in any shell and
// locale: a here-document loses NUL and depends on the shell for bytes above 0x7f, and
// base64 has two spellings of its option. mksh has no builtin printf, and no
// argument of a program may be longer than 128 KiB; hence the pieces.
func PrintCommand(data []byte) string {
	if len(data) == 0 {
		return "true"
	}
	var pieces []string
	for piece := range slices.Chunk(data, 16<<10) {
		var b bytes.Buffer
		for i, c := range piece {
			switch {
			case c == '%' || c == '\\':
				b.WriteByte(c)
				b.WriteByte(c)
			case c == '\n', ' ' <= c && c <= '~' && c != '\'' && (c != '-' || i > 0):
				b.WriteByte(c)
			default:
				fmt.Fprintf(&b, `\%03o`, c)
			}
		}
		pieces = append(pieces, "printf '"+b.String()+"'")
	}
	return strings.Join(pieces, " &&\n")
}
