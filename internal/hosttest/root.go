package hosttest

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed root.sh
var rootScript string

// Prepare downloads and unpacks the packages of a release unless that was done
// before.
func Prepare(release string) error {
	_, err := rootFor(release)
	return err
}

// rootFor returns the directory with the unpacked packages of a release.
func rootFor(release string, more ...string) (string, error) {
	if err := Missing(); err != nil {
		return "", err
	}
	recipe := rootScript
	if more != nil {
		recipe = "set -- \"$@\" " + strings.Join(more, " ") + "\n" + recipe
	}
	return Root(release, recipe)
}

// Root returns the root file system that a recipe makes of a Debian release, and
// makes it first if it does not exist. The recipe is a shell script that gets the release,
// a mirror and a directory, and leaves the file system in root below the latter.
// Test packages that run side by side wait for each other here.
func Root(release, recipe string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache directory for unpacked Debian packages: %w", err)
	}
	// A changed recipe is another directory.
	sum := sha256.Sum256([]byte(recipe))
	dest := filepath.Join(cache, "sshkeepalive-hosttest", fmt.Sprintf("%s-%x", release, sum[:4]))
	root := filepath.Join(dest, "root")
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(dest + ".lock")
	if err != nil {
		return "", err
	}
	defer func() { _ = unlock() }()
	if _, err := os.Stat(root); err == nil {
		return root, nil
	}
	return root, buildRoot(release, recipe, dest)
}

func lock(name string) (unlock func() error, err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
	}
	return f.Close, nil
}

// buildRoot unpacks into a directory beside dest, which is renamed at the end:
// what is at dest is complete.
func buildRoot(release, recipe, dest string) error {
	mirror, err := debianMirror()
	if err != nil {
		return err
	}
	work := dest + ".building"
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	var output bytes.Buffer
	cmd := exec.Command("sh", "-s", release, mirror, work)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(recipe), &output, &output
	if err := cmd.Run(); err != nil {
		_ = os.RemoveAll(work) // the next build removes it as well
		return fmt.Errorf("download and unpack Debian %s with OpenSSH (this needs the Debian mirror of this machine's apt sources, once): %w: %s",
			release, err, strings.TrimSpace(output.String()))
	}
	return os.Rename(work, dest)
}

// debianMirror asks apt where this machine gets Debian's own packages from.
func debianMirror() (string, error) {
	// The label is known only after the first apt-get update.
	if mirror, err := mirrorFromApt(); mirror != "" || err != nil {
		return mirror, err
	}
	if _, err := run(exec.Command("apt-get", "-qq", "update")); err != nil {
		return "", fmt.Errorf("find a Debian mirror: %w", err)
	}
	mirror, err := mirrorFromApt()
	if mirror == "" && err == nil {
		err = errors.New("find a Debian mirror: apt has no source with the label Debian on this machine; run this on Debian, for example in a privileged container")
	}
	return mirror, err
}

func mirrorFromApt() (string, error) {
	out, err := run(exec.Command("apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"))
	if err != nil {
		return "", fmt.Errorf("ask apt for its sources: %w", err)
	}
	for line := range strings.Lines(out) {
		if label, uri, _ := strings.Cut(strings.TrimSpace(line), " "); label == "Debian" {
			return uri, nil
		}
	}
	return "", nil
}
