package keepalive

import "testing"

func TestNearest(t *testing.T) {
	list := []string{"host", "root", "port", "ClientAliveInterval"}
	for word, want := range map[string]string{"prot": "port", "hots": "host", "clientaliveintervall": "ClientAliveInterval", "user": "", "": "", "port": "port", "oprt": "port"} {
		if got := Nearest(word, list); got != want {
			t.Errorf("%q: %q, not %q", word, got, want)
		}
	}
}
