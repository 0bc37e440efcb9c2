//go:build hosts

package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest/lab"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// fault is something wrong with a host.
type fault struct {
	name       string
	make, mend string // on the host
	user       string // root when empty
	says       []string
	// fine is a fault that must not keep a change from being applied.
	fine bool
}

var faults = []fault{
	{name: "full disk below /etc/ssh", says: []string{"No space left on device"},
		make: "cp -a /etc/ssh /srv/ssh; mount -t tmpfs -o size=1m tmpfs /etc/ssh; cp -a /srv/ssh/. /etc/ssh; dd if=/dev/zero of=/etc/ssh/filler 2>/dev/null || :",
		mend: "umount /etc/ssh"},
	{name: "full disk below /var/lib", says: []string{"No space left on device"},
		make: "mkdir -p /var/lib/sshkeepalive; mount -t tmpfs -o size=4k,mode=700 tmpfs /var/lib/sshkeepalive; dd if=/dev/zero of=/var/lib/sshkeepalive/filler 2>/dev/null || :",
		mend: "umount /var/lib/sshkeepalive; rmdir /var/lib/sshkeepalive"},
	{name: "full /run", says: []string{"No space left on device"},
		make: "mkdir -p /run/sshkeepalive; mount -t tmpfs -o size=4k,mode=700 tmpfs /run/sshkeepalive; dd if=/dev/zero of=/run/sshkeepalive/filler 2>/dev/null || :",
		mend: "umount /run/sshkeepalive; rmdir /run/sshkeepalive 2>/dev/null || :"},
	{name: "read-only /etc", says: []string{"Read-only file system"},
		make: "mount --bind /etc /etc && mount -o remount,bind,ro /etc", mend: "umount /etc"},
	{name: "read-only /etc/ssh", says: []string{"Read-only file system", "/etc/ssh"},
		make: "mount --bind /etc/ssh /etc/ssh && mount -o remount,bind,ro /etc/ssh", mend: "umount /etc/ssh"},
	{name: "read-only /var", says: []string{"Read-only file system"},
		make: "mount --bind /var /var && mount -o remount,bind,ro /var", mend: "umount /var"},
	{name: "immutable drop-in directory", says: []string{"Operation not permitted", "/etc/ssh/sshd_config.d"},
		make: "chattr +i /etc/ssh/sshd_config.d", mend: "chattr -i /etc/ssh/sshd_config.d"},
	{name: "immutable drop-in", says: []string{"Operation not permitted", dropIn},
		make: "echo '# old' >" + dropIn + "; systemctl reload ssh; chattr +i " + dropIn, mend: "chattr -i " + dropIn + "; rm " + dropIn + "; systemctl reload ssh"},
	{name: "no rights to sudo", user: "guest", says: []string{"sudo"}, make: ":", mend: ":"},
	{name: "no /run/sshd", fine: true, make: "rmdir /run/sshd", mend: "mkdir -p /run/sshd"},
	{name: "noexec /tmp", fine: true, make: "mount --bind /tmp /tmp && mount -o remount,bind,noexec /tmp", mend: "umount /tmp"},
	{name: "full /tmp", fine: true, make: "mount -t tmpfs -o size=4k tmpfs /tmp; dd if=/dev/zero of=/tmp/filler 2>/dev/null || :", mend: "umount /tmp"},
}

// TestLabFaults: a host on which a change cannot be made is left as it was, with
// an error that names what is wrong; one on which it can be made gets it.
func TestLabFaults(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		for _, f := range faults {
			r.fault(t, f)
		}
	})
}

