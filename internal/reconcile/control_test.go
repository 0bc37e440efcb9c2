package reconcile_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// masters are sockets of bob: two that live, one whose master was killed, and one
// whose master is stopped.
func (r *rig) masters(t *testing.T) (pid map[string]string) {
	t.Helper()
	r.Write("/home/bob/.ssh/key", string(r.Key))
	r.Sh("mkdir -p /home/bob/.ssh/cm; chmod 600 /home/bob/.ssh/key; chown -R bob:bob /home/bob/.ssh; chmod 700 /home/bob/.ssh")
	pid = map[string]string{}
	for _, name := range []string{"live", "killed", "stopped", "odd %name"} {
		path := "/home/bob/.ssh/cm/" + name
		r.Sh(r.master(name))
		said := r.Sh(fmt.Sprintf("ssh -F /dev/null -S '%s' -O check x 2>&1", strings.ReplaceAll(path, "%", "%%")))
		_, after, _ := strings.Cut(said, "pid=")
		pid[name], _, _ = strings.Cut(after, ")")
	}
	r.Sh("kill -9 " + pid["killed"] + "; kill -STOP " + pid["stopped"] + "; chmod 666 /home/bob/.ssh/cm/killed; touch /home/bob/.ssh/cm/file")
	t.Cleanup(func() { r.Sh("kill -CONT " + pid["stopped"]) })
	return pid
}

// master is the command by which bob starts a master.
func (r *rig) master(name string) string {
	path := strings.ReplaceAll("/home/bob/.ssh/cm/"+name, "%", "%%")
	return fmt.Sprintf("runuser -u bob -- ssh -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i /home/bob/.ssh/key -p %d -o ControlMaster=auto -S '%s' -fN bob@%s </dev/null >/dev/null 2>&1", r.Port, path, r.Addr)
}

