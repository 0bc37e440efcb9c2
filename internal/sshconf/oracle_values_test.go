package sshconf

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// valuesAtTheEdge are values that are nearly right, or right and not as one would write them.
// Names of services are not among them: which there are is up to the host.
var valuesAtTheEdge = map[string][]string{
	"RekeyLimit": {
		"1h", "1h30m", "0s", "5:6", "0x10", "1Gx", "1GB", "1 G", "-1", "-1G", "-", "G", "15", "1e3", "1e", "12345678901234567890123",
		"0", "16", "1G", "1.5g", "+32", "1G 1h", "default", "default none", "1G none", "512M 3600", "1G soon",
	},
	"MaxStartups": {
		"10", "10:30:60", "0", "1", "-1", "10:0:60", "10:101:60", "60:30:10", "10:30", "10:30:", "10x", "10:30:60x", "10:30:60:90", `" 10"`, `"10: 30: 60"`, `"10 :30:60"`, "+10", "+10:+30:+60", "1.5", "none", "ten",
		"2147483647", "2147483648", "3000000000:30:4000000000", "4294967306", "4294967306:30:4294967356", "99999999999999999999", "-99999999999999999999", "10:4294967326:60", "010:030:060", "0x10", ":30:60", "-1:30:60", "-10:30:-5",
	},
	"PerSourceMaxStartups":  {"0", "5", "none", "None", "-1", "x", "5x", "2147483647", "2147483648", "99999999999", "+5", "005"},
	"PerSourceNetBlockSize": {"32", "32:128", "33", "32:129", "0", "0:0", "-1", "24:", "24:64:1", "24:-1", "x", "24x", "24:x", "+24:+64", "4294967320", "24:4294967360", "99999999999999999999", ":64", "024:064", `" 24"`},
	"PermitOpen": {
		"any", "none", "host:22", "host:65535", "host:65536", "host:99999999999", "host:0", "host:-1", "host:*", "*:22", "[::1]:22", "[::1]22", "[::1", "::1:22", "host", "22", "host:", ":22", "host:22 other:23",
		"host:2x", "host:+22", "host:022", "host:0x16", "host/22", "host:22/x", "a:b:22", "host:** b:1", `"host: 22"`,
	},
	"PermitListen": {
		"any", "none", "22", "65535", "65536", "0", "-1", "*", "host:22", "host:65536", "host:0", "host:*", "*:*", "localhost:", ":22", "22 23", "2x", "+22", "022", "[::1]:22", "::1:22", "host/22",
	},
	"IPQoS": {
		"none", "0", "63", "255", "256", "-1", "+5", "0x10", "0xff", "0x100", "010", "09", "400", "99999999999", "af11", "AF11", "af44", "af14", "cs7", "cs8", "ef", "le", "lowdelay", "throughput", "reliability", "af11 cs1", "af11 cs1 ef",
		"af11 x", "x af11", "va", "10x", "none none", "none 8", "8 none", "le cs0",
	},
	"PerSourcePenalties": {
		"yes", "no", "YES", "true", "none", "crash:90", "crash:1m30s", "crash:x", "crash:-1", "crash:", "crash", "Crash:5", "authfail:5s noauth:1s", "yes crash:5", "crash:5 no", "max:10m min:15s", "max-sources4:65536", "max-sources4:-1",
		"max-sources6:x", "overflow:deny-all", "overflow:permissive overflow6:deny-all", "overflow:sometimes", "refuseconnection:10s", "invaliduser:5s", "grace-exceeded:20s", "crash:0.5", "crash:1.5m", "crash:2147483648", "other:5",
	},
	"RevokedKeys":         {"none", "/a", "/a /b", "none /a", "/a none"},
	"Port":                {"22", "0", "65535", "65536", "-1", "+22", "022", "22x", "0x16", "99999999999", "22 23"},
	"MaxAuthTries":        {"0", "6", "-1", "x", "6x", "+6", "006", "2147483647", "2147483648", "99999999999"},
	"MaxSessions":         {"0", "6", "-1", "2147483647", "2147483648"},
	"X11DisplayOffset":    {"0", "10", "-1", "x", "2147483648"},
	"ClientAliveCountMax": {"0", "3", "-1", "x", "+3", "2147483647", "2147483648"},
	"RequiredRSASize":     {"0", "1024", "1023", "-1", "x", "2147483648"},
	"LoginGraceTime":      {"0", "120", "2m", "-1", "2147483647", "2147483648", "1x", "none"},
	"StreamLocalBindMask": {"0177", "0777", "01000", "0o177", "8", "-1", "+177", "x", "177x", "0x7f", "99999999999999999999999"},
}

