package commit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

func refuse(context.Context, Pending) error { return errors.New("permission denied") }

func TestSymbolicLink(t *testing.T) {
	b := newBox(t)
	must(t, os.MkdirAll(b.path("etc/real"), 0o755))
	must(t, os.Rename(b.path("etc/ssh/sshd_config"), b.path("etc/real/main")))
	must(t, os.Symlink("../real/link", b.path("etc/ssh/sshd_config")))
	must(t, os.Symlink(b.path("etc/real/main"), b.path("etc/real/link")))
	b.start()
	b.applies(b.inPlace("a1"))
	to, err := os.Readlink(b.path("etc/ssh/sshd_config"))
	if err != nil || to != "../real/link" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if !strings.HasPrefix(b.read("etc/real/main"), "ClientAliveInterval 60\n") {
		t.Errorf("the file holds %q", b.read("etc/real/main"))
	}
}

// several changes and creates and deletes a file.
func (b *box) several(id string) Request {
	r := b.inPlace(id)
	cloud := b.path("etc/ssh/sshd_config.d/50-cloud.conf")
	r.Changes = append(r.Changes,
		Change{Path: b.path(dropIn), New: []byte("ClientAliveInterval 60\n")},
		Change{Path: cloud, Old: r.Base[cloud]})
	r.Staged = b.staged(r)
	return r
}

func TestSeveralFiles(t *testing.T) {
	b := newBox(t)
	b.start()
	tree := b.tree()
	if got, err := Run(t.Context(), b, b.several("a1"), refuse); got != RolledBack {
		t.Fatalf("%s, %v", got, err)
	}
	if b.tree() != tree {
		t.Errorf("rolled back to\n%s\nfrom\n%s", b.tree(), tree)
	}
	b.noTraces()
	b.applies(b.several("a2"))
	b.applies(b.several("a2"))
}

func TestBytes(t *testing.T) {
	b := newBox(t)
	b.start()
	var every []byte
	for c := 1; c < 256; c++ {
		every = append(every, byte(c))
	}
	text := "ClientAliveInterval 60\n# CRLF\r\n#\t%s %% \\n \\\\ ' '' \" $HOME `id` " +
		strings.ReplaceAll(string(every), "\n", "") + strings.Repeat("-", 20000) + "\n# no end"
	b.applies(b.request("a1", text))
}

// TestLostAnswers: a script whose answer is lost is asked again, and finds out
// by itself how far it came.
func TestLostAnswers(t *testing.T) {
	for _, lost := range []string{"begin", "disarm"} {
		t.Run(lost, func(t *testing.T) {
			b := newBox(t)
			b.start()
			times := 0
			b.lose = func(name string) error {
				if name == lost {
					times++
				}
				if name == lost && times == 1 {
					return errors.New("connection lost")
				}
				return nil
			}
			b.applies(b.request("a1", "ClientAliveInterval 60\n"))
			if times != 2 {
				t.Errorf("%s ran %d times", lost, times)
			}
		})
	}
}

// TestRefusedAtFirst: a reloading sshd closes its port for a moment.
func TestRefusedAtFirst(t *testing.T) {
	b := newBox(t)
	b.start()
	tries := 0
	got, err := Run(t.Context(), b, b.request("a1", "ClientAliveInterval 60\n"), func(context.Context, Pending) error {
		if tries++; tries < 4 {
			return fmt.Errorf("dial: %w", syscall.ECONNREFUSED)
		}
		return nil
	})
	if got != Applied || err != nil || tries != 4 {
		t.Errorf("%s, %v after %d tries", got, err, tries)
	}
}

// TestPrivsepDir: a host whose sshd is not running yet lacks a directory that
// sshd -t wants.
func TestPrivsepDir(t *testing.T) {
	for _, kind := range []Kind{None, Signal} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBox(t)
			r := b.request("a1", "ClientAliveInterval 60\nPrivSepDir "+b.path("run/privsep")+"\n")
			r.Activate.Kind = kind
			if kind != None {
				b.start()
			}
			got, err := Run(t.Context(), b, r, func(context.Context, Pending) error { return nil })
			if got != Applied || err != nil {
				t.Errorf("%s, %v", got, err)
			}
			if _, err := os.Stat(b.path("run/privsep")); (err == nil) != (kind != None) {
				t.Errorf("the directory: %v", err)
			}
		})
	}
}

func TestNothingToDo(t *testing.T) {
	b := newBox(t)
	r := b.request("a1", "")
	r.Changes, r.Activate.Kind = nil, None
	if got, err := Run(t.Context(), b, r, refuse); got != Unchanged || err != nil || len(b.runs) > 0 {
		t.Errorf("%s, %v, %v", got, err, b.runs)
	}
}

// TestOnlyReload repairs a stale daemon: no file changes.
func TestOnlyReload(t *testing.T) {
	b := newBox(t)
	b.start()
	b.write(dropIn, "ClientAliveInterval 60\n")
	r := b.request("a1", "")
	r.Changes = nil
	r.Base[b.path(dropIn)] = []byte("ClientAliveInterval 60\n")
	r.Staged = b.staged(r)
	b.applies(r)
}

func TestWithoutSSHD(t *testing.T) {
	b := newBox(t)
	r := b.request("a1", "Bogus is not seen\n")
	r.SSHD, r.Checks, r.Activate.Kind = "", nil, None
	got, err := Run(t.Context(), b, r, func(context.Context, Pending) error { return nil })
	if got != Applied || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}
