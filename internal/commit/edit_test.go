package commit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func accept(context.Context, Pending) error { return nil }

// edited changes a file of which the request has digests and places only.
func (b *box) edited(id, old, text string, pieces ...Piece) Request {
	r := b.inPlace(id)
	r.Changes, r.Staged, r.Checks, r.SSHD, r.Base, r.Includes = nil, nil, nil, "", nil, nil
	r.Activate = Activation{Kind: None}
	r.Edits = []Edit{{Path: b.path("etc/app.env"), Old: sumOf(old), New: sumOf(text), Pieces: pieces}}
	return r
}

func TestEdit(t *testing.T) {
	b := newBox(t)
	const old, text = "A=hunter2\r\nB='x'\nC=\xff\x00%s\\", "A=hunter2\r\n# was: B='x'\nB=%d\\n\nC=\xff\x00%s\\"
	b.write("etc/app.env", old)
	must(t, os.Chmod(b.path("etc/app.env"), 0o640))
	r := b.edited("e1", old, text, Piece{To: 11}, Piece{Text: "# was: "}, Piece{From: 11, To: 17}, Piece{Text: "B=%d\\n\n"}, Piece{From: 17, To: len(old)})
	for _, ph := range []phase{begin, rollback, finish} {
		if program := standardProtocol.program(r, ph); strings.Contains(program, "hunter2") {
			t.Errorf("%s knows the secret", ph)
		}
	}
	if got, err := Run(t.Context(), b, r, refuse); got != RolledBack || b.read("etc/app.env") != old {
		t.Fatalf("%s, %v: %q", got, err, b.read("etc/app.env"))
	}
	b.noTraces()
	r.ID = "e2"
	if got, err := Run(t.Context(), b, r, accept); got != Applied || err != nil || b.read("etc/app.env") != text {
		t.Fatalf("%s, %v: %q", got, err, b.read("etc/app.env"))
	}
	info, err := os.Stat(b.path("etc/app.env"))
	if err != nil || info.Mode() != 0o640 {
		t.Errorf("%v %v", info, err)
	}
	b.noTraces()
}

// TestEditConflicts: a file that is not as it was planned is left alone, as is one
// that would not become what was foretold.
func TestEditConflicts(t *testing.T) {
	for name, x := range map[string]struct{ before, says string }{
		"changed":  {"A=2\n", "was changed by another process since"},
		"shorter":  {"A=", "was changed by another process since"},
		"foretold": {"A=1\n", "could not be written"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.write("etc/app.env", x.before)
			r := b.edited("e1", "A=1\n", "A=3\n", Piece{Text: "A=4\n"})
			got, err := Run(t.Context(), b, r, accept)
			if got != Unchanged || err == nil || !strings.Contains(err.Error(), x.says) || b.read("etc/app.env") != x.before {
				t.Errorf("%s, %v", got, err)
			}
			b.noTraces()
		})
	}
}

func TestBadEdits(t *testing.T) {
	b := newBox(t)
	for says, spoil := range map[string]func(r *Request){
		"without both digests": func(r *Request) { r.Edits[0].New = "-" },
		"invalid piece":        func(r *Request) { r.Edits[0].Pieces[0] = Piece{From: 3, To: 2} },
		"not absolute":         func(r *Request) { r.Edits[0].Path = "app.env" },
		"changed twice":        func(r *Request) { r.Edits = append(r.Edits, r.Edits[0]) },
	} {
		r := b.edited("e1", "A=1\n", "A=3\n", Piece{Text: "A=3\n"})
		spoil(&r)
		if got, err := Run(t.Context(), b, r, accept); got != Unchanged || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %s, %v", says, got, err)
		}
	}
}
