package commit

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// mount puts a small file system on a directory, with what was in it.
func (b *box) mount(dir, options string, flags uintptr) {
	b.t.Helper()
	dir = b.path(dir)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		needed(b.t, "mount: "+err.Error())
	}
	b.t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

func (b *box) readOnly(p string) {
	b.t.Helper()
	p = b.path(p)
	if err := syscall.Mount(p, p, "", syscall.MS_BIND, ""); err != nil {
		needed(b.t, "mount: "+err.Error())
	}
	b.t.Cleanup(func() { _ = syscall.Unmount(p, syscall.MNT_DETACH) })
	must(b.t, syscall.Mount("", p, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
}

// TestUnwritable: an error says what cannot be written, and nothing is changed.
//
// Fault 55.
func TestUnwritable(t *testing.T) {
	big := "ClientAliveInterval 60\n" + strings.Repeat("# filler\n", 20000)
	t.Run("read-only directory", func(t *testing.T) {
		b := newBox(t)
		b.start()
		b.readOnly("etc/ssh/sshd_config.d")
		b.refuses(b.request("a1", "ClientAliveInterval 60\n"), "arm", "Read-only file system")
	})
	t.Run("read-only state", func(t *testing.T) {
		b := newBox(t)
		b.start()
		b.readOnly("var/lib")
		b.refuses(b.request("a1", "ClientAliveInterval 60\n"), "arm", "Read-only file system")
	})
	t.Run("read-only run", func(t *testing.T) {
		b := newBox(t)
		r := b.request("a1", "ClientAliveInterval 60\n")
		b.readOnly("run")
		b.refuses(r, "lock", "Read-only file system")
	})
	t.Run("full directory", func(t *testing.T) {
		b := newBox(t)
		b.mount("etc/ssh/sshd_config.d", "size=32k", 0)
		b.write("etc/ssh/sshd_config.d/50-cloud.conf", "ClientAliveInterval 120\n")
		b.start()
		b.refuses(b.request("a1", big), "swap", "No space left on device")
	})
	t.Run("full state", func(t *testing.T) {
		b := newBox(t)
		b.mount("var/lib", "size=4k", 0)
		b.start()
		b.refuses(b.request("a1", big), "arm", "No space left on device")
	})
	t.Run("full run", func(t *testing.T) {
		b := newBox(t)
		b.mount("run", "size=32k", 0)
		b.start()
		b.refuses(b.request("a1", big), "stage", "No space left on device")
	})
	t.Run("run without room for the lock", func(t *testing.T) {
		b := newBox(t)
		r := b.request("a1", big)
		b.mount("run", "nr_inodes=3", 0)
		b.refuses(r, "lock", "No space left on device")
	})
	t.Run("bind-mounted file", func(t *testing.T) {
		b := newBox(t)
		b.start()
		main := b.path("etc/ssh/sshd_config")
		if err := syscall.Mount(main, main, "", syscall.MS_BIND, ""); err != nil {
			needed(t, "mount: "+err.Error())
		}
		t.Cleanup(func() { _ = syscall.Unmount(main, syscall.MNT_DETACH) })
		b.refuses(b.inPlace("a1"), "swap", "Device or resource busy")
	})
	t.Run("immutable file", func(t *testing.T) {
		b := newBox(t)
		b.start()
		main := b.path("etc/ssh/sshd_config")
		if out, err := exec.Command("chattr", "+i", main).CombinedOutput(); err != nil {
			t.Skipf("chattr: %v: %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("chattr", "-i", main).Run() })
		b.refuses(b.inPlace("a1"), "swap", "Operation not permitted")
	})
	t.Run("no directory", func(t *testing.T) {
		b := newBox(t)
		b.start()
		r := b.request("a1", "ClientAliveInterval 60\n")
		r.Changes[0].Path = b.path("etc/none/x.conf")
		r.Checks = nil
		b.refuses(r, "arm", "none")
	})
}

func TestNoexec(t *testing.T) {
	b := newBox(t)
	b.mount("run", "", syscall.MS_NOEXEC)
	b.mount("var/lib", "", syscall.MS_NOEXEC)
	b.start()
	b.applies(b.request("a1", "ClientAliveInterval 60\n"))
}
