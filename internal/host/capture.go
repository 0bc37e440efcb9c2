package host

import (
	"bytes"
	"sync"
)

// capture collects one output of a script and reports marks as they come in.
type capture struct {
	limit int
	tail  bool // keep the end instead of the beginning

	mu       sync.Mutex
	buf      []byte
	overflow bool
	full     chan struct{} // closed at the first byte beyond the limit, if not nil
	signals  []*signal
}

// signal is closed when its mark has been seen, once per occurrence.
type signal struct {
	mark []byte
	from int
	seen []chan struct{} // first, second … occurrence
}

// await returns channels that close when mark is seen the first and the second
// time.
func (c *capture) await(mark string) (first, second <-chan struct{}) {
	s := &signal{mark: []byte(mark), seen: []chan struct{}{make(chan struct{}), make(chan struct{})}}
	one, two := s.seen[0], s.seen[1]
	c.mu.Lock()
	defer c.mu.Unlock()
	c.signals = append(c.signals, s)
	return one, two
}

func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buf = append(c.buf, p...)
	for _, s := range c.signals {
		s.scan(c.buf)
	}
	c.trim()
	return len(p), nil
}

// scan looks for the mark behind the place where the last look ended.
func (s *signal) scan(buf []byte) {
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
func (c *capture) trim() {
	const slack = 4 << 10
	if len(c.buf) <= c.limit+2*slack {
		return
	}
	if !c.overflow && c.full != nil {
		close(c.full)
	}
	c.overflow = true
	keep := c.limit
	if c.tail {
		keep = 0
	}
	last := slack
	if c.tail {
		last = c.limit
	}
	cut := len(c.buf) - last - keep
	c.buf = append(c.buf[:keep], c.buf[len(c.buf)-last:]...)
	for _, s := range c.signals {
		s.from = max(0, s.from-cut)
	}
}

// text returns what was collected so far and whether some of it was dropped. Where the
// beginning was, a little more is left out: half a secret is known to no mask.
func (c *capture) text() (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := string(c.buf)
	if c.tail && c.overflow {
		const half = 512
		text = text[half:]
	}
	return text, c.overflow
}
