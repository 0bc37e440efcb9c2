package hosttest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

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
			m, err := NewMeter(parrot(t), 200*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
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
			legs := m.Take()
			if len(legs) != 1 || legs[0].RoundTrips() != c.trips {
				t.Errorf("%d connections, the first of %d round trips and not %d", len(legs), legs[0].RoundTrips(), c.trips)
			}
			legs[0].Close()
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
