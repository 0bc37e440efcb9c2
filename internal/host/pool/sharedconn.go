package pool

import (
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/conn"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/exec"
)

// sharedConn is a connection that counts those who use it.
type sharedConn struct {
	*exec.Runner
	attempts int // that it took to log in

	mu      sync.Mutex
	users   int
	retired bool // takes no new users
}

// enter counts a user of the connection; it is refused once retired or dead.
func (c *sharedConn) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired || !c.Alive() {
		return false
	}
	c.users++
	return true
}

func (c *sharedConn) leave() {
	c.mu.Lock()
	c.users--
	last := c.retired && c.users == 0
	c.mu.Unlock()
	if last {
		c.Close(conn.ErrClosed)
	}
}

// retire takes no new users and closes the connection when the last user has
// left. Closing it under running scripts is what broke half of the deployments
// behind shared connections.
func (c *sharedConn) retire() {
	c.mu.Lock()
	c.retired = true
	idle := c.users == 0
	c.mu.Unlock()
	if idle {
		c.Close(conn.ErrClosed)
	}
}
