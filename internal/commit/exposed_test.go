package commit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stranger is the user id of an account that is neither root nor ours.
const stranger = 9999

func (b *box) chown(uid int, paths ...string) {
	b.t.Helper()
	for _, p := range paths {
		must(b.t, os.Lchown(b.path(p), uid, 0))
	}
}

func (b *box) chmod(p string, mode os.FileMode) {
	b.t.Helper()
	must(b.t, os.Chmod(b.path(p), mode))
}

// exposedBy runs a change that must be refused because of dir.
func (b *box) exposedBy(r Request, step, dir, says string) {
	b.t.Helper()
	before := b.tree()
	got, err := Run(b.t.Context(), b, r, accept)
	var failed *Error
	var exposed *ExposedError
	if got != Unchanged || !errors.As(err, &failed) || failed.Step != step || !errors.As(err, &exposed) || exposed.Dir != b.path(dir) || !strings.Contains(err.Error(), says) {
		b.t.Errorf("%s, %v (%+v); want step %s and %s", got, err, exposed, step, dir)
	}
	if after := b.tree(); after != before {
		b.t.Errorf("changed:\n%s\nwas:\n%s", after, before)
	}
}

// plant leaves a pending change in the state directory as another account would, whose
// rollback tells that it ran, and whose list of our files names one of root.
func (b *box) plant(state string) {
	dir := b.path(state + "/x")
	must(b.t, os.MkdirAll(dir, 0o755))
	for name, text := range map[string]string{
		"watchdog": "systemd\n", "armed": "", "rolling": "", "deadline": "1 x 1\n", "boot": "none\n",
		"rollback": "touch " + b.path("ran") + "\n",
		"temps":    b.path("etc/victim") + "\n" + b.path("etc/.sshkeepalive-y-1") + "\n" + b.path("etc/.sshkeepalive-x-1") + "\n",
	} {
		must(b.t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	must(b.t, os.WriteFile(b.path("etc/victim"), nil, 0o644))
	for _, p := range []string{"etc/.sshkeepalive-y-1", "etc/.sshkeepalive-x-1"} {
		must(b.t, os.Mkdir(b.path(p), 0o755))
		b.write(p+"/old", "root's\n")
	}
}

// TestPlantedState: what another account can have written is not believed, run or
// removed, wherever in the state directory it could write.
func TestPlantedState(t *testing.T) {
	const state = "var/lib/sshkeepalive"
	for name, c := range map[string]struct {
		prepare func(b *box)
		dir     string
	}{
		"its own directory": {func(b *box) { b.chown(stranger, state, state+"/x", state+"/x/rollback") }, state},
		"group-writable":    {func(b *box) { b.chmod(state, 0o770) }, state},
		"world-writable":    {func(b *box) { b.chmod(state, 0o777) }, state},
		"sticky":            {func(b *box) { b.chmod(state, os.ModeSticky|0o777) }, state},
		"its own entry":     {func(b *box) { b.chown(stranger, state+"/x") }, state + "/x"},
		"writable entry":    {func(b *box) { b.chmod(state+"/x", 0o777) }, state + "/x"},
		"its own parent":    {func(b *box) { b.chown(stranger, "var/lib") }, "var/lib"},
		"writable above":    {func(b *box) { b.chmod("var", 0o777) }, "var"},
		"its own link": {func(b *box) {
			must(b.t, os.Rename(b.path(state), b.path("var/planted")))
			must(b.t, os.Symlink("../planted", b.path(state)))
			b.chown(stranger, "var/lib", state)
		}, "var/lib"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.plant(state)
			b.chmod(state, 0o700)
			b.chmod(state+"/x", 0o700)
			c.prepare(b)
			b.start()
			b.exposedBy(b.request("a1", "ClientAliveInterval 60\n"), "lock", c.dir, "")
			if b.read("ran") != "("+(&os.PathError{Op: "open", Path: b.path("ran"), Err: syscall.ENOENT}).Error()+")" {
				t.Error("the planted rollback ran")
			}
			if left, _ := filepath.Glob(b.path("run/*/lock*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	t.Run("its own run directory", func(t *testing.T) {
		b := newBox(t)
		must(t, os.Mkdir(b.path("run/sshkeepalive"), 0o700))
		b.chown(stranger, "run/sshkeepalive")
		b.start()
		b.exposedBy(b.request("a1", "ClientAliveInterval 60\n"), "lock", "run/sshkeepalive", "")
	})
	t.Run("ours with a list of foreign files", func(t *testing.T) {
		b := newBox(t)
		b.plant(state)
		must(t, os.Remove(b.path(state+"/x/watchdog"))) // swept up, and not rolled back
		b.chmod(state, 0o700)
		b.chmod(state+"/x", 0o700)
		b.chown(stranger, "etc/.sshkeepalive-x-1")
		b.start()
		if got, err := Run(t.Context(), b, b.request("a1", "ClientAliveInterval 60\n"), b.loaded(want60)); got != Applied {
			t.Fatalf("%s, %v", got, err)
		}
		for _, p := range []string{"etc/victim", "etc/.sshkeepalive-y-1/old", "etc/.sshkeepalive-x-1/old"} {
			if _, err := os.Stat(b.path(p)); err != nil {
				t.Errorf("removed: %v", err)
			}
		}
	})
}

// TestDirectoryOfAnotherAccount: a configuration file that another account could
// exchange is not written, unless all that account has is a right to write.
func TestDirectoryOfAnotherAccount(t *testing.T) {
	const dir = "etc/ssh/sshd_config.d"
	for name, c := range map[string]struct {
		prepare func(b *box)
		dir     string
	}{
		"the directory":      {func(b *box) { b.chown(stranger, dir) }, dir},
		"the one above it":   {func(b *box) { b.chown(stranger, "etc/ssh") }, "etc/ssh"},
		"two above it":       {func(b *box) { b.chown(stranger, "etc") }, "etc"},
		"writable and below": {func(b *box) { b.chmod("etc", 0o777); b.chown(stranger, dir) }, dir},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			c.prepare(b)
			b.start()
			b.exposedBy(b.request("a1", "ClientAliveInterval 60\n"), "compare", c.dir, "which belongs to 9999 and has the mode drwxr-xr-x")
			b.noTraces()
		})
	}
	for name, mode := range map[string]os.FileMode{"group": 0o775, "others": 0o777, "sticky": os.ModeSticky | 0o777} {
		t.Run("writable by "+name, func(t *testing.T) {
			b := newBox(t)
			b.chmod(dir, mode)
			b.chmod("etc/ssh", mode)
			b.start()
			tree := b.tree()
			if got, err := Run(t.Context(), b, b.several("a1"), refuse); got != RolledBack || b.tree() != tree {
				t.Errorf("%s, %v", got, err)
			}
			b.applies(b.several("a2"))
		})
	}
}

// foreignEdit is a change of etc/app/.env, in a directory of another account.
func (b *box) foreignEdit(name string) Request {
	r := b.edited("e1", "A=1\n", "A=1\nB=2\n", Piece{To: 4}, Piece{Text: "B=2\n"})
	r.Foreign = true
	r.Edits[0].Path = b.path(name)
	return r
}

// app makes that directory, and a file of root that must stay as it is.
func (b *box) app(name string) {
	must(b.t, os.MkdirAll(filepath.Dir(b.path(name)), 0o700))
	b.write(name, "A=1\n")
	b.chmod(name, 0o600)
	b.write("etc/victim", "A=1\n")
	b.chmod("etc/victim", 0o600)
	must(b.t, os.Chown(filepath.Dir(b.path(name)), stranger, 0))
}

// TestForeignFile: a file in a directory of another account is written, whatever it is
// called, and keeps its owner and mode.
func TestForeignFile(t *testing.T) {
	for n, name := range []string{
		".env", "-n.env", "it's.env", "$(touch ran).env", "`id`.env", "a b*[c]?.env", `back\slash".env`, "ünï.env", strings.Repeat("x", 250) + ".env",
		"sub;dir/$(id)/.env", strings.Repeat(strings.Repeat("d", 200)+"/", 8) + ".env",
	} {
		for _, uid := range []int{0, stranger} {
			t.Run(fmt.Sprintf("%d of %d", n, uid), func(t *testing.T) {
				b := newBox(t)
				name := "etc/app/" + name
				b.app(name)
				b.chown(stranger, "etc/app")
				b.chown(uid, name)
				r := b.foreignEdit(name)
				before := b.tree()
				if got, err := Run(t.Context(), b, r, refuse); got != RolledBack || b.tree() != before {
					t.Errorf("%s, %v:\n%s\nwas:\n%s", got, err, b.tree(), before)
				}
				r.ID = "e2"
				if got, err := Run(t.Context(), b, r, accept); got != Applied || b.read(name) != "A=1\nB=2\n" {
					t.Errorf("%s, %v: %q", got, err, b.read(name))
				}
				if have := attributes(t, b.path(name)); !strings.HasPrefix(have, fmt.Sprintf("100600 %d:0", uid)) {
					t.Errorf("it is %s", have)
				}
				b.noTraces()
			})
		}
	}
}

// TestForeignFileReplaced: what the owner of the directory puts in the place of the
// file leads root nowhere.
func TestForeignFileReplaced(t *testing.T) {
	const name = "etc/app/deep/.env"
	for how, c := range map[string]struct {
		plant func(b *box)
		says  string
	}{
		"a link to a file of root": {func(b *box) { must(b.t, os.Symlink(b.path("etc/victim"), b.path(name))) }, "is a symbolic link that another account can have made"},
		"a relative link":          {func(b *box) { must(b.t, os.Symlink("../../victim", b.path(name))) }, "is a symbolic link"},
		"a link to nothing":        {func(b *box) { must(b.t, os.Symlink("/nothing", b.path(name))) }, "is a symbolic link"},
		"a link to a directory":    {func(b *box) { must(b.t, os.Symlink(b.path("etc"), b.path(name))) }, "is a symbolic link"},
		"a link to itself":         {func(b *box) { must(b.t, os.Symlink(".env", b.path(name))) }, "is a symbolic link"},
		"a pipe":                   {func(b *box) { must(b.t, syscall.Mkfifo(b.path(name), 0o666)) }, "is not a regular file"},
		"a directory":              {func(b *box) { must(b.t, os.Mkdir(b.path(name), 0o777)) }, "is not a regular file"},
		"a device":                 {func(b *box) { must(b.t, syscall.Mknod(b.path(name), syscall.S_IFCHR|0o666, 0x103)) }, "is not a regular file"},
		"nothing":                  {func(*box) {}, "was removed by another process"},
		"another file":             {func(b *box) { b.write(name, "A=2\n") }, "was changed by another process"},
		"a directory that is a link": {func(b *box) {
			must(b.t, os.Mkdir(b.path("etc/root"), 0o700))
			b.write("etc/root/.env", "A=1\n")
			must(b.t, os.Remove(b.path("etc/app/deep")))
			must(b.t, os.Symlink("../root", b.path("etc/app/deep")))
		}, "etc/app/deep is a symbolic link"},
	} {
		t.Run(how, func(t *testing.T) {
			b := newBox(t)
			b.app(name)
			b.chown(stranger, "etc/app")
			must(t, os.Remove(b.path(name)))
			c.plant(b)
			before := b.tree()
			start := time.Now()
			got, err := Run(t.Context(), b, b.foreignEdit(name), accept)
			if got != Unchanged || err == nil || !strings.Contains(err.Error(), c.says) || b.tree() != before {
				t.Errorf("%s, %v:\n%s", got, err, b.tree())
			}
			if time.Since(start) > perAsking {
				t.Error("it blocked")
			}
			b.noTraces()
		})
	}
	t.Run("a hard link to a file of root", func(t *testing.T) {
		b := newBox(t)
		b.app(name)
		b.chown(stranger, "etc/app")
		must(t, os.Remove(b.path(name)))
		must(t, os.Link(b.path("etc/victim"), b.path(name)))
		if got, err := Run(t.Context(), b, b.foreignEdit(name), accept); got != Applied {
			t.Errorf("%s, %v", got, err)
		}
		if b.read("etc/victim") != "A=1\n" {
			t.Errorf("root's file has %q", b.read("etc/victim"))
		}
		if have := attributes(t, b.path(name)); !strings.HasPrefix(have, "100600 0:0") {
			t.Errorf("what root alone could read is %s", have)
		}
	})
}

// TestTrustedLinks: links that root alone can have made are followed, wherever they
// are, and stay.
func TestTrustedLinks(t *testing.T) {
	b := newBox(t)
	b.app("etc/app/.env")
	must(t, os.Symlink("app", b.path("etc/link")))
	must(t, os.Symlink(b.path("etc/link"), b.path("etc/second")))
	if got, err := Run(t.Context(), b, b.foreignEdit("etc/second/.env"), accept); got != Applied {
		t.Errorf("%s, %v", got, err)
	}
	b.noTraces()
}

// TestNoOldMV: where mv has no -T, a file that another account can exchange is not
// written, and every other one is.
func TestNoOldMV(t *testing.T) {
	b := newBox(t)
	must(t, os.WriteFile(b.path("bin/mv"), []byte("#!/bin/sh\ncase $1 in -*T*) echo 'mv: invalid option -- T' >&2; exit 1 ;; esac\nexec /bin/mv \"$@\"\n"), 0o755))
	b.app("etc/app/.env")
	before := b.tree()
	got, err := Run(t.Context(), b, b.foreignEdit("etc/app/.env"), accept)
	if got != Unchanged || err == nil || !strings.Contains(err.Error(), "the option -T of mv") || b.tree() != before {
		t.Errorf("%s, %v", got, err)
	}
	b.start()
	b.applies(b.request("a1", "ClientAliveInterval 60\n"))
}

// byName is a program that acts on the file, or on what lies beside it, by a path that
// another account could lead elsewhere.
var byName = regexp.MustCompile(`\b(mv|rm|ln|cp|cat|touch|chmod|chown|mkdir|rmdir|sync|durable|stat|inode)\b[^|&;]*"\$(file|near|WAY|2)["/]|>+ *"\$(file|near|WAY)["/]`)

// TestFilesAreReachedThroughHeldDirectories holds the rule that pending.sh explains, in
// the texts of the scripts: all that touches a file runs inside or within a directory.
func TestFilesAreReachedThroughHeldDirectories(t *testing.T) {
	for name, text := range map[string]string{"begin.sh": beginText, "pending.sh": pendingText, "rollback.sh": rollbackText, "disarm.sh": disarmText} {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "#") && byName.MatchString(line) && !harmless[line] {
				t.Errorf("%s:%d: %s", name, n, line)
			}
		}
	}
	for _, bad := range []string{`mv -f "$near/new" "$file"`, `rm -f "$file"`, `cat x >"$file"`, `touch -r "$2" "$file"`} {
		if !byName.MatchString(bad) {
			t.Errorf("not found: %s", bad)
		}
	}
}

