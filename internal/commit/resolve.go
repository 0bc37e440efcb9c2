package commit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// StateDir returns the directory in which the default layout keeps what a rollback needs.
func StateDir() string { return Layout{}.withDefaults().State }

// NewID returns a name for a change that no other change has.
func NewID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// ResolvePending ends what earlier changes left on m, as every change does before it
// begins: a change that was not confirmed in time is rolled back. For a change whose time
// is not up, or that is running, it waits 30 s; then the error wraps ErrBusy.
func ResolvePending(ctx context.Context, m Machine) error {
	id := NewID()
	r := Request{ID: id, StageDir: StageDir(id), Activate: Activation{Kind: None}}
	r.Main = r.StageDir
	ctx, cancel := context.WithTimeout(ctx, perScript)
	defer cancel()
	stdout, stderr, exit, err := m.Run(ctx, "resolve", r.resolveProgram())
	if err != nil {
		return err
	}
	said, ok := readReport(stdout)
	switch {
	case !ok:
		return fmt.Errorf("the script ended with exit status %d and without an answer: %q", exit, stderr)
	case said.answer == "resolved":
		return nil
	}
	said.stderr = stderr
	_, err = change{}.refused(said)
	return err
}

// resolveProgram returns a script that takes the lock, which resolves pending changes,
// and releases it.
func (r Request) resolveProgram() string {
	return r.assignments() + stripComments(ownedText, machineText, pendingText, daemonText, rollbackText, beginText) +
		r.changes() + r.base() + r.included() + r.sshd() + function("undo", "true") +
		function("resolved", "answer resolved") + mainText("", steps([]step{lock}), "resolved", "give_up") + "main\n"
}
