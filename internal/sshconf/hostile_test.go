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
		for _, v := range []Version{{8, 4}, {9, 2}} {
			tree := Tree{Version: v, Main: "/etc/ssh/sshd_config", System: "/etc/ssh/sshd_config", Dir: "/etc/ssh", Files: files}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			r := Evaluate(tree, Context{User: strings.Repeat("a", 1000), Address: "192.0.2.1"})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if took > 20*time.Second {
				t.Errorf("%s: %s took %v", v, name, took)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 4<<30 {
				t.Errorf("%s: %s allocated %d MB", v, name, n>>20)
			}
			if len(r.Read) == 0 {
				t.Errorf("%s: %s: nothing was read", v, name)
			}
			t.Logf("%s: %s: %v, %d MB, %d problems", v, name, took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20, len(r.Problems))
			tree.Dialect = Client
			start = time.Now()
			EvaluateClient(tree, ClientQuery{Host: "a", Home: "/etc"})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%s: %s took %v in ssh_config", v, name, took)
			}
			f := Parse(Server, v, files[tree.Main])
			f.Set("ClientAliveInterval", "60")
			if f.Drop("ClientAliveInterval"); len(f.globals("ClientAliveInterval")) > 0 {
				t.Errorf("%s: %s: dropped, and still there", v, name)
			}
		}
	}
}
