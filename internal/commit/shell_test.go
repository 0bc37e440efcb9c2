package commit

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// shells are what /bin/sh is on different systems.
var shells = [][]string{{"sh"}, {"dash"}, {"bash", "--posix"}, {"bash"}, {"busybox", "ash"}, {"mksh"}}

// needProgram skips the test, or fails it with REQUIRE_SHELLS=1, if a program is missing.
func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("REQUIRE_SHELLS") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func each(t *testing.T, f func(t *testing.T, shell []string)) {
	for _, shell := range shells {
		t.Run(strings.Join(shell, " "), func(t *testing.T) {
			needProgram(t, shell[0])
			f(t, shell)
		})
	}
}

// TestShells runs a change, its rollback and its conflict in every shell.
func TestShells(t *testing.T) {
	each(t, func(t *testing.T, shell []string) {
		b := newBox(t)
		b.shell = shell
		b.start()
		tree := b.tree()
		if got, err := Run(t.Context(), b, b.several("a1"), refuse); got != RolledBack || b.tree() != tree {
			t.Errorf("%s, %v", got, err)
		}
		b.applies(b.several("a2"))
		b.refuses(b.request("a3", "ClientAliveInterval 7\n"), "compare", "by another process since")
	})
}

// variants of requests, whose scripts differ.
func variants(b *box) []Request {
	bare := b.request("v1", "")
	bare.Changes, bare.Base, bare.Checks, bare.Staged, bare.SSHD = nil, nil, nil, nil, ""
	var all []Request
	for _, k := range []Kind{Systemd, Socket, OpenRC, RCD, Signal, Commands, None} {
		r := b.several("v2")
		r.Activate = Activation{Kind: k, Unit: "ssh.service", PID: 17, Load: "true\n", Unload: "true\n"}
		r.Options = []string{"-o", "PidFile=it's here", "-p22"}
		unwatched := r
		unwatched.ConfirmTimeout = 0
		unwatched.Edits = []Edit{{Path: "/it's", Old: sumOf(""), New: sumOf(""), Pieces: []Piece{{To: 3}, {Text: "it's\n"}, {From: 4, To: 9}}}}
		all = append(all, r, unwatched)
	}
	return append(all, bare)
}

func TestSyntax(t *testing.T) {
	b := newBox(t)
	each(t, func(t *testing.T, shell []string) {
		for _, r := range variants(b) {
			for _, ph := range []phase{begin, finish, rollback} {
				cmd := exec.Command(shell[0], append(shell[1:], "-n")...)
				cmd.Stdin = strings.NewReader(standardProtocol.program(r, ph))
				if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
					t.Errorf("%s by %s: %v: %s", ph, r.Activate.Kind, err, out)
				}
			}
		}
	})
}

// TestShellcheck sees the fragments with their comments, which say what is meant.
func TestShellcheck(t *testing.T) {
	needProgram(t, "shellcheck")
	r := newBox(t).several("a1")
	text := "#!/bin/sh\n" + r.assignments() + ownedText + machineText + pendingText + daemonText + rollbackText + beginText + disarmText +
		r.changes() + r.base() + r.included() + r.stage() + r.newTexts() + r.validation() +
		"ROLLBACK=\n" + function("rollback_text", "true") + function("undo", steps(standardProtocol.undo)) +
		mainText("MODE=$1\n", steps(standardProtocol.begin)+" && "+steps(standardProtocol.acquire)+" && "+steps(standardProtocol.finish),
			"live; confirmed; rolled_back", "give_up; not_disarmed; not_rolled_back") + "main \"$1\"\n"
	cmd := exec.Command("shellcheck", "-s", "sh", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
}

// TestCutProgram: a program that arrives in part does nothing.
func TestCutProgram(t *testing.T) {
	b := newBox(t)
	b.start()
	before := b.tree()
	program := standardProtocol.program(b.several("a1"), begin)
	for n := range 40 {
		cut := program[:len(program)*n/40]
		_, _, _, _ = b.Run(t.Context(), "cut", cut)
	}
	_, _, _, _ = b.Run(t.Context(), "cut", strings.TrimSuffix(program, "main\n"))
	if b.tree() != before {
		t.Errorf("changed:\n%s", b.tree())
	}
	b.noTraces()
}

// FuzzOctal: what a program prints is what it was given, byte for byte, in every
// shell, with or without a builtin printf.
func FuzzOctal(f *testing.F) {
	f.Add([]byte("Port 22\r\n# %s %% \\n \\\\ '\"$`!\t\xff\xc3\xa4-"))
	f.Add([]byte("-n"))
	f.Add([]byte{})
	f.Add([]byte("\n\n"))
	f.Add(bytes.Repeat([]byte{'\\', '%', '\'', 0x80, 0x81, 0x88, '0', '7'}, 9000))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.ReplaceAll(data, []byte{0}, nil)
		for _, shell := range shells {
			if _, err := exec.LookPath(shell[0]); err != nil {
				if os.Getenv("REQUIRE_SHELLS") == "1" {
					t.Fatal(err)
				}
				continue
			}
			cmd := exec.Command(shell[0], shell[1:]...)
			cmd.Env = append(os.Environ(), "LC_ALL=C")
			cmd.Stdin = strings.NewReader(PrintCommand(data) + "\n")
			got, err := cmd.Output()
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%v: %v: %q became %q", shell, err, data, got)
			}
		}
	})
}

// FuzzQuote: a quoted word is one word and itself.
func FuzzQuote(f *testing.F) {
	f.Add("it's $HOME `id` \\ \" *")
	f.Fuzz(func(t *testing.T, word string) {
		if control(word) {
			return
		}
		got, err := exec.Command("sh", "-c", "printf %s "+quote(word)).Output()
		if err != nil || string(got) != word {
			t.Errorf("%q became %q, %v", word, got, err)
		}
	})
}

// TestCost prints what a change costs.
func TestCost(t *testing.T) {
	b := newBox(t)
	b.start()
	r := b.several("a1")
	start := time.Now()
	b.applies(r)
	t.Logf("%d scripts (%s) of %d and %d bytes, %s", len(b.runs), strings.Join(b.runs, ", "),
		len(standardProtocol.program(r, begin)), len(standardProtocol.program(r, finish)), time.Since(start).Round(time.Millisecond))
	if len(b.runs) != 2 {
		t.Errorf("%d scripts, want 2", len(b.runs))
	}
}
