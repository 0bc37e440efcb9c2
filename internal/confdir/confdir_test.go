package confdir

import (
	"slices"
	"testing"
)

// TestOrder: by name, of one name the file of the first directory, and /etc/sysctl.conf last
// where it is read at all.
func TestOrder(t *testing.T) {
	files := []string{"/etc/sysctl.d/50-b.conf", "/run/sysctl.d/10-a.conf", "/usr/lib/sysctl.d/50-b.conf", "/usr/lib/sysctl.d/60-c.conf", SysctlConf}
	want := []string{"/run/sysctl.d/10-a.conf", "/etc/sysctl.d/50-b.conf", "/usr/lib/sysctl.d/60-c.conf"}
	if have := Order(files, true); !slices.Equal(have, want) {
		t.Errorf("systemd: %v", have)
	}
	if have := Order(files, false); !slices.Equal(have, append(want, SysctlConf)) {
		t.Errorf("another init: %v", have)
	}
	if have := Order([]string{"/etc/systemd/logind.conf.d/a.conf", "/etc/systemd/logind.conf"}, true); have[0] != "/etc/systemd/logind.conf" {
		t.Errorf("logind: %v", have)
	}
}

func TestRead(t *testing.T) {
	found := Lines{}
	found.Read("/a", []byte("# x = 1\n; x = 2\nnone\n-net/ipv4/x = 3 \n"), "List")
	found.Read("/b", []byte("[Other]\nList=no\n[Login]\nList=a b\nList=c\nOne=1\nOne=2\n"), "List")
	for key, value := range map[string]string{"net.ipv4.x": "3", "List": " a b c", "One": "2"} {
		if found[key].Value != value {
			t.Errorf("%s is %q, not %q", key, found[key].Value, value)
		}
	}
	if l := found["One"]; l.Pos.Path != "/b" || l.Pos.Line != 7 || len(found) != 3 {
		t.Errorf("found %v", found)
	}
	found.Read("/c", []byte("[Login]\nList=\n"), "List")
	if found["List"].Value != "" {
		t.Errorf("an empty line ends no list: %q", found["List"].Value)
	}
}

// FuzzRead: what is found stands on a line of the file.
func FuzzRead(f *testing.F) {
	f.Add([]byte("[Login]\nList=a\n"))
	f.Add([]byte("-a/b = c\n=\n["))
	f.Fuzz(func(t *testing.T, text []byte) {
		found := Lines{}
		found.Read("/a", text, "List")
		for key, l := range found {
			if l.Pos.Line < 1 || l.Pos.Line > len(text) {
				t.Errorf("%q: line %d", key, l.Pos.Line)
			}
		}
	})
}
