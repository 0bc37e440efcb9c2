package commit

import (
	"strings"
	"testing"
)

// TestCommands: the commands of a request run after the swap and again, the other way, in
// every rollback: without a confirmation, when they fail, and at boot.
func TestCommands(t *testing.T) {
	b := newBox(t)
	value := b.path("run/value")
	commands := func(id, text string) Request {
		r := b.request(id, text)
		r.Staged, r.Checks, r.SSHD, r.Base, r.Includes = nil, nil, "", nil, nil
		r.Activate = Activation{Kind: Commands, Load: "cp " + quote(b.path(dropIn)) + " " + quote(value) + "\n", Unload: "echo old >" + quote(value) + "\n"}
		return r
	}
	b.write("run/value", "old\n")
	if got, err := Run(t.Context(), b, commands("c1", "new\n"), refuse); got != RolledBack || b.read("run/value") != "old\n" {
		t.Errorf("not confirmed: %s, %v, %q", got, err, b.read("run/value"))
	}
	failing := commands("c2", "new\n")
	failing.Activate.Load += "echo no >&2; false\n"
	if got, err := Run(t.Context(), b, failing, accept); got != RolledBack || err == nil || !strings.Contains(err.Error(), "no") || b.read("run/value") != "old\n" {
		t.Errorf("not loaded: %s, %v, %q", got, err, b.read("run/value"))
	}
	b.noTraces()
	if got, err := Run(t.Context(), b, commands("c3", "new\n"), accept); got != Applied || err != nil || b.read("run/value") != "new\n" {
		t.Errorf("confirmed: %s, %v, %q", got, err, b.read("run/value"))
	}
	again := commands("c4", "newer\n")
	again.Changes[0].Old = []byte("new\n")
	b.begins(again)
	if _, said, exit, err := b.Run(t.Context(), "boot", standardProtocol.rollbackProgram(again)+"main boot\n"); exit != 0 || err != nil || b.read("run/value") != "old\n" || b.read(dropIn) != "new\n" {
		t.Errorf("at boot: %d, %v, %q: %s", exit, err, b.read("run/value"), said)
	}
	b.noTraces()
	r := commands("c5", "newer\n")
	r.Changes = nil
	if got, err := Run(t.Context(), b, r, accept); got != Applied || err != nil || b.read("run/value") != "new\n" {
		t.Errorf("no file changes: %s, %v, %q", got, err, b.read("run/value"))
	}
	r.Activate.Unload = ""
	if got, err := Run(t.Context(), b, r, accept); got != Unchanged || err == nil {
		t.Errorf("no commands: %s, %v", got, err)
	}
}
