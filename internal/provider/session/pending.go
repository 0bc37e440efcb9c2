package session

import (
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// pendingChanges are the changes of other runs that were told of. Every resource of a
// host meets the same ones, once in the refresh and once in the plan.
type pendingChanges struct {
	mu   sync.Mutex
	told map[string]bool
}

// Warn warns of those of list that nothing was said of yet.
func (c *pendingChanges) Warn(name string, list []reconcile.Pending) diag.Diagnostics {
	c.mu.Lock()
	defer c.mu.Unlock()
	var diags diag.Diagnostics
	for _, p := range list {
		if c.told == nil {
			c.told = map[string]bool{}
		}
		if !c.told[p.ID] {
			c.told[p.ID] = true
			diags.Append(diagnostics.PendingChange(name, p))
		}
	}
	return diags
}
