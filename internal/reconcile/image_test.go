package reconcile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// imageAt is the target of an image mounted at root.
func imageAt(t *testing.T, root string) reconcile.Target {
	t.Helper()
	transport := "image"
	spec, err := host.Resolve("image", host.Settings{Transport: &transport, Root: &root})
	if err != nil {
		t.Fatal(err)
	}
	return reconcile.Target{Spec: spec, NoReload: true, ConfirmTimeout: 60 * time.Second}
}

// listing is every file below root that is not a directory, with its text or
// where it points to.
func listing(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		text := ""
		if strings.Contains(path, "/etc/") {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(data)
		}
		files[strings.TrimPrefix(path, root)] = info.Mode().String() + text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func different(before, after map[string]string) []string {
	var names []string
	for name, text := range after {
		if was, ok := before[name]; !ok || was != text {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			names = append(names, name+" (gone)")
		}
	}
	return names
}

// An image has no daemon, no host keys and no devices; its own sshd judges all the
// same, and nothing but the drop-in stays behind.
func TestImage(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"bullseye", "bookworm", "trixie"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			root := hosttest.Image(t, release)
			target := imageAt(t, root)
			pool := pool.New(pool.Options{})
			before := listing(t, root)
			want := wish("ClientAliveInterval", "1m", "PermitRootLogin", "no")
			want.Contexts = nil
			sight, plan, outcome, err := newWalk(pool).Apply(t.Context(), target, want, reconcile.Record{})
			if err != nil || outcome != reconcile.Applied {
				t.Fatalf("%s, %v (trail: %s)", outcome, err, plan.Trail)
			}
			if names := different(before, listing(t, root)); len(names) != 1 || names[0] != plan.ManagedFile {
				t.Errorf("changed: %q", names)
			}
			if o := sshserver.Observe(want, sight.Facts); len(o.Drift) > 0 || o.Values["ClientAliveInterval"][0] != "1m" || sight.Facts.Daemon.PID != 0 {
				t.Errorf("observed %+v, daemon %+v", o, sight.Facts.Daemon)
			}
			if _, _, outcome, err := newWalk(pool).Apply(t.Context(), target, want, reconcile.Record{}); err != nil || outcome != reconcile.Unchanged {
				t.Errorf("second apply: %s, %v", outcome, err)
			}
			_, _, _, err = newWalk(pool).Apply(t.Context(), target, wish("PermitRootLogin", "perhaps"), reconcile.Record{})
			var failed *reconcile.Error
			if !errors.As(err, &failed) || len(failed.Problems) != 1 || failed.Problems[0].Attribute != "PermitRootLogin" {
				t.Errorf("a value that its sshd does not know: %v", err)
			}
			if same, err := newWalk(pool).Remove(t.Context(), target, want, reconcile.Record{}); err != nil || !same {
				t.Fatalf("remove: %v %v", same, err)
			}
			if names := different(before, listing(t, root)); len(names) > 0 {
				t.Errorf("after remove these differ: %q", names)
			}
			for _, dir := range []string{"dev", "run", "tmp", "var/lib/sshkeepalive"} {
				if left, err := os.ReadDir(filepath.Join(root, dir)); err == nil && len(left) > 0 {
					t.Errorf("left in /%s: %v", dir, left)
				}
			}
		})
	}
}

// What is no image, or cannot run here, is refused with the reason.
func TestBadImages(t *testing.T) {
	t.Parallel()
	foreign := hosttest.Image(t, "bookworm")
	for _, name := range []string{"usr/bin/dash", "usr/bin/bash"} {
		if err := os.WriteFile(filepath.Join(foreign, name), []byte("\x7fELF\x02\x01\x01 of another processor"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	bare := hosttest.Image(t, "bookworm")
	if err := os.Remove(filepath.Join(bare, "usr/sbin/sshd")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ root, want string }{
		"nothing mounted":   {t.TempDir(), "is the image mounted there?"},
		"no such directory": {filepath.Join(t.TempDir(), "absent"), "is not a directory"},
		"another processor": {foreign, "Exec format error"},
		"without sshd":      {bare, "no sshd program is installed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newWalk(pool.New(pool.Options{})).Look(t.Context(), imageAt(t, c.root), wish("ClientAliveInterval", "60"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, have %v", c.want, err)
			}
			t.Log(err)
		})
	}
}
