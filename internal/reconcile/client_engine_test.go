package reconcile_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/client"
)

const bobConfig = "/home/bob/.ssh/config"

// sshRig is a host with the users bob and eve, reached as user.
func sshRig(t *testing.T, user string, files map[string]string) (*rig, reconcile.Target) {
	t.Helper()
	return sshRigOf(t, "", user, files)
}

func sshRigOf(t *testing.T, release, user string, files map[string]string) (*rig, reconcile.Target) {
	t.Helper()
	o := hosttest.Options{Release: release, Users: []hosttest.User{{Name: "bob", NoKey: user != "bob"}, {Name: "eve"}, {Name: "admin", Sudo: "nopasswd"}}, Files: files}
	r := newRig(t, o, user)
	r.target.Spec.Sudo = user == "admin"
	r.Sh("chown -R bob:bob /home/bob; [ ! -d /home/bob/.ssh ] || { find /home/bob/.ssh -type f -exec chmod 600 {} +; chmod 700 /home/bob/.ssh; }")
	return r, reconcile.Target{Spec: r.target.Spec, File: "~/.ssh/config"}
}

func sshWish(block string, pairs ...string) sshclient.Want {
	want, _ := sshclient.ParseBlock(block)
	want.Settings = wish(pairs...).Settings
	return want
}

func applySSH(t *testing.T, r *rig, target reconcile.Target, want sshclient.Want) (reconcile.Snapshot[sshclient.Facts], keepalive.Plan) {
	t.Helper()
	sight, plan, outcome, err := r.walk().ApplyClient(t.Context(), target, want, reconcile.Record{})
	if err != nil || outcome != reconcile.Applied {
		t.Fatalf("apply: %q, %v (trail: %s)", outcome, err, plan.Trail)
	}
	return sight, plan
}

// sshSays is what ssh -G of bob prints for keyword.
func (r *rig) sshSays(t *testing.T, host, keyword string) string {
	t.Helper()
	out := r.Sh("runuser -u bob -- ssh -G " + host + " 2>/dev/null")
	for line := range strings.Lines(out) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == keyword {
			return value
		}
	}
	return ""
}

// everything below the home of bob and in /etc/ssh, but for files that only a
// connection as that user touches.
func (r *rig) sshFiles() map[string]hosttest.File {
	return r.Snapshot("/home/bob", "/etc/ssh", "/root")
}

