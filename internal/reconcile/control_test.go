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
		r.Sh(fmt.Sprintf("runuser -u bob -- ssh -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i /home/bob/.ssh/key -p %d -M -S '%s' -fN bob@%s </dev/null >/dev/null 2>&1", r.Port, strings.ReplaceAll(path, "%", "%%"), r.Addr))
		said := r.Sh(fmt.Sprintf("ssh -F /dev/null -S '%s' -O check x 2>&1", strings.ReplaceAll(path, "%", "%%")))
		_, after, _ := strings.Cut(said, "pid=")
		pid[name], _, _ = strings.Cut(after, ")")
	}
	r.Sh("kill -9 " + pid["killed"] + "; kill -STOP " + pid["stopped"] + "; chmod 666 /home/bob/.ssh/cm/killed; touch /home/bob/.ssh/cm/file")
	t.Cleanup(func() { r.Sh("kill -CONT " + pid["stopped"]) })
	return pid
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
