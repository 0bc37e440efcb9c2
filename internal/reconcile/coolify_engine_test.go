package reconcile_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/envfile"
)

const coolifyEnv = "/data/coolify/source/.env"

func coolifyWish(tries int) coolify.Want {
	return coolify.Want{Settings: []keepalive.Setting{{Attribute: "max_retries", Keyword: "SSH_MAX_RETRIES", Values: []string{fmt.Sprint(tries)}}}}
}

// TestCoolifyEngine: through a link, by a user with sudo, against one who writes at
// the same time, and on another machine.
func TestCoolifyEngine(t *testing.T) {
	t.Parallel()
	const text = "APP_KEY=hunter2\r\nSSH_MAX_RETRIES=3"
	r := newRig(t, hosttest.Options{Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}, Files: map[string]string{"/srv/real.env": text}}, "admin")
	r.target.Spec.Sudo = true
	r.Sh("mkdir -p /data/coolify/source; ln -s ../../../srv/real.env " + coolifyEnv + "; chmod 640 /srv/real.env; chown 9999:root /srv/real.env")
	before := r.Snapshot("/srv", "/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")
	target := reconcile.Target{Spec: r.target.Spec, File: coolifyEnv}

	sight, plan, outcome, err := r.walk().ApplyCoolify(t.Context(), target, coolifyWish(1), reconcile.Record{})
	if err != nil || outcome != reconcile.Applied || strings.Contains(fmt.Sprintf("%+v %s", plan, sight.Facts.Text), "hunter2") {
		t.Fatalf("%s %v %+v", outcome, err, plan)
	}
	if got := r.Sh("cat /srv/real.env; stat -c ' %a %u' /srv/real.env"); got != "APP_KEY=hunter2\r\n# sshkeepalive took SSH_MAX_RETRIES 1: SSH_MAX_RETRIES=3\r\nSSH_MAX_RETRIES=1 640 9999\n" {
		t.Errorf("written: %q", got)
	}
	if _, _, outcome, err := r.walk().ApplyCoolify(t.Context(), target, coolifyWish(1), reconcile.Record{}); err != nil || outcome != reconcile.Unchanged {
		t.Errorf("again: %s %v", outcome, err)
	}
	rec := reconcile.Record{MachineID: sight.MachineID, Digests: envfile.Kind.Digests(coolifyWish(1), sight.Facts)}
	r.Sh("printf '\\r\\nAPP_NAME=x' >>/srv/real.env")
	var conflict *reconcile.ConflictError
	if _, _, outcome, err := r.walk().ApplyCoolify(t.Context(), target, coolifyWish(2), rec); outcome != reconcile.Unchanged || !errors.As(err, &conflict) {
		t.Errorf("over somebody else's edit: %s %v", outcome, err)
	}
	walk := r.walk() // has looked, and then somebody writes
	if _, err := walk.LookCoolify(t.Context(), target, coolifyWish(2)); err != nil {
		t.Fatal(err)
	}
	r.Sh("sed -i s/SSH_MAX_RETRIES=1/SSH_MAX_RETRIES=5/ /srv/real.env")
	if _, _, outcome, err := walk.ApplyCoolify(t.Context(), target, coolifyWish(2), reconcile.Record{}); outcome != reconcile.Unchanged || !errors.As(err, &conflict) {
		t.Errorf("over what nobody looked at: %s %v", outcome, err)
	}
	if same, changed, err := r.walk().RemoveCoolify(t.Context(), target, coolifyWish(1), reconcile.Record{MachineID: "another"}); same || changed || err != nil {
		t.Errorf("on another machine: %v %v %v", same, changed, err)
	}
	if same, changed, err := r.walk().RemoveCoolify(t.Context(), target, coolifyWish(1), rec); !same || !changed || err != nil {
		t.Errorf("removed: %v %v %v", same, changed, err)
	}
	if same, changed, err := r.walk().RemoveCoolify(t.Context(), target, coolifyWish(1), rec); !same || changed || err != nil {
		t.Errorf("removed twice: %v %v %v", same, changed, err)
	}
	r.Sh("head -c -12 /srv/real.env >/x; cat /x >/srv/real.env")
	if d := hosttest.Differences(before, r.Snapshot("/srv", "/data", "/var/lib/sshkeepalive", "/run/sshkeepalive")); d != "" {
		t.Errorf("left:\n%s", d)
	}
}

// TestLookAtAnInstallation takes one script, as a user with sudo, and sees that the file
// was changed by an apply after the container was created.
func TestLookAtAnInstallation(t *testing.T) {
	t.Parallel()
	r := newRig(t, hosttest.Options{Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}, Files: map[string]string{coolifyEnv: "APP_KEY=hunter2\nSSH_MAX_RETRIES=3\n"}}, "admin")
	r.target.Spec.Sudo = true
	target := reconcile.Target{Spec: r.target.Spec, File: coolifyEnv}
	r.Sh("cp \"$(command -v sleep)\" /usr/local/bin/dockerd; (setsid dockerd 10000 >/dev/null 2>&1 &); touch -d '1 hour ago' " + coolifyEnv)
	const id = "4f0c2a7be91d33584f0c2a7be91d33584f0c2a7be91d33584f0c2a7be91d3358"
	created := strings.TrimSpace(r.Sh("date -u -d '1 minute ago' +%Y-%m-%dT%H:%M:%SZ"))
	r.Write("/usr/local/bin/docker", fmt.Sprintf("#!/bin/sh\necho '@container %s 0 \"%s\" \"%s\" \"running\" \"coollabsio/coolify:4.3.10\"'\n", id, created, created))
	r.Sh("chmod 755 /usr/local/bin/docker; until grep -qx dockerd /proc/[0-9]*/comm; do sleep 0.05; done")
	w := watch(r.pool)
	walk := newWalk(w)
	for _, want := range []bool{false, true} {
		w.ran()
		sight, err := walk.installed.Look(t.Context(), target, "coolify")
		if err != nil {
			t.Fatal(err)
		}
		if ran := w.ran(); !slices.Equal(ran, []string{"coolify"}) {
			t.Errorf("it took the scripts %q", ran)
		}
		if pending, why := sight.Facts.Pending(); pending != want || why != "" {
			t.Errorf("pending: %v, %s", pending, why)
		}
		if release, source, _ := sight.Facts.Release(); release != "4.3.10" || source != coolify.FromContainer || strings.Contains(fmt.Sprintf("%+v", sight), "hunter2") {
			t.Errorf("%s of %s, %+v", release, source, sight)
		}
		if want {
			break
		}
		if _, _, outcome, err := walk.ApplyCoolify(t.Context(), target, coolifyWish(1), reconcile.Record{}); err != nil || outcome != reconcile.Applied {
			t.Fatalf("%s %v", outcome, err)
		}
	}
}
