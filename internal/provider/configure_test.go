package provider

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// held is what this process holds: goroutines and file descriptors.
func held(t *testing.T) (goroutines, files int) {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return runtime.NumGoroutine(), len(open)
}

// A process that Terraform did not start for one walk is configured many times,
// and reaches hosts each time. Nothing of that stays.
func TestConfiguredAgainAndAgain(t *testing.T) {
	m := hosttest.Start(t, hosttest.Options{})
	p := New("test")
	r := serve(t, p)
	keys := make([]any, len(m.HostKeys))
	for i, key := range m.HostKeys {
		keys[i] = key
	}
	config := values{"connection": values{"user": "root", "private_key_path": m.KeyPath, "host_keys": keys}}
	rounds := func(n int) (goroutines, files int) {
		for range n {
			r.configure(config, nil)
			planned := r.plan(nil, values{"host": m.Addr, "client_alive_interval": "2m"})
			r.must(nil, planned.diags)
		}
		p.Close(t.Context())
		return held(t)
	}
	goroutines, files := rounds(2)
	g, f := rounds(50)
	for end := time.Now().Add(10 * time.Second); (g > goroutines || f > files) && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		g, f = held(t)
	}
	t.Logf("%d goroutines and %d files after 2 rounds, %d and %d after 50 more", goroutines, files, g, f)
	if g > goroutines || f > files {
		t.Errorf("%d goroutines and %d files became %d and %d", goroutines, files, g, f)
	}
}