func (r *labRig) fault(t *testing.T, f fault) {
	t.Helper()
	as := r.rig
	if f.user != "" {
		as = rigOn(t, r.Machine, f.user)
	}
	clean := r.Snapshot("/etc/ssh")
	h, err := as.pool.Acquire(t.Context(), as.target.Spec) // some faults keep new logins out
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	r.Sh(f.make)
	before := r.Snapshot("/etc/ssh")
	_, _, outcome, err := as.walk().Apply(t.Context(), as.target, wish("ClientAliveInterval", "60"), reconcile.Record{})
	t.Logf("%s: %s: %v", f.name, outcome, err)
	if f.fine {
		if err != nil || outcome != reconcile.Applied {
			t.Errorf("%s: %s: %v", f.name, outcome, err)
		}
	} else {
		r.refused(t, f, outcome, err)
		if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
			t.Errorf("%s: touched:\n%s", f.name, d)
		}
	}
	r.Sh(f.mend)
	if f.fine {
		if _, err := as.walk().Remove(t.Context(), as.target, wish("ClientAliveInterval", "60"), reconcile.Record{}); err != nil {
			t.Errorf("%s: remove: %v", f.name, err)
		}
	}
	if d := hosttest.Differences(clean, r.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("%s: in the end /etc/ssh differs:\n%s", f.name, d)
	}
	if left := r.traces(); left != "" {
		t.Errorf("%s: left behind:\n%s", f.name, left)
	}
	r.eventually(t, f.name+" to let us log in again", func() bool { return r.login("root") == nil })
}

func (r *labRig) refused(t *testing.T, f fault, outcome reconcile.Outcome, err error) {
	t.Helper()
	if err == nil || outcome != reconcile.Unchanged {
		t.Errorf("%s: %s: %v", f.name, outcome, err)
		return
	}
	for _, word := range f.says {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: the error does not say %q: %v", f.name, word, err)
		}
	}
}

// TestLabSymlinks: a main file and a drop-in that are symbolic links stay links.
func TestLabSymlinks(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		r.Sh("mv " + mainFile + " /srv/main; ln -s ../../srv/main " + mainFile + "; echo '# old' >/srv/drop; ln -s /srv/drop " + dropIn + "; systemctl reload ssh")
		before := r.Snapshot("/etc/ssh", "/srv")
		want := wish("ClientAliveInterval", "60")
		apply(t, r.rig, want)
		if got := string(r.Read("/srv/drop")); !strings.Contains(got, "ClientAliveInterval 60") {
			t.Errorf("the file behind the link is %q", got)
		}
		if _, err := r.walk().Remove(t.Context(), r.target, want, reconcile.Record{}); err != nil {
			t.Fatal(err)
		}
		if d := hosttest.Differences(before, r.Snapshot("/etc/ssh", "/srv")); d != "" {
			t.Errorf("after remove:\n%s", d)
		}
		r.noTraces(t)
	})
}

// TestLabTwoAtOnce: two clients of one host wait for each other or say conflict,
// and what is in force is one of the two, whole.
func TestLabTwoAtOnce(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		first, second := twoFiles("60"), twoFiles("90")
		for _, step := range []string{"", "compare", "swap", "live", "disarm"} {
			old := r.Snapshot("/etc/ssh")
			a, b := (*clientProcess)(nil), (*clientProcess)(nil)
			if step == "" {
				a, b = r.start(t, first, step, time.Minute), r.start(t, second, step, time.Minute)
			} else {
				r.Write(brakeFile, step+"\n")
				a = r.start(t, first, step, time.Minute)
				r.stopped(t, step, a)
				b = r.start(t, second, step, time.Minute)
				r.eventually(t, "the second client's change to wait", func() bool { return strings.Count(r.Sh("ps -eww -o args"), "/bin/sh -s\n") > 1 })
				r.loosen()
			}
			saidA, saidB := a.end(t), b.end(t)
			t.Logf("at %q: %s; %s", step, saidA, saidB)
			r.oneOf(t, step, saidA, saidB)
			if _, err := r.walk().Remove(t.Context(), r.target, first, reconcile.Record{}); err != nil {
				t.Fatal(err)
			}
			if d := hosttest.Differences(old, r.Snapshot("/etc/ssh")); d != "" {
				t.Errorf("after remove:\n%s", d)
			}
		}
	})
}

