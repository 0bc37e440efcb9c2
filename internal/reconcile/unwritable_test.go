package reconcile_test

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// full is a small file system on a directory, with what was in it and no room for
// more; readOnly is the directory as it is.
func full(dir, size string) string {
	return "cp -a " + dir + " /srv/kept; mount -t tmpfs -o size=" + size + " tmpfs " + dir + "; cp -a /srv/kept/. " + dir + "; rm -r /srv/kept; " +
		"dd if=/dev/zero of=" + dir + "/filler bs=1k 2>/dev/null || :"
}

func readOnly(dir string) string {
	return "mount --bind " + dir + " " + dir + "; mount -o remount,bind,ro " + dir
}

// TestUnwritableFiles: where nothing can be written the error says so and what it was, and
// nothing is changed nor left behind, in sshd's files and in ssh's.
//
// Fault 55.
func TestUnwritableFiles(t *testing.T) {
	t.Parallel()
	r, client := sshRig(t, "root", map[string]string{bobConfig: "ServerAliveInterval 300\n"})
	client.User = "bob"
	serverApply := func() (reconcile.Outcome, error) {
		_, _, outcome, err := r.walk().Apply(t.Context(), r.target, wish("ClientAliveInterval", "60"), reconcile.Record{})
		return outcome, err
	}
	clientApply := func() (reconcile.Outcome, error) {
		_, _, outcome, err := r.walk().ApplyClient(t.Context(), client, sshWish("Host *", "ServerAliveInterval", "60"), reconcile.Record{})
		return outcome, err
	}
	for _, c := range []struct {
		name, script, dir, says string
		apply                   func() (reconcile.Outcome, error)
	}{
		{"full drop-in directory", full("/etc/ssh/sshd_config.d", "64k"), "/etc/ssh/sshd_config.d", "No space left on device", serverApply},
		{"read-only drop-in directory", readOnly("/etc/ssh/sshd_config.d"), "/etc/ssh/sshd_config.d", "Read-only file system", serverApply},
		{"full state", "mkdir -p /var/lib/sshkeepalive; " + full("/var/lib/sshkeepalive", "4k"), "/var/lib/sshkeepalive", "No space left on device", serverApply},
		{"full run", "mkdir -p /var/run/sshkeepalive; " + full("/var/run/sshkeepalive", "4k"), "/var/run/sshkeepalive", "No space left on device", serverApply},
		{"full directory of ssh", full("/home/bob/.ssh", "64k"), "/home/bob/.ssh", "No space left on device", clientApply},
		{"read-only directory of ssh", readOnly("/home/bob/.ssh"), "/home/bob/.ssh", "Read-only file system", clientApply},
	} {
		before := r.sshFiles()
		r.Sh(c.script)
		during := r.sshFiles()
		outcome, err := c.apply()
		if outcome != reconcile.Unchanged || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %s, %v", c.name, outcome, err)
		}
		if d := hosttest.Differences(during, r.sshFiles()); d != "" {
			t.Errorf("%s: changed:\n%s", c.name, d)
		}
		r.Sh("umount " + c.dir + "; rmdir /var/lib/sshkeepalive /var/run/sshkeepalive 2>/dev/null || :")
		if d := hosttest.Differences(before, r.sshFiles()); d != "" {
			t.Errorf("%s: in the end:\n%s", c.name, d)
		}
		r.eventually(t, "traces to go of "+c.name, func() bool { return r.traces() == "" })
	}
	for _, apply := range []func() (reconcile.Outcome, error){serverApply, clientApply} {
		if outcome, err := apply(); outcome != reconcile.Applied || err != nil {
			t.Errorf("with room again: %s, %v", outcome, err)
		}
	}
}

// TestOddTrees: what cannot be looked at says which file it is.
func TestOddTrees(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{}, "root")
	for what, c := range map[string]struct{ make, undo, says string }{
		"no main file": {"mv /etc/ssh/sshd_config /root/kept", "mv /root/kept /etc/ssh/sshd_config", "read the main file: cat: /etc/ssh/sshd_config: No such file"},
		"a line end in a name": {`echo '#' >"/etc/ssh/sshd_config.d/50-a
b.conf"`, `rm /etc/ssh/sshd_config.d/50-a*`, "it begins with /etc/ssh/sshd_config.d/50-a"},
	} {
		r.Sh(c.make)
		if _, err := r.walk().Look(t.Context(), r.target, wish("ClientAliveInterval", "60")); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
		r.Sh(c.undo)
	}
}
