package sshconf

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile are trees that somebody made to hurt.
func hostile() map[string]map[string][]byte {
	const main = "/etc/ssh/sshd_config"
	dropIns := map[string][]byte{main: []byte("Include sshd_config.d/*\nInclude sshd_config.d/*.conf /etc/ssh/sshd_config.d/9*\n")}
	for i := range 10_000 {
		dropIns[fmt.Sprintf("/etc/ssh/sshd_config.d/%05d.conf", i)] = []byte("ClientAliveInterval 1\nMatch user a,b,c*\nX11Forwarding no\n")
	}
	fanOut := map[string][]byte{main: []byte("Include l0\n")}
	for level := range 15 {
		fanOut[fmt.Sprintf("/etc/ssh/l%d", level)] = bytes.Repeat(fmt.Appendf(nil, "Include l%d\n", level+1), 50)
	}
	return map[string]map[string][]byte{
		"10 MB line":          {main: append([]byte("AllowUsers "), bytes.Repeat([]byte("a b\"c d\" "), 10<<20/9)...)},
		"10 MB of quotes":     {main: append([]byte("Banner "), bytes.Repeat([]byte(`"`), 10<<20)...)},
		"10 MB of blanks":     {main: bytes.Repeat([]byte(" \t"), 5<<20)},
		"10 MB of equals":     {main: bytes.Repeat([]byte("="), 10<<20)},
		"100,000 lines":       {main: bytes.Repeat([]byte("ClientAliveInterval 60\n"), 100_000)},
		"100,000 RekeyLimits": {main: bytes.Repeat([]byte("RekeyLimit 1G\n"), 100_000)},
		"100,000 key lines":   {main: bytes.Repeat([]byte("AuthorizedPrincipalsCommand /x\nAuthorizedKeysCommand /x\n"), 50_000)},
		"100,000 Subsystems":  {main: bytes.Repeat([]byte("Subsystem sftp /x\n"), 100_000)},
		"100,000 names":       {main: numbered("Subsystem %d /x\n")},
		"100,000 identities":  {main: append([]byte("Match final\nMatch all\n"), numbered("IdentityFile /%d\n")...)},
		"NUL":                 {main: []byte("Port 22\x00\nClientAlive\x00Interval 5\n\x00\n")},
		"invalid UTF-8":       {main: []byte("\xff\xfePort 22\nMatch user \xc3\x28\nBanner \x80\n")},
		"loop of one":         {main: []byte("Include sshd_config\n")},
		"loop of all":         {main: []byte("Include *\n"), "/etc/ssh/b": []byte("Include * * * *\n"), "/etc/ssh/c": []byte("Include *\n")},
		"10,000 drop-ins":     dropIns,
		"fan out":             fanOut,
		"star pattern":        {main: []byte("Match user " + strings.Repeat("*a", 500) + "\n"), "/etc/ssh/" + strings.Repeat("a", 250): nil},
		"star glob":           {main: []byte("Include " + strings.Repeat("*a", 500) + "[\n"), "/etc/ssh/" + strings.Repeat("a", 250): nil},
		"long lists":          {main: []byte("Match address " + strings.Repeat("10.0.0.0/8,", 100_000) + "1.2.3.4\nX11Forwarding no\n")},
	}
}

func numbered(line string) []byte {
	var b bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintf(&b, line, i)
	}
	return b.Bytes()
}

// TestHostile: whatever the files say, we are done soon, in little memory, and
// have something to say.
func TestHostile(t *testing.T) {
	for name, files := range hostile() {
		tree := Tree{Version: Version{9, 2}, Main: "/etc/ssh/sshd_config", System: "/etc/ssh/sshd_config", Dir: "/etc/ssh", Files: files}
		var r Result
		bounded(t, name, func() { r = Evaluate(tree, Context{User: strings.Repeat("a", 1000), Address: "192.0.2.1"}) })
		if len(r.Read) == 0 {
			t.Errorf("%s: nothing was read", name)
		}
		tree.Dialect, tree.Version = Client, Version{8, 4}
		bounded(t, name+" in ssh_config", func() { EvaluateClient(tree, ClientQuery{Host: "a", Home: "/etc"}) })
		f := Parse(Server, Version{8, 4}, files[tree.Main])
		bounded(t, name+" edited", func() {
			f.Set("ClientAliveInterval", "60")
			f.Drop("ClientAliveInterval")
		})
		if n := len(f.globals("ClientAliveInterval")); n > 0 {
			t.Errorf("%s: dropped, and %d lines are still there", name, n)
		}
	}
}

// bounded runs work and complains if it takes what no tree should.
func bounded(t *testing.T, name string, work func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	work()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if took > 30*time.Second {
		t.Errorf("%s took %v", name, took)
	}
	megabytes := (after.TotalAlloc - before.TotalAlloc) >> 20
	if megabytes > 768 {
		t.Errorf("%s allocated %d MB", name, megabytes)
	}
	t.Logf("%s: %v, %d MB", name, took.Round(time.Millisecond), megabytes)
}
