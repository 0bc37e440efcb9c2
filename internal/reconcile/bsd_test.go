package reconcile_test

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// likeBSD takes away what of Linux the scripts could lean on: /proc, and with it
// the boot's id. What is left is rc.d, and ps with the answers of FreeBSD's. It is
// the same kernel and the same sshd underneath.
const likeBSD = `
mkdir /realproc /etc/rc.d && mount --bind /proc /realproc && mount -t tmpfs none /proc
touch /etc/rc.subr
cat >/usr/local/bin/ps <<'X'
#!/bin/sh
[ "$1" = -o ] && [ "$3" = -p ] && cd "/realproc/$4" || exit 1
case $2 in
args=) tr '\0' ' ' <cmdline; echo '(sshd)' ;;
comm=) cat comm ;;
ruid=) echo "  0" ;;
ppid=) echo "  $(sed -n 's/^PPid:[[:space:]]*//p' status)" ;;
lstart=) stat -c %y . ;;
*) exit 1 ;;
esac
X
cat >/usr/local/bin/service <<'X'
#!/bin/sh
echo "$@" >>/var/log/service.log
/usr/sbin/sshd -t && kill -HUP "$(cat /run/sshd.pid)"
X
printf '#!/bin/sh\necho "{ sec = 1763734000, usec = 1 } Fri Nov 21 2026"\n' >/usr/local/bin/sysctl
chmod 755 /usr/local/bin/*
ln -sf /usr/local/bin/ps /bin/ps
`

// A daemon that is only seen by ps is reloaded all the same, by its service.
func TestDaemonWithoutProc(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	r.Sh(likeBSD)
	want := wish("ClientAliveInterval", "60")
	sight, _ := apply(t, r, want)
	if sight.Facts.Daemon.PID == 0 || sight.Facts.Daemon.Stale {
		t.Errorf("daemon %+v", sight.Facts.Daemon)
	}
	if log := string(r.Read("/var/log/service.log")); log != "sshd reload\n" {
		t.Errorf("the service was asked for %q", log)
	}
	r.Sh("touch " + mainFile)
	if after, err := r.walk().Look(t.Context(), r.target, want); err != nil || !after.Facts.Daemon.Stale {
		t.Errorf("not stale, though a file is newer: %v", err)
	}
	locked := wish("AllowUsers", "nobody-else")
	if _, _, outcome, err := r.walk().Apply(t.Context(), r.target, locked, reconcile.Record{}); outcome != "rolled back" {
		t.Errorf("%s, %v", outcome, err)
	}
	if out, err := r.SSH("root", "echo in"); err != nil || strings.TrimSpace(out) != "in" {
		t.Errorf("login after the rollback: %q %v", out, err)
	}
}