// harmless are lines that read a time only, or in which "$2" is ours.
var harmless = map[string]bool{
	`touch -r "$(parent "$file")/." "$S/$1.when" && echo "$file" >"$S/$1.file" && beside "$file" "$1" >>"$S/temps"`: true,
	`[ -z "$3" ] || touch -r "${1%/*}/." "$2"`:                                      true,
	`touch -r "$2" . 2>/dev/null || :`:                                              true,
	`true >"$2" || return`:                                                          true,
	`cp --attributes-only --preserve=all "$1" "$2" 2>/dev/null && return`:           true,
	`cp -p "$1" "$2" || return`:                                                     true,
	`! command -v chcon >/dev/null || chcon --reference="$1" "$2" 2>/dev/null || :`: true,
}

// writing is a redirection into a file.
var writing = regexp.MustCompile(`>+ *"[^"]*"`)

// TestRollbackWritesNothing: what a rollback does takes no room. A sleeper's first line
// is written while the change is armed, and messages go nowhere where there is no room.
func TestRollbackWritesNothing(t *testing.T) {
	for line := range strings.Lines(rollbackText + disarmText) {
		if line = strings.TrimSpace(line); writing.MatchString(line) && line != `echo $$ >"$S/waiting"` {
			t.Errorf("%s", line)
		}
	}
}

