package hosttest

import (
	"strings"
	"testing"
)

// TestOtherServers: the machine's keys are those of its daemon, whichever it is.
func TestOtherServers(t *testing.T) {
	for name, start := range map[string]func(*Machine){
		"dropbear": func(m *Machine) { m.StartDropbear() },
		"tinysshd": (*Machine).StartTinySSH,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := Start(t, Options{NoDaemon: true, Users: []User{{Name: "admin"}}})
			start(m)
			for _, user := range []string{"root", "admin"} {
				if out, err := m.SSH(user, "id -un"); err != nil || out != user+"\n" {
					t.Errorf("got %q, %v", out, err)
				}
			}
			if got := m.Processes(); !strings.Contains(got, name) {
				t.Errorf("processes: got %s", got)
			}
		})
	}
}
