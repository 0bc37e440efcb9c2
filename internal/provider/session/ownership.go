package session

import (
	"strings"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// ownership says which lines on which hosts the resources of this run are about.
type ownership struct {
	mu sync.Mutex
	// desired is what the resources want that were planned first for the lines.
	desired map[string]any
	// recorded are lines of a resource that state has. A new resource with these lines
	// replaces it: the place of the lines is open, because they may be there or gone when
	// it is their turn. Terraform reads the old resource, and plans it as a change unless
	// it is tainted, before it plans the new resource.
	recorded map[string]bool
	// writers counts the resources that put the lines there, or are about to.
	writers map[string]int
}

// OwnershipKey names lines on a machine, however that is reached. A file below ~ is the
// account's that logs in.
func OwnershipKey(spec host.Spec, lines string) string {
	if strings.HasPrefix(lines, "~/") {
		lines = spec.User + " " + lines
	}
	return spec.RouteKey() + "\x00" + lines
}

// First notes what is wanted and returns the one that was noted before, if any.
func (o *ownership) First(key string, want any) (before any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.desired == nil {
		o.desired = map[string]any{}
	}
	if before = o.desired[key]; before == nil {
		o.desired[key] = want
	}
	return before
}

// Write notes a writer; back takes the note back.
func (o *ownership) Write(key string) (back func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writers == nil {
		o.writers = map[string]int{}
	}
	o.writers[key]++
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.writers[key]--
	}
}

// Written reports whether a resource of this run put the lines there.
func (o *ownership) Written(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writers[key] > 0
}

// Any reports whether a resource of this run changed the host.
func (o *ownership) Any(spec host.Spec) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, n := range o.writers {
		if n > 0 && strings.HasPrefix(key, OwnershipKey(spec, "")) {
			return true
		}
	}
	return false
}

// Replaceable notes that state has a resource with the lines.
func (o *ownership) Replaceable(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.recorded == nil {
		o.recorded = map[string]bool{}
	}
	o.recorded[key] = true
}

// MayReplace reports whether a new resource with the lines may replace a recorded one.
func (o *ownership) MayReplace(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.recorded[key]
}
