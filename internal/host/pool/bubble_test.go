package pool

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/exec"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/login"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// hole is one end of a pipe inside a bubble of synctest: what is written arrives
// after the delay, or never, once it is open. What it measures is exact, however
// busy the machine.
type hole struct {
	net.Conn
	delay time.Duration
	queue chan parcel
	open  atomic.Bool
	gone  chan struct{}
	once  sync.Once
}

func newHole(c net.Conn, delay time.Duration) *hole {
	h := &hole{Conn: c, delay: delay, queue: make(chan parcel, 1024), gone: make(chan struct{})}
	go h.deliver()
	return h
}

func (h *hole) deliver() {
	for {
		select {
		case p := <-h.queue:
			time.Sleep(time.Until(p.due))
			_, _ = h.Conn.Write(p.data) // what fails here fails for the reader too
		case <-h.gone:
			return
		}
	}
}

func (h *hole) Write(p []byte) (int, error) {
	if h.open.Load() {
		return len(p), nil
	}
	select {
	case h.queue <- parcel{time.Now().Add(h.delay), bytes.Clone(p)}:
		return len(p), nil
	case <-h.gone:
		return 0, net.ErrClosed
	}
}

func (h *hole) Close() error {
	h.once.Do(func() { close(h.gone) })
	return h.Conn.Close()
}

// bubble is a connection to a server that accepts any key and does with scripts
// what exec does, over a link with the given delay in each direction.
func bubble(t *testing.T, delay time.Duration, exec func(ssh.Channel, string), change func(*host.Settings)) (*exec.Runner, *hole) {
	t.Helper()
	return bubbleTo(t, delay, func(c net.Conn) { bubbleServer(c, exec) }, change)
}

// bubbleTo is bubble to a server of the test's own.
func bubbleTo(t *testing.T, delay time.Duration, server func(net.Conn), change func(*host.Settings)) (*exec.Runner, *hole) {
	t.Helper()
	key, _ := newKey(t)
	settings := host.Settings{Host: sshtest.Ptr("127.0.0.1"), User: sshtest.Ptr("root"), PrivateKey: &key, HostKeys: []string{sshtest.Authorized(sshtest.Ed25519HostKey)}}
	if change != nil {
		change(&settings)
	}
	spec, err := host.Resolve("127.0.0.1", settings)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := hostkey.Load(spec)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	link := newHole(near, delay)
	go server(newHole(far, delay))
	over := func(context.Context, string) (net.Conn, error) {
		time.Sleep(2 * delay) // TCP's own round trip
		return link, nil
	}
	c, err := login.Dial(t.Context(), login.Request{Spec: spec, Address: spec.Address(), Checker: hostkey.New(spec, keys), Route: over, Version: "SSH-2.0-test", SigningLimit: login.SigningLimit, Release: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	return exec.New(c), link
}

func bubbleServer(c net.Conn, exec func(ssh.Channel, string)) {
	_, channels, requests, err := ssh.NewServerConn(c, bubbleConfig())
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for nc := range channels {
		ch, asked, err := nc.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(true, nil)
				var line struct{ Text string }
				if ssh.Unmarshal(r.Payload, &line) == nil && r.Type == "exec" {
					go exec(ch, line.Text)
				}
			}
		}()
	}
}

// bubbleConfig lets anybody in who has a key.
func bubbleConfig() *ssh.ServerConfig {
	config := &ssh.ServerConfig{ServerVersion: "SSH-2.0-OpenSSH_9.2p1 test",
		PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return &ssh.Permissions{}, nil }}
	config.AddHostKey(sshtest.Ed25519HostKey)
	return config
}