func TestSSHLife(t *testing.T) {
	t.Parallel()
	wanted := sshWish("Host *.example.org !old.example.org", "ServerAliveInterval", "1m", "ServerAliveCountMax", "4", "ControlMaster", "auto", "ControlPath", "~/.ssh/cm/%C", "ControlPersist", "10m")
	cases := []struct {
		name, user, file, as string
		files                map[string]string
	}{
		{"bullseye", "admin", "~/.ssh/config", "bob", map[string]string{bobConfig: "ServerAliveInterval 300\nHost *\n"}},
		{"trixie", "admin", "~/.ssh/config", "bob", map[string]string{bobConfig: "ServerAliveInterval 300\nHost *\n"}},
		{"drop-in of the system by sudo", "admin", "/etc/ssh/ssh_config.d/10-keepalive.conf", "bob", nil},
		{"own new file", "bob", "~/.ssh/config", "", nil},
		{"own file", "bob", "~/.ssh/config", "", map[string]string{bobConfig: "User bob\r\nHost *\r\n\tServerAliveInterval 300"}},
		{"file of another user", "root", "~/.ssh/config", "bob", map[string]string{bobConfig: "ServerAliveInterval 300\nUser \"bob\"\n"}},
		{"new file and directory of another user", "root", "~/.ssh/config", "bob", nil},
		{"included file", "bob", "~/.ssh/config.d/keepalive", "", map[string]string{bobConfig: "Include config.d/*\nHost *\n  ServerAliveInterval 5\n"}},
		{"drop-in of the system", "root", "/etc/ssh/ssh_config.d/10-keepalive.conf", "bob", nil},
		{"new file for -F alone", "bob", "/home/bob/mine.conf", "", nil},
		{"main file of the system", "root", "/etc/ssh/ssh_config", "bob", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			release := ""
			if c.name == "bullseye" || c.name == "trixie" {
				release = c.name
			}
			r, target := sshRigOf(t, release, c.user, c.files)
			target.File, target.User = c.file, c.as
			before := r.sshFiles()
			sight, plan := applySSH(t, r, target, wanted)
			if got := r.sshSays(t, "db.example.org", "serveraliveinterval"); got != "60" && c.file != "/home/bob/mine.conf" {
				t.Errorf("ssh says %q; trail %s", got, plan.Trail)
			}
			if got := r.sshSays(t, "old.example.org", "serveralivecountmax"); got != "3" {
				t.Errorf("for another host ssh says %q", got)
			}
			if o := sshclient.Observe(wanted, sight.Facts); len(o.Drift) > 0 || !o.Managed {
				t.Errorf("observed %+v", o)
			}
			if _, _, outcome, err := r.walk().ApplyClient(t.Context(), target, wanted, reconcile.Record{}); err != nil || outcome != reconcile.Unchanged {
				t.Errorf("second apply: %q, %v", outcome, err)
			}
			if same, err := r.walk().RemoveClient(t.Context(), target, wanted, reconcile.Record{MachineID: sight.MachineID}); err != nil || !same {
				t.Fatalf("remove: %v %v", same, err)
			}
			if d := hosttest.Differences(before, r.sshFiles()); d != "" {
				t.Errorf("after remove it differs:\n%s", d)
			}
			if left := r.Sh("find /run/sshkeepalive /var/lib/sshkeepalive /tmp -mindepth 1 2>/dev/null || :"); strings.TrimSpace(left) != "" {
				t.Errorf("left behind: %s", left)
			}
		})
	}
}

// New files and directories have the modes that ssh and its other users need.
func TestSSHModes(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "root", nil)
	r.Sh("rm -rf /home/bob/.ssh")
	target.User = "bob"
	applySSH(t, r, target, sshWish("Host *", "ControlPath", "~/.ssh/cm/%C"))
	target.File = "/etc/ssh/ssh_config.d/10-keepalive.conf"
	applySSH(t, r, target, sshWish("Host *", "ServerAliveInterval", "60"))
	got := r.Sh("stat -c '%a %U %n' /home/bob/.ssh /home/bob/.ssh/cm " + bobConfig + " " + target.File)
	if want := "700 bob /home/bob/.ssh\n700 bob /home/bob/.ssh/cm\n600 bob " + bobConfig + "\n644 root " + target.File + "\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestSSHDriftIsNamedWithFileAndLine(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", map[string]string{bobConfig: "Host *\n  User bob\n"})
	want := sshWish("Host db", "ServerAliveInterval", "60")
	applySSH(t, r, target, want)
	r.Sh("sed -i '1i Host db*\\n  ServerAliveInterval 600' " + bobConfig)
	sight, err := r.walk().LookClient(t.Context(), target, want)
	if err != nil {
		t.Fatal(err)
	}
	o := sshclient.Observe(want, sight.Facts)
	if len(o.Drift) != 1 || o.Drift[0].Text != "ServerAliveInterval is 600 for db, not 60, because /home/bob/.ssh/config:2 is read first (Host db*)" {
		t.Fatalf("observed %+v", o)
	}
	applySSH(t, r, target, want)
	if got := r.sshSays(t, "db", "serveraliveinterval"); got != "60" {
		t.Errorf("after the repair ssh says %q", got)
	}
}