// clientValuesAtTheEdge are the same for ssh_config.
var clientValuesAtTheEdge = map[string][]string{
	"RekeyLimit":          valuesAtTheEdge["RekeyLimit"],
	"IPQoS":               valuesAtTheEdge["IPQoS"],
	"Port":                valuesAtTheEdge["Port"],
	"StreamLocalBindMask": valuesAtTheEdge["StreamLocalBindMask"],
	"RevokedHostKeys":     valuesAtTheEdge["RevokedKeys"],
	"ChannelTimeout":      {"none", "session=5m", "session=5", "*=0", "session", "session=x", "=5", "none session=5m", "session=5m none", "session:*=1h x11-connection=1m", "session=-1"},
	"LocalForward": {
		"8080 localhost:80", "8080", "8080 localhost", "8080 80", "8080 :80", "8080 localhost:", "8080 localhost:0", "0 localhost:80", "65536 localhost:80", "8080 localhost:65536", "127.0.0.1:8080 localhost:80", "*:8080 [::1]:80", "[::1]:8080 [::1]:80",
		"::1:8080 a:80", ":8080 a:80", "/run/a a:80", "/run/a /run/b", "8080 /run/b", "a:8080 /run/b", "[/run/a] a:80", "8080 a:80 b", "8080:a:80", "8080:1:80 9", "8080 1:9:80", `8080 a\\:b:80`, "+8080 a:80", "8080 a:+80", "-1 a:80", "a:b:8080 c:80", "[::1 a:80", "8080 [::1]80",
	},
	"RemoteForward": {
		`" "`, `"" ""`, "8080 localhost:80", "8080", "0", "0 localhost:80", "-1", "65536", "a:8080", "a:0", "a:b:8080", "/run/a", "/run/a:8080", "[::1]:8080", ":8080", "8080 /run/b", "8080 80", "8080 localhost:0",
	},
	"DynamicForward":          {`" "`, `" 8080"`, "8080", "a:8080", "*:8080", "[::1]:8080", ":8080", "0", "-1", "65536", "/run/a", "a:b:8080", "8080 a", "8080:", "+8080", "::1:8080"},
	"ConnectionAttempts":      {"0", "1", "-1", "x", "+3", "1x", "2147483647", "2147483648"},
	"ConnectTimeout":          {"0", "10", "1m", "none", "-1", "x", "2147483647", "2147483648"},
	"NumberOfPasswordPrompts": {"0", "3", "-1", "x", "2147483648"},
	"ServerAliveCountMax":     {"0", "3", "-1", "x", "+3", "2147483647", "2147483648"},
	"ServerAliveInterval":     {"0", "30", "1m", "none", "-1", "x", "30x", "2147483648"},
	"CanonicalizeMaxDots":     {"0", "1", "-1", "x"},
	"ForwardX11Timeout":       {"0", "10", "1m", "none", "-1", "x", "2147483648"},
	"ControlPersist":          {"yes", "no", "0", "10", "1m", "none", "-1", "x", "true"}, // before 8.5 a time that is too long wraps
	"EscapeChar":              {"none", "~", "^", "^a", "^1", "ab", "%", "~~"},
	"RequiredRSASize":         {"0", "1024", "1023", "-1", "x", "2147483648"},
	"ObscureKeystrokeTiming":  {"yes", "no", "interval:20", "interval:0", "interval:-1", "interval:x", "interval:1001", "interval:", "20", "true"},
	"Tunnel":                  {"yes", "no", "ethernet", "point-to-point", "x", "true"},
	"TunnelDevice":            {"any", "0", "0:1", "any:any", "-1", "x", "0:", "2147483648", "0:1:2"},
	"PermitRemoteOpen":        valuesAtTheEdge["PermitOpen"],
	"AddKeysToAgent":          {"yes", "no", "ask", "confirm", "10", "1m", "confirm 1m", "ask 1m", "yes 1m", "x", "-1", "0"},
	"CanonicalizeHostname":    {"yes", "no", "always", "none", "true", "x"},
}

// TestValuesAtTheEdge: sshd takes and prints each of these values as we say, and so does ssh.
func TestValuesAtTheEdge(t *testing.T) {
	t.Parallel()
	const main = "/etc/ssh/sshd_config"
	oracleReleases(t, func(t *testing.T, o *oracle) {
		o.values(t, Server, valuesAtTheEdge, func(line string) {
			tree := Tree{Dialect: Server, Version: o.version, Main: main, Dir: "/etc/ssh", Files: map[string][]byte{main: []byte(line + "\n")}}
			o.check(t, fmt.Sprintf("%q", line), tree, []Context{{}})
		})
	})
}

func TestClientValuesAtTheEdge(t *testing.T) {
	t.Parallel()
	const main = "/etc/ssh/ssh_config"
	oracleReleases(t, func(t *testing.T, o *oracle) {
		o.values(t, Client, clientValuesAtTheEdge, func(line string) {
			tree := Tree{Dialect: Client, Version: o.version, Main: main, Dir: "/etc/ssh", Files: map[string][]byte{main: []byte(line + "\n")}}
			o.checkClient(t, fmt.Sprintf("%q", line), tree, []ClientQuery{{Host: "sample", Home: "/root"}})
		})
	})
}

// values runs check for a line of each value, and tells all that disagree.
func (o *oracle) values(t *testing.T, d Dialect, values map[string][]string, check func(line string)) {
	t.Helper()
	for _, keyword := range slices.Sorted(maps.Keys(values)) {
		if kw, ok := Lookup(d, keyword); !ok || !kw.Known(o.version) {
			continue
		}
		for _, value := range values[keyword] {
			o.disagreements = 0
			check(keyword + " " + value)
		}
	}
	o.report(t, "values")
}
