package hosttest

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// File is what Snapshot saw of one file, directory or symbolic link. Of two
// equal values every byte and every attribute that an administrator sees is the
// same; times are left out.
type File struct {
	Mode     fs.FileMode
	UID, GID int
	Data     string
	Link     string
}

// Read returns the content of a file, following symbolic links.
func (m *Machine) Read(name string) []byte {
	out, err := m.Exec("cat", "--", name)
	m.must(err)
	return []byte(out)
}

// Write replaces the content of a file as an administrator's editor does: an
// existing file keeps its inode, mode and owner, and a symbolic link is followed.
// Missing directories are made.
func (m *Machine) Write(name, text string) {
	cmd := m.inside("sh", "-ec", `mkdir -p -- "$(dirname -- "$0")"; cat > "$0"`, name)
	cmd.Stdin = strings.NewReader(text)
	_, err := run(cmd)
	m.must(err)
}

// Remove removes files and whole directories.
func (m *Machine) Remove(name string) {
	_, err := m.Exec("rm", "-r", "--", name)
	m.must(err)
}

// Snapshot returns everything below the directories by absolute path; an absent
// directory has no entries.
func (m *Machine) Snapshot(dir ...string) map[string]File {
	files := map[string]File{}
	for _, d := range dir {
		m.must(m.snapshot(files, d))
	}
	return files
}

func (m *Machine) snapshot(files map[string]File, dir string) error {
	// What goes away while it is looked at is not there.
	out, err := m.Exec("sh", "-c", `there() { [ -e "$1" ] || [ -L "$1" ]; }; cd / || exit
		if there "$0"; then tar -c --numeric-owner --sort=name --hard-dereference -- "$0" || ! there "$0"; fi`, strings.TrimPrefix(path.Clean(dir), "/"))
	if err != nil {
		return err
	}
	for r := tar.NewReader(strings.NewReader(out)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the snapshot of %s: %w", dir, err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("read the snapshot of %s: %s: %w", dir, h.Name, err)
		}
		files["/"+strings.TrimSuffix(h.Name, "/")] = File{h.FileInfo().Mode(), h.Uid, h.Gid, string(data), h.Linkname}
	}
}

// Differences says in a line per file how two snapshots differ, "" if not at all.
func Differences(before, after map[string]File) string {
	var lines []string
	for name, was := range before {
		if is, ok := after[name]; !ok {
			lines = append(lines, name+": is gone")
		} else if is != was {
			lines = append(lines, fmt.Sprintf("%s: was %+v, is %+v", name, was, is))
		}
	}
	for name := range after {
		if _, ok := before[name]; !ok {
			lines = append(lines, name+": is new")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// archive collects files to be laid out on a machine in one go.
type archive struct {
	headers []tar.Header
	texts   []string
}

func (a *archive) add(name, text string, mode int64) {
	a.headers = append(a.headers, tar.Header{Name: strings.TrimPrefix(path.Clean(name), "/"), Mode: mode, Size: int64(len(text)), Typeflag: tar.TypeReg, ModTime: time.Now()})
	a.texts = append(a.texts, text)
}

func (a *archive) bytes() ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for i := range a.headers {
		if err := w.WriteHeader(&a.headers[i]); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, a.texts[i]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return buf.Bytes(), err
}

func (m *Machine) unpack(files archive) error {
	packed, err := files.bytes()
	if err != nil {
		return fmt.Errorf("pack its files: %w", err)
	}
	cmd := m.inside("tar", "-C", "/", "-x", "--keep-directory-symlink", "--no-overwrite-dir", "--same-permissions")
	cmd.Stdin = bytes.NewReader(packed)
	if _, err := run(cmd); err != nil {
		return fmt.Errorf("lay out its files: %w", err)
	}
	return nil
}