// Permissions that ssh refuses are reported with the file, and nothing is
// touched.
func TestSSHRefusesPermissions(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{"writable by others": "chmod 666 " + bobConfig, "of somebody else": "chown eve " + bobConfig + "; chmod 644 " + bobConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, target := sshRig(t, "bob", map[string]string{bobConfig: "User bob\n"})
			r.Sh(spoil)
			before := r.sshFiles()
			_, _, _, err := r.walk().ApplyClient(t.Context(), target, sshWish("Host *", "ServerAliveInterval", "60"), reconcile.Record{})
			var failed *reconcile.Error
			if !errors.As(err, &failed) || len(failed.Problems) != 1 || failed.Problems[0].Code != sshclient.BadPermissions || !strings.Contains(err.Error(), bobConfig) {
				t.Errorf("error %v", err)
			}
			if d := hosttest.Differences(before, r.sshFiles()); d != "" {
				t.Errorf("touched:\n%s", d)
			}
		})
	}
}

// A drop-in that only root can read leaves every other user without ssh.
func TestSSHUnreadableDropIn(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", map[string]string{"/etc/ssh/ssh_config.d/50-secret.conf": "Host secret\n"})
	r.Sh("chmod 600 /etc/ssh/ssh_config.d/50-secret.conf")
	_, _, _, err := r.walk().ApplyClient(t.Context(), target, sshWish("Host *", "ServerAliveInterval", "60"), reconcile.Record{})
	if err == nil || !strings.Contains(err.Error(), "50-secret.conf") || !strings.Contains(err.Error(), "bob") {
		t.Errorf("error %v", err)
	}
}