// oneOf checks what two clients left behind against what they said.
func (r *labRig) oneOf(t *testing.T, step, saidA, saidB string) {
	t.Helper()
	r.noTraces(t)
	appliedA, appliedB := strings.HasPrefix(saidA, "applied"), strings.HasPrefix(saidB, "applied")
	got := r.Effective("clientaliveinterval")
	switch {
	case !appliedA && !appliedB:
		t.Errorf("at %q: none was applied", step)
	case appliedA && !appliedB && got != "60", appliedB && !appliedA && got != "90", got != "60" && got != "90":
		t.Errorf("at %q: in force is %s", step, got)
	}
	for _, said := range []string{saidA, saidB} {
		if !strings.HasPrefix(said, "applied") && !strings.HasPrefix(said, "unchanged") {
			t.Errorf("at %q: a client said %s", step, said)
		}
		if strings.HasPrefix(said, "unchanged") && !strings.Contains(said, "since it was last read") && !strings.Contains(said, "in progress") {
			t.Errorf("at %q: a client does not say conflict: %s", step, said)
		}
	}
}

// edit is what somebody does to a file while a change of it is under way.
type edit struct {
	before, script string
	applied        bool // it comes too late to be a conflict
}

var edits = []edit{
	{before: "compare", script: "echo '# by hand' >>" + cloud},
	{before: "validate", script: "echo '# by hand' >" + dropIn},
	{before: "arm", script: "sed -i '1s/^/# by hand\\n/' " + cloud},
	{before: "swap", script: "echo '# by hand' >>" + cloud},
	{before: "swap", script: "sed -i '1s/^/# by hand\\n/' " + cloud},
	{before: "swap", script: "echo '# by hand' >" + late},
	{before: "second", script: "echo '# by hand' >" + late},
	{before: "second", script: "echo '# by hand' >>" + cloud, applied: true},
	{before: "reload", script: "echo '# by hand' >>" + cloud, applied: true},
}

// TestLabHandEdit: what somebody edits between the look and the swap of a file is
// a conflict, and is neither overwritten nor taken back; a later edit is of the new
// file, and stays too.
func TestLabHandEdit(t *testing.T) {
	everyRelease(t, func(t *testing.T, o lab.Options) {
		r := newLabRig(t, o, "root")
		for _, e := range edits {
			r.edited(t, e)
		}
	})
}

func (r *labRig) edited(t *testing.T, e edit) {
	t.Helper()
	before := r.Snapshot("/etc/ssh")
	want := twoFiles("60")
	if strings.Contains(e.script, dropIn) {
		want = wish("ClientAliveInterval", "60")
	}
	r.Write(brakeFile, e.before+"\n")
	go r.meddle(e.script)
	_, _, outcome, err := newWalk(&cutting{Machines: r.pool, onConfirm: func() {}}).Apply(t.Context(), r.target, want, reconcile.Record{})
	t.Logf("%s before %s: %s: %v", e.script, e.before, outcome, err)
	conflict := outcome == reconcile.Unchanged || outcome == reconcile.RolledBack
	if !e.applied && (!conflict || !strings.Contains(err.Error(), "since it was last read")) || e.applied && err != nil {
		t.Errorf("%s before %s: %s: %v", e.script, e.before, outcome, err)
	}
	got := r.Sh("cat /etc/ssh/sshd_config.d/*")
	if strings.Count(got, "# by hand") != 1 || strings.Contains(got, "Interval 60") != e.applied {
		t.Errorf("%s before %s: the drop-ins are %q", e.script, e.before, got)
	}
	r.noTraces(t)
	r.Sh("sed -i '/by hand/d; s/^#sshkeepalive.*# //' " + cloud + "; rm -f " + dropIn + " " + late + "; systemctl reload ssh")
	if d := hosttest.Differences(before, r.Snapshot("/etc/ssh")); d != "" {
		t.Errorf("%s before %s: in the end:\n%s", e.script, e.before, d)
	}
}
