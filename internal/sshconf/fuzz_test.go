package sshconf

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

var releases = []Version{{8, 4}, {9, 2}, {10, 0}, {}}

func seeds(f *testing.F) {
	f.Helper()
	for _, text := range []string{
		"", "\n", "Port 22", "Port 22\r\n", "\tclientaliveinterval=300\t# policy\nMatch user git\n  ClientAliveInterval 9\n",
		"ClientAliveInterval\n", "ClientAliveInterval #x\n", "ClientAliveInterval \"60\n", "\"ClientAliveInterval\"60", "= ClientAliveInterval 5",
		"Include /etc/ssh/sshd_config.d/*.conf\n# c\nMatch all\n", "AllowUsers a b\nAllowUsers c\r\n", "ClientAliveInterval = '60' x\\ y",
		"MaxStartups 1\nMaxStartups 2\n", "\xef\xbb\xbfPort 22\n", "Port 22\x00\n", "ClientAliveInterval 60\f \r\n\r\n", "#ClientAliveInterval 0\r\nX",
	} {
		for v := range releases {
			f.Add(text, byte(v), true)
			f.Add(text, byte(v), false)
		}
	}
}

func fuzzed(text string, release byte, server bool) *File {
	d := Client
	if server {
		d = Server
	}
	return Parse(d, releases[int(release)%len(releases)], []byte(text))
}

// Parse, print: the bytes come back.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string, release byte, server bool) {
		if got := fuzzed(text, release, server).Bytes(); string(got) != text {
			t.Errorf("%q printed as %q", text, got)
		}
	})
}

// PutGet: what was set is what is read, printed and parsed again. PutPut: set
// twice is set once. And no other line changes.
func FuzzSet(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text string, release byte, server bool) {
		for _, keyword := range []string{"ClientAliveInterval", "MaxStartups", "ServerAliveInterval"} {
			file := fuzzed(text, release, server)
			before := rawLines(file)
			file.Set(keyword, "15")
			once := file.Bytes()
			file = Parse(file.lexer.dialect, file.lexer.version, once)
			got := file.globals(keyword)
			if len(got) == 0 || !slices.Equal(file.Lines[file.effective(keyword, got)].Args, []string{"15"}) {
				t.Fatalf("%q: %s 15 was set but is not read from %q", text, keyword, once)
			}
			if n := changedLines(before, rawLines(file)); n > 1 {
				t.Errorf("%q: %d lines changed: %q", text, n, once)
			}
			file.Set(keyword, "15")
			if twice := file.Bytes(); !bytes.Equal(once, twice) {
				t.Errorf("%q: set once %q, twice %q", text, once, twice)
			}
		}
	})
}

func rawLines(f *File) []string {
	lines := make([]string, len(f.Lines))
	for i, l := range f.Lines {
		lines[i] = strings.TrimRight(string(l.Raw), "\r\n")
	}
	return lines
}

// changedLines counts the lines between what two texts have in common at their
// head and at their end, in the longer one.
func changedLines(a, b []string) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return max(len(a), len(b))
}

// A line commented out and restored is the line it was.
func FuzzCommentOut(f *testing.F) {
	seeds(f)
	const mark = "#sshkeepalive: "
	f.Fuzz(func(t *testing.T, text string, release byte, server bool) {
		file := fuzzed(text, release, server)
		for i := range file.Lines {
			if strings.HasPrefix(string(file.Lines[i].Raw), mark) {
				return
			}
		}
		for i := range file.Lines {
			file.CommentOut(i, mark)
			if l := file.Lines[i]; l.Keyword != "" {
				t.Errorf("%q is still a line that sets %s", l.Raw, l.Keyword)
			}
		}
		file = Parse(file.lexer.dialect, file.lexer.version, file.Bytes())
		file.Restore(mark)
		if got := file.Bytes(); string(got) != text {
			t.Errorf("%q restored as %q", text, got)
		}
	})
}

