package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// records are all keys that are recorded for anything, and where they were looked
// for.
type records struct {
	keys  []recorded
	notes []string // what was passed over: lines, and files
	// passed are the files among the notes.
	passed []string
	places []string
}

// looked names where keys were looked for.
func (r records) looked() string {
	if len(r.places) == 0 {
		return "any file"
	}
	return strings.Join(r.places, ", ")
}

func (r *records) add(text string, from recorded) {
	keys, notes := readKnownHosts(text, from.at)
	for _, key := range keys {
		key.file, key.shared = from.file, from.shared
		r.keys = append(r.keys, key)
	}
	r.notes, r.places = append(r.notes, notes...), append(r.places, from.at)
}

// loadRecorded collects the keys that s may trust. A file that the user named must
// be readable; ssh passes over one of the usual files that is not, and so do we,
// with a note.
func loadRecorded(s Spec) (records, error) {
	var r records
	keys, err := s.parseHostKeys()
	if err != nil {
		return r, err
	}
	r.keys = keys
	if s.KnownHosts != "" {
		r.add(s.KnownHosts, recorded{at: s.Names.Written("known_hosts")})
	}
	files, usual := s.KnownHostsFiles, false
	if len(s.HostKeys) == 0 && s.KnownHosts == "" && len(files) == 0 {
		files, usual = s.DefaultKnownHosts, true
		if files == nil {
			files = usualKnownHosts()
		}
	}
	for _, file := range files {
		if err := r.read(file); err != nil && !usual {
			return r, fmt.Errorf("read known hosts: %w", err)
		} else if err != nil {
			r.pass(file, err)
		}
	}
	return r, nil
}

func (r *records) read(file string) error {
	text, err := os.ReadFile(expandHome(file))
	if err != nil {
		return err
	}
	r.add(string(text), recorded{at: file, file: file})
	return nil
}

// pass notes a usual file that cannot be read. One that is absent needs no note.
func (r *records) pass(file string, err error) {
	r.places = append(r.places, file)
	var path *fs.PathError
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if errors.As(err, &path) {
		err = path.Err
	}
	note := file + ": " + err.Error()
	r.notes, r.passed = append(r.notes, note), append(r.passed, note)
}

func usualKnownHosts() []string {
	return []string{"~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}
}