// TestExchangedDirectoryOfOurs: what the account puts in the place of the directory that
// is ours is not entered, at whichever step: nothing of root's is read or written there.
func TestExchangedDirectoryOfOurs(t *testing.T) {
	for _, step := range []string{"prepare", "exchange", "put_back", "unmark"} {
		for how, plant := range map[string]string{
			"link":      `ln -s "$ROOT" "$near"`,
			"directory": `mkdir "$near"; ln -s "$ROOT/old" "$near/old"; ln -s "$ROOT/old" "$near/new"; ln -s "$ROOT/old" "$near/now"; chown -R 9999:0 "$near"`,
		} {
			t.Run(step+" "+how, func(t *testing.T) {
				b := newBox(t)
				const name = "etc/app/.env"
				b.app(name)
				must(t, os.Mkdir(b.path("etc/root"), 0o700))
				for _, p := range []string{"old", "new", "now", "kept"} {
					b.write("etc/root/"+p, "A=1\nseen by root alone\n")
				}
				b.startOf(step, "ROOT="+quote(b.path("etc/root"))+`; place 1; [ -e "$near.aside" ] || { mv "$near" "$near.aside"; `+plant+"; }")
				confirm := Confirm(accept)
				if step == "put_back" {
					confirm = refuse
				}
				r := b.foreignEdit(name)
				if step == "unmark" {
					r.Edits[0].New = sumOf("another")
				}
				got, err := Run(t.Context(), b, r, confirm)
				if got == Applied || err == nil {
					t.Errorf("%s, %v", got, err)
				}
				for _, p := range []string{"old", "new", "now", "kept"} {
					if b.read("etc/root/"+p) != "A=1\nseen by root alone\n" {
						t.Errorf("root's %s has %q", p, b.read("etc/root/"+p))
					}
				}
				planted, _ := filepath.Glob(b.path("etc/app/.sshkeepalive*/*"))
				if how == "link" {
					planted = nil // those are root's
				}
				for _, p := range append(planted, b.path(name)) {
					if info, _ := os.Lstat(p); info != nil && info.Mode().IsRegular() {
						if text, _ := os.ReadFile(p); strings.Contains(string(text), "root alone") {
							t.Errorf("%s has what root alone may see", p)
						}
					}
				}
			})
		}
	}
}
