package process

import (
	"bytes"
	"sync"
)

// Output collects one output of a script and reports marks as they come in.
type Output struct {
	Limit int
	Tail  bool // keep the end instead of the beginning

	mu       sync.Mutex
	buf      []byte
	overflow bool
	Full     chan struct{} // closed at the first byte beyond the limit, if not nil
	waiters  []*waiter
}

// waiter is closed when its mark has been seen, once per occurrence.
type waiter struct {
	mark []byte
	from int
	seen []chan struct{} // first, second … occurrence
}

// Await returns channels that close when mark is seen the first and the second
// time.
func (c *Output) Await(mark string) (first, second <-chan struct{}) {
	s := &waiter{mark: []byte(mark), seen: []chan struct{}{make(chan struct{}), make(chan struct{})}}
	one, two := s.seen[0], s.seen[1]
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiters = append(c.waiters, s)
	return one, two
}

func (c *Output) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf = append(c.buf, p...)
	for _, s := range c.waiters {
		s.scan(c.buf)
	}
	c.trim()
	return len(p), nil
}

// scan looks for the mark behind the place where the last look ended.
func (s *waiter) scan(buf []byte) {
	for len(s.seen) > 0 {
		at := bytes.Index(buf[s.from:], s.mark)
		if at < 0 {
			s.from = max(s.from, len(buf)-len(s.mark)+1)
			return
		}
		s.from += at + len(s.mark)
		close(s.seen[0])
		s.seen = s.seen[1:]
	}
}

// trim keeps the buffer within its limit. Of an output cut at its end the last
// kilobyte stays, so that the end mark can still be found in it.
func (c *Output) trim() {
	const slack = 4 << 10
	if len(c.buf) <= c.Limit+2*slack {
		return
	}
	if !c.overflow && c.Full != nil {
		close(c.Full)
	}
	c.overflow = true
	keep := c.Limit
	if c.Tail {
		keep = 0
	}
	last := slack
	if c.Tail {
		last = c.Limit
	}
	cut := len(c.buf) - last - keep
	c.buf = append(c.buf[:keep], c.buf[len(c.buf)-last:]...)
	for _, s := range c.waiters {
		s.from = max(0, s.from-cut)
	}
}

// Text returns what was collected so far and whether some of it was dropped. Where the
// beginning was, a little more is left out: half a secret is known to no mask.
func (c *Output) Text() (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := string(c.buf)
	if c.Tail && c.overflow {
		const half = 512
		text = text[half:]
	}
	return text, c.overflow
}
