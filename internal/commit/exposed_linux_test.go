package commit

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// accessList gives the stranger every right.
func accessList() []byte {
	list := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range [][3]uint32{{1, 7, ^uint32(0)}, {2, 7, stranger}, {4, 5, ^uint32(0)}, {0x10, 7, ^uint32(0)}, {0x20, 0, ^uint32(0)}} {
		list = binary.LittleEndian.AppendUint16(list, uint16(e[0]))
		list = binary.LittleEndian.AppendUint16(list, uint16(e[1]))
		list = binary.LittleEndian.AppendUint32(list, e[2])
	}
	return list
}

// TestInheritedAccessList: what the owner of a directory lets new files inherit gives it
// no right to what root alone could read.
func TestInheritedAccessList(t *testing.T) {
	for name, mode := range map[string]os.FileMode{"600": 0o600, "640": 0o640} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.app("etc/app/.env")
			b.chmod("etc/app/.env", mode)
			if err := syscall.Setxattr(b.path("etc/app"), "system.posix_acl_default", accessList(), 0); err != nil {
				t.Skipf("no access lists here: %v", err)
			}
			if got, err := Run(t.Context(), b, b.foreignEdit("etc/app/.env"), accept); got != Applied {
				t.Fatalf("%s, %v", got, err)
			}
			if _, err := syscall.Getxattr(b.path("etc/app/.env"), "system.posix_acl_access", make([]byte, 100)); !errors.Is(err, syscall.ENODATA) {
				t.Errorf("the new file has an access list: %v", err)
			}
			if have := attributes(t, b.path("etc/app/.env")); !strings.HasPrefix(have, "100"+name+" 0:0") {
				t.Errorf("it is %s", have)
			}
			b.noTraces()
		})
	}
}
