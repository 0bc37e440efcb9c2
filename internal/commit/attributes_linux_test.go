package commit

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// attributes of a file that a change must keep.
func attributes(t *testing.T, p string) string {
	t.Helper()
	var st syscall.Stat_t
	must(t, syscall.Stat(p, &st))
	value := make([]byte, 100)
	n, err := syscall.Getxattr(p, "user.sshkeepalive", value)
	if err != nil {
		n = 0
	}
	acl, _ := exec.Command("getfacl", "-pcn", p).Output()
	return fmt.Sprintf("%o %d:%d %s %s", st.Mode, st.Uid, st.Gid, value[:n], acl)
}

func TestKeepsAttributes(t *testing.T) {
	for _, confirmed := range []bool{true, false} {
		t.Run(fmt.Sprint("confirmed ", confirmed), func(t *testing.T) {
			b := newBox(t)
			b.start()
			main := b.path("etc/ssh/sshd_config")
			must(t, os.Chown(main, 1234, 2345))
			must(t, os.Chmod(main, 0o640))
			if err := syscall.Setxattr(main, "user.sshkeepalive", []byte("label"), 0); err != nil {
				t.Logf("no extended attributes here: %v", err)
			}
			want, tree := attributes(t, main), b.tree()
			if confirmed {
				b.applies(b.inPlace("a1"))
			} else if got, err := Run(t.Context(), b, b.inPlace("a1"), refuse); got != RolledBack {
				t.Fatalf("%s, %v", got, err)
			} else if b.tree() != tree {
				t.Errorf("not the very files that were there before:\n%s\nwas:\n%s", b.tree(), tree)
			}
			if have := attributes(t, main); have != want {
				t.Errorf("attributes %s, want %s", have, want)
			}
			b.noTraces()
		})
	}
}

func TestNewFileIsLikeMain(t *testing.T) {
	b := newBox(t)
	b.start()
	must(t, os.Chmod(b.path("etc/ssh/sshd_config"), 0o600))
	must(t, os.Chown(b.path("etc/ssh/sshd_config"), 0, 2345))
	b.applies(b.request("a1", "ClientAliveInterval 60\n"))
	if have := attributes(t, b.path(dropIn)); !strings.HasPrefix(have, "100600 0:2345 ") {
		t.Errorf("the new file is %s", have)
	}
}