// Two resources in one file at the same time: both hold, and each is taken back
// by itself, in any order.
func TestSSHTwoBlocksAtOnce(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", map[string]string{bobConfig: "# bob's\nHost *\n  Compression yes\n"})
	before := r.sshFiles()
	blocks := []sshclient.Want{sshWish("Host a*", "ServerAliveInterval", "11", "ControlPath", "~/.ssh/cm/%C"), sshWish("Host b*", "ServerAliveInterval", "22", "ControlPath", "~/.ssh/cm/%C")}
	engine := r.walk()
	var all sync.WaitGroup
	for _, want := range blocks {
		all.Go(func() {
			if _, _, _, err := engine.ApplyClient(t.Context(), target, want, reconcile.Record{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a, b := r.sshSays(t, "a1", "serveraliveinterval"), r.sshSays(t, "b1", "serveraliveinterval"); a != "11" || b != "22" {
		t.Errorf("ssh says %q and %q:\n%s", a, b, r.Read(bobConfig))
	}
	sight, err := r.walk().LookClient(t.Context(), target, blocks[1])
	if err != nil {
		t.Fatal(err)
	}
	recorded := client.Kind.Digests(blocks[1], sight.Facts)
	blocks[0].Settings[0].Values = []string{"12"}
	applySSH(t, r, target, blocks[0])
	blocks[1].Settings[0].Values = []string{"23"}
	if _, _, outcome, err := r.walk().ApplyClient(t.Context(), target, blocks[1], reconcile.Record{Digests: recorded}); err != nil || outcome != reconcile.Applied {
		t.Errorf("a change of the other block is a conflict: %q %v", outcome, err)
	}
	for _, want := range blocks {
		if _, err := r.walk().RemoveClient(t.Context(), target, want, reconcile.Record{}); err != nil {
			t.Fatal(err)
		}
	}
	if d := hosttest.Differences(before, r.sshFiles()); d != "" {
		t.Errorf("after remove it differs:\n%s", d)
	}
}

func TestSSHConflictWithHandEdit(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", map[string]string{bobConfig: "User bob\n"})
	want := sshWish("Host db", "ServerAliveInterval", "60")
	sight, _ := applySSH(t, r, target, want)
	r.Sh("echo 'Port 2222' >>" + bobConfig)
	want.Settings[0].Values = []string{"90"}
	_, _, _, err := r.walk().ApplyClient(t.Context(), target, want, reconcile.Record{Digests: client.Kind.Digests(want, sight.Facts)})
	var conflict *reconcile.ConflictError
	if !errors.As(err, &conflict) || conflict.Path != bobConfig {
		t.Fatalf("error %v", err)
	}
}

// What the copy of the tree already shows to be without effect never goes live.
func TestSSHValidatesTheCopy(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", map[string]string{bobConfig: "Match exec \"true\"\n  ServerAliveInterval 5\nHost *\n", "/home/bob/.ssh/first": ""})
	r.Sh("sed -i '1i Include first' " + bobConfig + "; printf 'Match exec \"true\"\\n  ServerAliveCountMax 9\\n' >/home/bob/.ssh/first; chown bob:bob /home/bob/.ssh/first")
	target.File = "/home/bob/.ssh/first.d/x"
	r.Sh("mkdir /home/bob/.ssh/first.d; chown bob:bob /home/bob/.ssh/first.d; sed -i '2i Include first.d/*' " + bobConfig)
	before := r.sshFiles()
	_, _, outcome, err := r.walk().ApplyClient(t.Context(), target, sshWish("Host db", "ServerAliveCountMax", "4", "ServerAliveInterval", "6"), reconcile.Record{})
	var failed *reconcile.Error
	if !errors.As(err, &failed) || failed.Step != "validate" || outcome != reconcile.Unchanged {
		t.Errorf("%q, error %v", outcome, err)
	}
	if d := hosttest.Differences(before, r.sshFiles()); d != "" {
		t.Errorf("touched:\n%s", d)
	}
}

func TestSSHRefusesAValue(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", nil)
	_, _, _, err := r.walk().ApplyClient(t.Context(), target, sshWish("Host *", "ServerAliveInterval", "60", "StrictHostKeyChecking", "perhaps"), reconcile.Record{})
	var failed *reconcile.Error
	if !errors.As(err, &failed) || len(failed.Problems) != 1 || failed.Problems[0].Attribute != "StrictHostKeyChecking" {
		t.Errorf("error %v", err)
	}
}

// The settings make a master that a second ssh uses.
func TestSSHMakesAMaster(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", nil)
	r.Sh("runuser -u bob -- sh -ec 'cd ~bob/.ssh; ssh-keygen -q -t ed25519 -N \"\" -f id_ed25519; cat id_ed25519.pub >>authorized_keys; ssh-keyscan -t ed25519 127.0.0.1 >known_hosts 2>/dev/null'")
	applySSH(t, r, target, sshWish("Host loop", "ServerAliveInterval", "15", "ControlMaster", "auto", "ControlPath", "~/.ssh/cm/%C", "ControlPersist", "30", "HostName", "127.0.0.1"))
	out := r.Sh("runuser -u bob -- sh -c 'ssh -o BatchMode=yes loop true 2>/dev/null; ssh -O check loop 2>&1; ssh -o BatchMode=yes loop echo again; ls ~bob/.ssh/cm | wc -l; ssh -O stop loop 2>&1'")
	if !strings.Contains(out, "Master running") || !strings.Contains(out, "again\n1\n") {
		t.Errorf("no master: %s", out)
	}
}

// What holds on the copy and not in the files themselves is rolled back, and what
// was made for it goes.
func TestSSHRollsBack(t *testing.T) {
	t.Parallel()
	r, target := sshRig(t, "bob", map[string]string{
		bobConfig:              "Include first\nInclude config.d/*\n",
		"/home/bob/.ssh/first": "Match exec \"! ls -d /tmp/sshkeepalive-*\"\n  ServerAliveInterval 5\n",
	})
	target.File = "~/.ssh/config.d/keepalive"
	before := r.sshFiles()
	_, _, outcome, err := r.walk().ApplyClient(t.Context(), target, sshWish("Host db", "ServerAliveInterval", "60"), reconcile.Record{})
	var failed *reconcile.Error
	if !errors.As(err, &failed) || failed.Step != "verify" || outcome != reconcile.RolledBack || !strings.Contains(err.Error(), "for db serveraliveinterval is effectively 5, not 60") {
		t.Errorf("%q, error %v", outcome, err)
	}
	if d := hosttest.Differences(before, r.sshFiles()); d != "" {
		t.Errorf("not restored:\n%s", d)
	}
}
