package reconcile_test

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestCoolifyOfItsInstaller: the installer gives the whole directory to uid 9999, which
// has no name on the host, and leaves a file that it writes later to root.
func TestCoolifyOfItsInstaller(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"bullseye", "bookworm", "trixie"} {
		for _, owner := range []string{"9999:root", "root:root"} {
			t.Run(release+" "+owner, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, hosttest.Options{Release: release, Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}, Files: map[string]string{coolifyEnv: "APP_KEY=hunter2\nSSH_MAX_RETRIES=3\n"}}, "admin")
				r.target.Spec.Sudo = true
				r.Sh("chown -R 9999:root /data/coolify; chmod -R 700 /data/coolify; chown " + owner + " " + coolifyEnv + "; chmod 640 " + coolifyEnv)
				before := r.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")
				target := reconcile.Target{Spec: r.target.Spec, File: coolifyEnv}
				if _, _, outcome, err := r.walk().ApplyCoolify(t.Context(), target, coolifyWish(1), reconcile.Record{}); err != nil || outcome != reconcile.Applied {
					t.Fatalf("%s, %v", outcome, err)
				}
				after := r.Snapshot("/data")[coolifyEnv]
				if was := before[coolifyEnv]; after.Mode != was.Mode || after.UID != was.UID || after.GID != was.GID || !strings.HasSuffix(after.Data, "\nSSH_MAX_RETRIES=1\n") {
					t.Errorf("written: %+v", after)
				}
				if _, changed, err := r.walk().RemoveCoolify(t.Context(), target, coolifyWish(1), reconcile.Record{}); !changed || err != nil {
					t.Errorf("removed: %v, %v", changed, err)
				}
				if d := hosttest.Differences(before, r.Snapshot("/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")); d != "" {
					t.Errorf("left:\n%s", d)
				}
				r.noTraces(t)
			})
		}
	}
}

// TestNoOtherFileThroughCoolify: neither a slip of the path, nor what the owner of the
// directory puts in the place of the file, lets the resource read or write another one.
func TestNoOtherFileThroughCoolify(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{Files: map[string]string{coolifyEnv: "SSH_MAX_RETRIES=3\n", "/srv/system/.env": "SSH_MAX_RETRIES=3\n"}}, "root")
	r.Sh("chown -R 9999:root /data/coolify; cp -p " + coolifyEnv + " /srv/kept; chmod 600 /srv/system/.env; ln -s /etc/shadow /srv/shadow.env")
	before := r.Snapshot("/etc", "/srv")
	const source = "/data/coolify/source"
	for name, c := range map[string]struct{ plant, file, says string }{
		"a file of the system":            {"", "/etc/shadow", `"/etc/shadow" is not the name of an environment file`},
		"a file of a name that ends so":   {"", "/etc/environment", "is not the name of an environment file"},
		"a link of root's to one":         {"", "/srv/shadow.env", "is not an environment file"},
		"a link to one":                   {"ln -sf /etc/shadow .env", coolifyEnv, coolifyEnv + " is a symbolic link that another account can have made"},
		"a link to an environment file":   {"ln -sf ../../../srv/system/.env .env", coolifyEnv, "is a symbolic link"},
		"a link to itself":                {"rm .env; ln -s .env .env", coolifyEnv, "is a symbolic link"},
		"a link for the directory":        {"cd ..; mv source aside; ln -s /srv/system source", coolifyEnv, source + " is a symbolic link"},
		"a pipe":                          {"rm .env; mkfifo .env", coolifyEnv, "is not a file that can be read"},
		"a directory":                     {"rm .env; mkdir .env", coolifyEnv, "is not a file that can be read"},
		"a device":                        {"rm .env; mknod .env c 1 3", coolifyEnv, "is not a file that can be read"},
		"nothing":                         {"rm .env", coolifyEnv, "is not there"},
		"a name with a command in it":     {"mkdir '$(touch ran)'; ln -s /etc/shadow '$(touch ran)/.env'", source + "/$(touch ran)/.env", "is a symbolic link"},
		"a name with quotes, and a blank": {`mkdir "it's \"a b\""; ln -s /etc/shadow "it's \"a b\"/.env"`, source + `/it's "a b"/.env`, "is a symbolic link"},
	} {
		if c.plant != "" {
			r.Sh("set -e; cd " + source + "; " + c.plant)
		}
		target := reconcile.Target{Spec: r.target.Spec, File: c.file}
		sight, _, outcome, err := r.walk().ApplyCoolify(t.Context(), target, coolifyWish(1), reconcile.Record{})
		if outcome != reconcile.Unchanged || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %s, %v", name, outcome, err)
		}
		if strings.Contains(string(sight.Facts.Text), "$") {
			t.Errorf("%s: it was told %q", name, sight.Facts.Text)
		}
		if _, changed, err := r.walk().RemoveCoolify(t.Context(), target, coolifyWish(1), reconcile.Record{}); changed {
			t.Errorf("%s: removed, %v", name, err)
		}
		r.Sh("cd /data/coolify; rm -rf source aside; mkdir source; cp -p /srv/kept source/.env; chown 9999:root source")
		if d := hosttest.Differences(before, r.Snapshot("/etc", "/srv")); d != "" {
			t.Fatalf("%s: changed:\n%s", name, d)
		}
	}
	r.noTraces(t)
}
