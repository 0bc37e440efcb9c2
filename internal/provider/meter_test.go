package provider

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// meter is a TCP proxy before one host, which makes the way there long and
// counts connections and round trips.
//
// The round trips of a connection are the length of its longest chain of
// question and answer. Whatever is sent gets a number: what the client sends, one
// more than the highest that has reached it; what the host sends, the highest
// that has reached the host. The highest number that reaches the client is the
// count, and one is added for TCP's own handshake, to which a proxy on the same
// machine adds no delay. So it does not matter in how many pieces an answer
// comes, nor how much a side sends without waiting; what nobody answers, as the
// end of a connection, is not counted.
//
// It is the time that the connection takes, in round trips, where everything else
// takes none; where it takes some, the count can only be too high: what is sent
// late looks like an answer to whatever has come by then.
type meter struct {
	listener net.Listener
	target   string
	delay    time.Duration // one way

	mu   sync.Mutex
	legs []*leg
	wg   sync.WaitGroup
}

// leg is one connection through a meter.
type leg struct {
	near, far        net.Conn
	toClient, toHost atomic.Int64 // the highest numbers that have arrived
	lasted           atomic.Int64 // until the client had the last byte
}

// roundTrip is the delay of the tests, both ways: long beside what a busy machine
// lets a process wait, so that the count is seldom too high.
const roundTrip = 50 * time.Millisecond

func newMeter(t testing.TB, target string, roundTrip time.Duration) *meter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &meter{listener: l, target: target, delay: roundTrip / 2}
	m.wg.Go(m.accept)
	t.Cleanup(func() {
		_ = l.Close()
		for _, g := range m.take() {
			g.close()
		}
		m.wg.Wait()
	})
	return m
}

func (m *meter) port() int { return m.listener.Addr().(*net.TCPAddr).Port }

func (m *meter) accept() {
	for {
		near, err := m.listener.Accept()
		if err != nil {
			return
		}
		m.wg.Go(func() { m.serve(near, time.Now()) })
	}
}

func (m *meter) serve(near net.Conn, began time.Time) {
	time.Sleep(m.delay)
	far, err := net.Dial("tcp", m.target)
	if err != nil {
		_ = near.Close()
		return
	}
	g := &leg{near: near, far: far}
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
func (m *meter) pass(from, to net.Conn, number func() int64, arrived func(int64)) {
	queue := make(chan parcel, 1024)
	m.wg.Go(func() {
		for p := range queue {
			time.Sleep(time.Until(p.due))
			arrived(p.number)
			_, _ = to.Write(p.data) // whoever has gone is noticed by the reader
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

// take returns the connections since the last call.
func (m *meter) take() []*leg {
	m.mu.Lock()
	defer m.mu.Unlock()
	legs := m.legs
	m.legs = nil
	return legs
}

// source is the address and port that the host sees.
func (g *leg) source() string { return g.far.LocalAddr().String() }

func (g *leg) roundTrips() int { return int(g.toClient.Load()) + 1 }

func (g *leg) close() {
	_ = g.near.Close()
	_ = g.far.Close()
}

// TestMeter counts conversations whose round trips are known: TCP's and the
// banner's are the first two.
func TestMeter(t *testing.T) {
	t.Parallel()
	ask := func(rw io.ReadWriter, r *bufio.Reader, lines int) {
		for range lines {
			fmt.Fprintln(rw, "question")
		}
		for range lines {
			if _, err := r.ReadString('\n'); err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range []struct {
		name  string
		trips int
		talk  func(net.Conn, *bufio.Reader)
	}{
		{"nothing but the banner", 2, func(net.Conn, *bufio.Reader) {}},
		{"three questions, each after the last answer", 5, func(conn net.Conn, r *bufio.Reader) {
			for range 3 {
				ask(conn, r, 1)
			}
		}},
		{"three questions at once", 3, func(conn net.Conn, r *bufio.Reader) { ask(conn, r, 3) }},
		{"a farewell", 3, func(conn net.Conn, r *bufio.Reader) {
			ask(conn, r, 1)
			fmt.Fprint(conn, "no line")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newMeter(t, parrot(t), 200*time.Millisecond)
			conn, err := net.Dial("tcp", m.listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			r := bufio.NewReader(conn)
			if _, err := r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			c.talk(conn, r)
			legs := m.take()
			if len(legs) != 1 || legs[0].roundTrips() != c.trips {
				t.Errorf("%d connections, the first of %d round trips and not %d", len(legs), legs[0].roundTrips(), c.trips)
			}
			legs[0].close()
		})
	}
}

// parrot is a server that sends a banner and then every line back, in pieces.
func parrot(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go repeat(conn)
		}
	}()
	return l.Addr().String()
}

func repeat(conn net.Conn) {
	defer conn.Close()
	fmt.Fprintln(conn, "banner")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		fmt.Fprint(conn, "you said: ")
		fmt.Fprintln(conn, lines.Text())
	}
}
