package hostkey

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// Records are all keys that are recorded for anything, and where they were looked
// for.
type Records struct {
	Keys  []knownhosts.Key
	Notes []string // what was passed over: lines, and files
	// passed are the files among the notes.
	passed []string
	places []string
}

// looked names where keys were looked for.
func (r Records) looked() string {
	if len(r.places) == 0 {
		return "any file"
	}
	return strings.Join(r.places, ", ")
}

func (r *Records) add(text string, from knownhosts.Key) {
	keys, notes := knownhosts.Parse(text, from.At)
	for _, key := range keys {
		key.File, key.Shared = from.File, from.Shared
		r.Keys = append(r.Keys, key)
	}
	r.Notes, r.places = append(r.Notes, notes...), append(r.places, from.At)
}

// Load collects the keys that s may trust. A file that the user named must
// be readable; ssh passes over one of the usual files that is not, and so do we,
// with a note.
func Load(s host.Spec) (Records, error) {
	var r Records
	keys, err := s.ParseHostKeys()
	if err != nil {
		return r, err
	}
	r.Keys = keys
	if s.KnownHosts != "" {
		r.add(s.KnownHosts, knownhosts.Key{At: s.Names.Written("known_hosts")})
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

func (r *Records) read(file string) error {
	text, err := os.ReadFile(host.ExpandHome(file))
	if err != nil {
		return err
	}
	r.add(string(text), knownhosts.Key{At: file, File: file})
	return nil
}

// pass notes a usual file that cannot be read. One that is absent needs no note.
func (r *Records) pass(file string, err error) {
	r.places = append(r.places, file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	note := file + ": " + err.Error()
	r.Notes, r.passed = append(r.Notes, note), append(r.passed, note)
}

func usualKnownHosts() []string {
	return []string{"~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}
}