// TestControlSockets by real masters, which nothing is done to: the one that is
// stopped costs five seconds, and no more.
func TestControlSockets(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", nil)
	pid := r.masters(t)
	r.Sh("touch -d '1 hour ago' /home/bob/.ssh/cm/live")
	r.Write("/home/bob/.ssh/config", "Host web1 *.example.com\n\tHostName "+r.Addr+"\n\tPort 2222\nHost=\"web2\"\n\tUser deploy\nHost *\n\tControlPath ~/.ssh/cm/%C\n")
	hash := strings.TrimSpace(r.Sh("runuser -u bob -- ssh -G web1 | sed -n 's/^controlpath //p'"))
	r.Sh("perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1); exit' " + hash + "; chown bob: " + hash)
	look := func(path, user, as string) (reconcile.Snapshot[sshclient.SocketFacts], error) {
		at := target
		at.File, at.User = path, as
		at.Spec.User, at.Spec.Sudo = user, user == "admin"
		return r.walk().LookControl(t.Context(), at)
	}
	all := []string{"hash stale bob 755", "killed stale bob 666", "live live bob 600 " + pid["live"], "odd %name live bob 600 " + pid["odd %name"], "stopped unknown bob 600"}
	for _, c := range []struct {
		path, user, as string
		want           []string
	}{
		{"~/.ssh/cm", "bob", "", all}, {"/home/bob/.ssh/cm/", "admin", "bob", all}, {"~/.ssh/cm/[kl]*", "bob", "bob", all[1:3]}, {"/home/*/.ssh/cm/[klo]*", "root", "bob", all[1:4]},
	} {
		sight, err := look(c.path, c.user, c.as)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range sight.Facts.Sockets {
			line := fmt.Sprintf("%s %s %s %o", strings.TrimPrefix(s.Path, "/home/bob/.ssh/cm/"), s.State, s.Owner, s.Mode)
			if s.Path == hash {
				line = fmt.Sprintf("hash %s %s %o", s.State, s.Owner, s.Mode)
			}
			if want := []sshclient.Destination{{Name: "web1", User: "bob", HostName: r.Addr, Port: "2222"}}; (s.Path == hash) != slices.Equal(s.Targets, want) {
				t.Errorf("%s is for %+v", s.Path, s.Targets)
			}
			name := strings.TrimPrefix(s.Path, "/home/bob/.ssh/cm/")
			if l := s.Listener; s.State == sshclient.Unclear && l == nil || l != nil && (strconv.Itoa(l.PID) != pid[name] || l.Program != "ssh" || l.Age > 600 || s.State == sshclient.Stale) {
				t.Errorf("the process that listens at %s is %s: %+v", s.Path, pid[name], l)
			}
			if s.PID != 0 {
				line += " " + strconv.FormatInt(s.PID, 10)
			}
			got = append(got, line)
			if strings.HasSuffix(s.Path, "/live") != (s.Age >= 3600) || s.Age < 0 || (s.Why == "") != (s.State == sshclient.Live) || s.Exposed != strings.HasSuffix(s.Path, "killed") {
				t.Errorf("%+v", s)
			}
		}
		if !slices.Equal(got, c.want) || sight.MachineID == "" {
			t.Errorf("%s as %s: have %q, want %q", c.path, c.user, got, c.want)
		}
	}
	if n := r.Sh("ls /home/bob/.ssh/cm | wc -l; runuser -u bob -- ssh -F /dev/null -S /home/bob/.ssh/cm/live x echo shared"); strings.Join(strings.Fields(n), " ") != "6 shared" {
		t.Errorf("something was done to the sockets: %s", n)
	}
	for _, path := range []string{"/nowhere/cm-*", "~/.ssh/no-*", "~/.ssh/cm/file", "~/none"} {
		if sight, err := look(path, "bob", ""); err != nil || len(sight.Facts.Sockets) > 0 {
			t.Errorf("%s: %+v, %v", path, sight, err)
		}
	}
	for _, path := range []string{"/home/bob/.ssh/cm", "/home/bob/.ssh/cm/*"} {
		if sight, err := look(path, "eve", ""); err == nil || !strings.Contains(err.Error(), "eve may not look into it") {
			t.Errorf("what may not be searched passes for empty: %+v, %v", sight, err)
		}
	}
	if left := strings.TrimSpace(r.Sh("find /tmp -mindepth 1")); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

// TestPruning by real masters: the dead socket goes, the living ones and the one that
// hangs stay and work, and a master that has started since keeps what it has.
func TestPruning(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", nil)
	r.masters(t)
	prune := func(user, as string, before func()) []string {
		t.Helper()
		at := target
		at.File, at.User, at.Spec.User, at.Spec.Sudo = "/home/bob/.ssh/cm", as, user, user == "admin"
		w := r.walk()
		sight, err := w.LookControl(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		before()
		after, err := w.PruneControl(t.Context(), at, sight.Facts.Prunable())
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, p := range after.Facts {
			told = append(told, fmt.Sprintf("%s %t %s", p.Path, p.Removed, p.Why))
		}
		return told
	}
	nothing := func() {}
	killed := "/home/bob/.ssh/cm/killed"
	r.Sh("touch -d '1 hour ago' " + killed)
	if told := prune("root", "", nothing); len(told) != 1 || !strings.HasPrefix(told[0], killed+" false root does not remove it, because another account could exchange files") {
		t.Errorf("root in a directory of bob's: %q", told)
	}
	start := func() { r.Sh(r.master("killed")) }
	if told := prune("bob", "", start); !slices.Equal(told, []string{killed + " false another socket has its name"}) {
		t.Errorf("a master that has started since: %q", told)
	}
	if out := r.Sh("runuser -u bob -- ssh -F /dev/null -S " + killed + " x echo shared"); strings.TrimSpace(out) != "shared" {
		t.Errorf("the new master is not reached: %s", out)
	}
	r.Sh("kill -9 $(runuser -u bob -- ssh -F /dev/null -S " + killed + " -O check x 2>&1 | sed 's/.*pid=\\([0-9]*\\).*/\\1/'); touch -d '1 hour ago' " + killed)
	if told := prune("admin", "bob", nothing); !slices.Equal(told, []string{killed + " true "}) {
		t.Errorf("by root for bob: %q", told)
	}
	if told := prune("bob", "", nothing); len(told) > 0 {
		t.Errorf("nothing is left to remove: %q", told)
	}
	left := strings.Fields(r.Sh("ls -A /home/bob/.ssh/cm; runuser -u bob -- ssh -F /dev/null -S /home/bob/.ssh/cm/live x echo shared"))
	if strings.Join(left, " ") != "file live odd %name stopped shared" {
		t.Errorf("left are %q", left)
	}
}
