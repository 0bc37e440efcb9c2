package hosttest

import "testing"

func TestMachine(t *testing.T) {
	m := Start(t, Options{Users: []User{{Name: "admin", Sudo: "nopasswd"}}})
	out, err := m.SSH("admin", "id -un; sudo id -un; uname -n")
	if want := "admin\nroot\nhost\n"; err != nil || out != want {
		t.Fatalf("ssh: got %q, %v, want %q", out, err, want)
	}
	if got := m.Effective("ClientAliveInterval"); got != "120" {
		t.Errorf("clientaliveinterval: got %q, want the drop-in's 120", got)
	}
}
