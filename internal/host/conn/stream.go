package conn

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Stream is the byte stream under an SSH connection. It remembers when something
// last came in, which is the proof of life, and what came before the
// identification line: the only place where sshd says that it turns us away, and
// x/crypto reports a reset instead.
type Stream struct {
	net.Conn
	LastIn  atomic.Int64 // nanoseconds since epoch
	lastOut atomic.Int64 // the same for what we sent
	quick   atomic.Bool  // acknowledge at once, see quickACK
	Ended   atomic.Bool  // nothing more comes in

	mu    sync.Mutex
	head  []byte
	ident string
	at    time.Time // when ident was complete
	done  bool
}

const headLimit = 4 << 10

func NewStream(c net.Conn) *Stream {
	w := &Stream{Conn: c}
	w.quick.Store(true)
	w.touch()
	return w
}

func (w *Stream) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 0 {
		w.touch()
		w.sniff(p[:n])
		if w.quick.Load() {
			quickACK(w.Conn)
		}
	}
	if err != nil {
		w.Ended.Store(true)
	}
	return n, err
}

func (w *Stream) Write(p []byte) (int, error) {
	w.lastOut.Store(time.Now().UnixNano())
	return w.Conn.Write(p)
}

// LastSent is when we last sent something.
func (w *Stream) LastSent() time.Time { return time.Unix(0, w.lastOut.Load()) }

func (w *Stream) touch() { w.LastIn.Store(time.Now().UnixNano()) }

// silence is how long nothing came in.
func (w *Stream) silence() time.Duration {
	return time.Duration(time.Now().UnixNano() - w.LastIn.Load())
}

func (w *Stream) sniff(p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	w.head = append(w.head, p[:min(len(p), headLimit-len(w.head))]...)
	start := 0
	for line := range bytes.Lines(w.head) {
		if bytes.HasPrefix(line, []byte("SSH-")) {
			if bytes.HasSuffix(line, []byte("\n")) {
				w.at = time.Now()
				w.ident, w.head, w.done = strings.TrimSpace(string(line)), w.head[:start], true
			}
			return
		}
		start += len(line)
	}
	w.done = len(w.head) >= headLimit
}

// Ident returns the identification line and the text before it.
func (w *Stream) Ident() (ident, before string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ident, strings.TrimSpace(string(w.head))
}

// IdentifiedAt returns the identification line and when it was complete.
func (w *Stream) IdentifiedAt() (string, time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ident, w.at
}
