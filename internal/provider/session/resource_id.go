package session

import (
	"crypto/rand"
	"encoding/hex"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// A provider knows neither the address of a resource nor its workspace. So each resource
// has a random id, in its private state and beside its lines on the host, by which a
// resource of another state is told from it.

// ResourceRecord is the id of a resource.
type ResourceRecord struct {
	ID string `json:"id"`
	// Imported says that the id is the one that the lines had when the resource was
	// imported. The next apply replaces it: the state that has the id may still exist.
	Imported bool `json:"imported,omitempty"`
}

// resources are the ids of the resources of this run that exist already.
type ids struct {
	mu    sync.Mutex
	known map[string]bool
}

// Claim returns what a resource may call its own, by its record, which is zero for one that
// does not exist yet and gets an id here.
func (r *ids) Claim(record ResourceRecord, adopt, bakes bool) keepalive.Claim {
	c := keepalive.Claim{ID: record.ID, Adopt: adopt}
	if record.ID != "" {
		r.note(record.ID)
	}
	switch {
	case bakes:
		c.Former, c.ID = record.ID, keepalive.ImageID
	case record.ID == "" || record.Imported || record.ID == keepalive.ImageID:
		c.Former, c.ID = record.ID, newResourceID()
	}
	return c
}

func newResourceID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

func (r *ids) note(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]bool{}
	}
	r.known[id] = true
}

// Has reports whether a resource of this run has this id: as one that is about to be
// replaced.
func (r *ids) Has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[id]
}
