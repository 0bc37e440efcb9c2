package conn

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// KeepaliveRecorder notes when a machine asks for signs of life.
type KeepaliveRecorder struct {
	Since time.Time
	Mute  bool
	// Asked is called at each keepalive, if it is not nil.
	Asked func()

	mu    sync.Mutex
	asked []time.Duration
}

// MaxNoted is how many keepalives are noted: one a second for almost three hours. A
// machine may send as many as it likes.
const MaxNoted = 10_000

// Note notes r if it is a keepalive, and says whether it may have an answer.
// OpenSSH's is keepalive@openssh.com, others have one of their own name.
func (e *KeepaliveRecorder) Note(r *ssh.Request) (answer bool) {
	if !strings.HasPrefix(r.Type, "keepalive@") {
		return !e.Mute
	}
	e.mu.Lock()
	if len(e.asked) < MaxNoted {
		e.asked = append(e.asked, time.Since(e.Since))
	}
	e.mu.Unlock()
	if e.Asked != nil {
		e.Asked()
	}
	return !e.Mute
}

func (e *KeepaliveRecorder) Times() []time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

// answer refuses every request that concerns no channel, which is the sign of life
// that a keepalive asks for, unless an idle probe leaves it unanswered.
func (c *Conn) answer(requests <-chan *ssh.Request) {
	for r := range requests {
		if e := c.recorder.Load(); e == nil || e.Note(r) {
			_ = r.Reply(false, nil) // a connection that is gone shows elsewhere
		}
	}
}