// A block inserted anywhere and removed leaves the bytes that were there, also
// with a second block at the same place, removed in either order.
func FuzzBlock(f *testing.F) {
	seeds(f)
	const b1, e1, b2, e2 = "# begin one", "# end one", "# begin two", "# end two"
	f.Fuzz(func(t *testing.T, text string, release byte, server bool) {
		if strings.Contains(text, "# begin") || strings.Contains(text, "# end") {
			return
		}
		lines := fuzzed(text, release, server).Lines
		if len(lines) > 60 {
			return // every place is tried, so the time is that of the square
		}
		for at := range len(lines) + 1 {
			for _, firstOut := range []bool{true, false} {
				file := fuzzed(text, release, server)
				file.InsertBlock(at, b1, e1, []string{"ClientAliveInterval 60"})
				file.InsertBlock(len(file.Lines), b2, e2, nil)
				file = Parse(file.lexer.dialect, file.lexer.version, file.Bytes())
				removed := file.RemoveBlock(b1, e1) || firstOut
				if firstOut {
					removed = file.RemoveBlock(b2, e2)
				} else {
					again := fuzzed(string(file.Bytes()), release, server)
					removed = removed && again.RemoveBlock(b2, e2)
					file = again
				}
				if got := file.Bytes(); !removed || string(got) != text {
					t.Errorf("%q: block at %d inserted and removed gives %q", text, at, got)
				}
			}
		}
	})
}

// What Quote writes is read back as the argument, and no line break gets in.
func FuzzQuote(f *testing.F) {
	for _, arg := range []string{"", "a", "a b", `a"b`, `a'b`, `a\b`, "#a", "a#b", "a=b", "a\nb", `"'\ `, "\r", "a\t", "\f"} {
		for v := range releases {
			f.Add(arg, byte(v), true)
		}
	}
	f.Fuzz(func(t *testing.T, arg string, release byte, server bool) {
		file := fuzzed("", release, server)
		text, err := Quote(file.lexer.dialect, file.lexer.version, arg)
		if err != nil {
			return
		}
		l := file.lexer.line([]byte("Banner " + text))
		if l.Err != nil || !slices.Equal(l.Args, []string{arg}) || strings.ContainsAny(text, "\n\x00") {
			t.Errorf("%q quoted as %q is read as %q, %v", arg, text, l.Args, l.Err)
		}
	})
}

// Whatever the text, it can be evaluated, and asked about; the lines that win
// are active, and what Rebase makes of it has as many lines.
func FuzzEvaluate(f *testing.F) {
	seeds(f)
	f.Add("Match user a address 10.0.0.0/8\nInclude x b\nMatch all\nRekeyLimit 1G 1h\nRekeyLimit 2G\nMaxStartups 3\nMaxStartups 4:5:6", byte(1), true)
	f.Add("Host * !b\nMatch final host b exec x\nHostName %h.x\nCanonicalizeHostname yes\nTag x\nIgnoreUnknown *\nFoo 1\nInclude ~/x \"a b\"", byte(2), false)
	f.Add("PerSourcePenalties crash:5 max:1m\nPermitOpen [::1]:22 a:*\nIPQoS va 0x10\nPerSourceNetBlockSize 24:64\nChannelTimeout a=1", byte(0), true)
	f.Add("LocalForward [::1]:80 /a\nDynamicForward \" \"\nRemoteForward a\\\\:b:0\nTunnelDevice 0:any\nPermitRemoteOpen a:1\nObscureKeystrokeTiming interval:5", byte(0), false)
	f.Fuzz(func(t *testing.T, text string, release byte, server bool) {
		file := fuzzed(text, release, server)
		tree := Tree{Dialect: file.lexer.dialect, Version: file.lexer.version, Main: "/h/m", System: "/d/s", Dir: "/d",
			Files: map[string][]byte{"/h/m": []byte(text), "/d/s": []byte(text), "/d/x": []byte(text), "/h/.ssh/x": []byte(text)}}
		r := EvaluateClient(tree, ClientQuery{Host: "b", LocalUser: "u", Home: "/h"})
		if server {
			r = Evaluate(tree, Context{User: "a", Host: "b", Address: "10.1.2.3", LocalPort: 22})
		}
		for _, keyword := range r.Keywords() {
			for _, s := range r.Settings(keyword) {
				if s.Wins && !s.Active {
					t.Errorf("%q: %s wins and is not active", text, s.Pos)
				}
			}
			r.Printed(keyword)
		}
		moved := Rebase(file, "/d", "/run/stage [1]")
		if a, b := strings.Count(text, "\n"), strings.Count(string(moved), "\n"); a != b {
			t.Errorf("%q: rebased as %q", text, moved)
		}
	})
}
