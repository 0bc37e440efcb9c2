package sshconf

import (
	"fmt"
	"strings"
	"testing"
)

// bigTree is 200 lines: a main file of 120 with four Match blocks, and eight
// drop-ins of ten lines.
func bigTree() Tree {
	var main strings.Builder
	main.WriteString("Include /etc/ssh/sshd_config.d/*.conf\n")
	for i := range 99 {
		fmt.Fprintf(&main, "%s\n", []string{"# a comment", "", "ClientAliveInterval 60", "AcceptEnv LANG LC_*", "X11Forwarding\tno # never"}[i%5])
	}
	for i := range 4 {
		fmt.Fprintf(&main, "Match User u%d,git Address 10.0.0.0/8\n  X11Forwarding no\n  AllowTcpForwarding no\n  ClientAliveInterval %d\n\n", i, i)
	}
	files := map[string][]byte{"/etc/ssh/sshd_config": []byte(main.String())}
	for i := range 8 {
		files[fmt.Sprintf("/etc/ssh/sshd_config.d/%d0.conf", i)] = []byte(strings.Repeat("MaxSessions 5\nPermitRootLogin no\n", 5))
	}
	return Tree{Version: Version{9, 2}, Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh", Files: files}
}

func BenchmarkParse(b *testing.B) {
	t := bigTree()
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range t.Files {
			Parse(Server, t.Version, data)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	t := bigTree()
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(t, Context{User: "git", Address: "10.1.2.3"})
	}
}

func BenchmarkEdit(b *testing.B) {
	t := bigTree()
	b.ReportAllocs()
	for b.Loop() {
		f := Parse(Server, t.Version, t.Files[t.Main])
		f.Set("ClientAliveInterval", "30")
		f.InsertBlock(1, "# begin", "# end", []string{"TCPKeepAlive no"})
		f.RemoveBlock("# begin", "# end")
		_ = f.Bytes()
	}
}
