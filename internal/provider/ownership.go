package provider

import (
	"strings"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// claims says which lines on which hosts the resources of this run are about.
type claims struct {
	mu sync.Mutex
	// wishes are the models that were planned first for the lines.
	wishes map[string]any
	// recorded are lines of a resource that state has. A new resource with these lines
	// replaces it: the place of the lines is open, because they may be there or gone when
	// it is their turn. Terraform reads the old resource, and plans it as a change unless
	// it is tainted, before it plans the new resource.
	recorded map[string]bool
	// writers counts the resources that put the lines there, or are about to.
	writers map[string]int
}

// claimKey names lines on a machine, however that is reached. A file below ~ is the
// account's that logs in.
func claimKey(spec host.Spec, lines string) string {
	if strings.Contains(lines, "/~/") {
		lines = spec.User + " " + lines
	}
	return spec.RouteKey() + "\x00" + lines
}

// first notes the wish and returns the one that was noted before, if any.
func (c *claims) first(key string, wish any) (before any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wishes == nil {
		c.wishes = map[string]any{}
	}
	if before = c.wishes[key]; before == nil {
		c.wishes[key] = wish
	}
	return before
}

// write notes a writer; back takes the note back.
func (c *claims) write(key string) (back func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writers == nil {
		c.writers = map[string]int{}
	}
	c.writers[key]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.writers[key]--
	}
}

// written reports whether a resource of this run put the lines there.
func (c *claims) written(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writers[key] > 0
}

// any reports whether a resource of this run changed the host.
func (c *claims) any(spec host.Spec) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, n := range c.writers {
		if n > 0 && strings.HasPrefix(key, claimKey(spec, "")) {
			return true
		}
	}
	return false
}

// replaceable notes that state has a resource with the lines.
func (c *claims) replaceable(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.recorded == nil {
		c.recorded = map[string]bool{}
	}
	c.recorded[key] = true
}

// mayReplace reports whether a new resource with the lines may replace a recorded one.
func (c *claims) mayReplace(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recorded[key]
}
