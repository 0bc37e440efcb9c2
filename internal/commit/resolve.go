package commit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// StateDir is where the default layout keeps what is needed to take changes back.
func StateDir() string { return Layout{}.withDefaults().State }

// ResolvePending ends what earlier changes left on m, as every change does before it begins: one
// that was not confirmed in time is taken back. A change whose time is not up, and one
// that is at work, is waited for as long as Request.LockWait says; then the error wraps
// ErrBusy.
func ResolvePending(ctx context.Context, m Machine) error {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24
	id := hex.EncodeToString(b[:])
	r := Request{ID: id, StageDir: StageDir(id), Activate: Activation{Kind: None}}
	r.Main = r.StageDir
	ctx, cancel := context.WithTimeout(ctx, perScript)
	defer cancel()
	stdout, stderr, exit, err := m.Run(ctx, "settle", r.settleProgram())
	if err != nil {
		return err
	}
	said, ok := readReport(stdout)
	switch {
	case !ok:
		return fmt.Errorf("the script ended with exit status %d and without an answer: %q", exit, stderr)
	case said.answer == "settled":
		return nil
	}
	said.stderr = stderr
	_, err = change{}.refused(said)
	return err
}

// settleProgram takes the lock, which settles, and gives it up.
func (r Request) settleProgram() string {
	return r.assignments() + stripComments(ownedText, machineText, pendingText, daemonText, rollbackText, beginText) +
		r.changes() + r.base() + r.included() + r.sshd() + function("undo", "true") +
		function("quiet", "answer settled") + mainText("", steps([]step{lock}), "quiet", "abandon") + "main\n"
}
