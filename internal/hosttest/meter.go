package hosttest

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Meter is a TCP proxy before one host, which makes the way there long and
// counts connections and round trips.
//
// The round trips of a connection are the length of its longest chain of
// question and answer. Whatever is sent gets a number: what the client sends, one
// more than the highest that has reached it; what the host sends, the highest
// that has reached the host. The highest number that reaches the client is the
// count, and one is added for TCP's own handshake, to which a proxy on the same
// machine adds no delay. So it does not matter in how many pieces an answer
// comes, nor how much a side sends without waiting; what is not answered, as the
// end of a connection, is not counted.
//
// It is the time that the connection takes, in round trips, where everything else
// takes none; where it takes some, the count can only be too high: what is sent
// late looks like an answer to whatever has come by then.
type Meter struct {
	listener net.Listener
	target   string
	delay    time.Duration // one way

	mu   sync.Mutex
	legs []*Leg
	wg   sync.WaitGroup
}

// Leg is one connection through a meter.
type Leg struct {
	near, far        net.Conn
	toClient, toHost atomic.Int64 // the highest numbers that have arrived
	lasted           atomic.Int64 // until the client had the last byte
}

// NewMeter makes a meter before target, an address and port. Close ends it.
func NewMeter(target string, roundTrip time.Duration) (*Meter, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a meter before %s: %w", target, err)
	}
	m := &Meter{listener: l, target: target, delay: roundTrip / 2}
	m.wg.Go(m.accept)
	return m, nil
}

// Close ends the meter and the connections that Take has not returned.
func (m *Meter) Close() {
	_ = m.listener.Close()
	for _, g := range m.Take() {
		g.Close()
	}
	m.wg.Wait()
}

// Port is where the meter listens on 127.0.0.1.
func (m *Meter) Port() int {
	return m.listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on TCP
}

func (m *Meter) accept() {
	for {
		near, err := m.listener.Accept()
		if err != nil {
			return
		}
		m.wg.Go(func() { m.serve(near, time.Now()) })
	}
}

func (m *Meter) serve(near net.Conn, began time.Time) {
	time.Sleep(m.delay)
	far, err := net.Dial("tcp", m.target)
	if err != nil {
		_ = near.Close()
		return
	}
	g := &Leg{near: near, far: far}
	g.toHost.Store(1) // its banner answers the connection itself
	m.mu.Lock()
	m.legs = append(m.legs, g)
	m.mu.Unlock()
	m.wg.Go(func() {
		m.pass(near, far, func() int64 { return g.toClient.Load() + 1 }, g.toHost.Store)
	})
	m.pass(far, near, g.toHost.Load, func(number int64) {
		g.toClient.Store(number)
		g.lasted.Store(int64(time.Since(began)))
	})
}

type parcel struct {
	due    time.Time
	number int64
	data   []byte
}

// pass hands on what one side sends, in its order and late.
func (m *Meter) pass(from, to net.Conn, number func() int64, arrived func(int64)) {
	queue := make(chan parcel, 1024)
	m.wg.Go(func() {
		for p := range queue {
			time.Sleep(time.Until(p.due))
			arrived(p.number)
			_, _ = to.Write(p.data) // the reader notices a closed connection
		}
		_ = to.Close()
	})
	defer close(queue)
	for {
		data := make([]byte, 32<<10)
		n, err := from.Read(data)
		if n > 0 {
			queue <- parcel{time.Now().Add(m.delay), number(), data[:n]}
		}
		if err != nil {
			return
		}
	}
}

// Take returns the connections since the last call.
func (m *Meter) Take() []*Leg {
	m.mu.Lock()
	defer m.mu.Unlock()
	legs := m.legs
	m.legs = nil
	return legs
}

// Source is the address and port that the host sees.
func (g *Leg) Source() string { return g.far.LocalAddr().String() }

// RoundTrips counts those so far.
func (g *Leg) RoundTrips() int { return int(g.toClient.Load()) + 1 }

// Lasted is how long it took until the client had the last byte.
func (g *Leg) Lasted() time.Duration { return time.Duration(g.lasted.Load()) }

// Close ends the connection.
func (g *Leg) Close() {
	_ = g.near.Close()
	_ = g.far.Close()
}
