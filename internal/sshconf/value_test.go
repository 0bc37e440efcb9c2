package sshconf

import "testing"

// TestSame: what different builds and releases print of one value is the same,
// and nothing else is.
func TestSame(t *testing.T) {
	for _, c := range []struct {
		keyword, a, b string
		same          bool
	}{
		{"LogLevel", "SILENT", "QUIET", true}, // as Debian prints it
		{"LogLevel", "quiet", "SILENT", true},
		{"LogLevel", "DEBUG", "debug1", true},
		{"LogLevel", "DEBUG", "DEBUG2", false},
		{"LogLevel", "QUIET", "FATAL", false},
		{"SyslogFacility", "authpriv", "AUTHPRIV", true},
		{"SyslogFacility", "AUTH", "AUTHPRIV", false},
		{"PermitRootLogin", "without-password", "prohibit-password", true},
	} {
		for _, d := range []Dialect{Server, Client} {
			if _, ok := Lookup(d, c.keyword); !ok {
				continue
			}
			if got := Same(d, c.keyword, []string{c.a}, []string{c.b}, Version{9, 2}); got != c.same {
				t.Errorf("%s %s and %s are the same: %t", c.keyword, c.a, c.b, got)
			}
		}
	}
}
