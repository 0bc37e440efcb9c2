package provider

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// A provider knows neither the address of a resource nor its workspace. So each resource
// has a random id, in its private state and beside its lines on the host, by which a
// resource of another state is told from it.

// resourceRecord is the id of a resource.
type resourceRecord struct {
	ID string `json:"id"`
	// Imported says that the id is the one that the lines had when the resource was
	// imported. The next apply replaces it: the state that has the id may still exist.
	Imported bool `json:"imported,omitempty"`
}

// resources are the ids of the resources of this run that exist already.
type resources struct {
	mu    sync.Mutex
	known map[string]bool
}

// claim reads what a resource may call its own, and makes an id up for one that has none.
func (r *resources) claim(ctx context.Context, private privateReader, adopt, bakes bool) keepalive.Claim {
	record, recorded := recordedResource(ctx, private)
	c := keepalive.Claim{ID: record.ID, Adopt: adopt}
	if recorded {
		r.note(record.ID)
	}
	switch {
	case bakes:
		c.Former, c.ID = record.ID, keepalive.ImageID
	case !recorded || record.Imported || record.ID == keepalive.ImageID:
		c.Former, c.ID = record.ID, newResourceID()
	}
	return c
}

// recordOf is what to record after an apply that left lines with the id of holder.
func recordOf(c keepalive.Claim, holder string) resourceRecord {
	if c.Former != "" && holder == c.Former {
		return resourceRecord{c.Former, true}
	}
	return resourceRecord{ID: c.ID}
}

func recordedResource(ctx context.Context, private privateReader) (record resourceRecord, ok bool) {
	raw, diags := private.GetKey(ctx, resourceKey)
	ok = !diags.HasError() && len(raw) > 0 && json.Unmarshal(raw, &record) == nil && record.ID != ""
	return record, ok
}

func newResourceID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

func (r *resources) note(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]bool{}
	}
	r.known[id] = true
}

// has reports whether a resource of this run has this id: as one that is about to be
// replaced.
func (r *resources) has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[id]
}
