package system

import (
	"reflect"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// hostShells are shells that hosts have; each is a package of Debian.
var hostShells = map[string]string{"dash": "dash", "bash": "bash --posix", "busybox": "busybox sh", "mksh": "mksh"}

// TestSystemScriptsInShells: what is gathered and set is the same in every shell, with odd
// names of files, and in an image.
func TestSystemScriptsInShells(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{NoDaemon: true, Packages: []string{"busybox", "mksh"}, Files: map[string]string{
		"/etc/sysctl.d/it's a $(x).conf":         "net.ipv4.tcp_retries2=9\n",
		"/usr/lib/sysctl.d/50-none.conf":         "kernel.x = 1\n",
		"/etc/sysctl.conf":                       "net/ipv4/tcp_keepalive_time = 60\n",
		"/etc/systemd/logind.conf.d/[k]*.conf":   "[Login]\nKillUserProcesses=yes\n",
		"/etc/systemd/logind.conf.d/none.txt":    "[Login]\nKillUserProcesses=yes\n",
		"/etc/systemd/logind.conf.d/dir.conf/x":  "KillUserProcesses\n",
		"/usr/lib/systemd/logind.conf.d/a.conf":  "[Login]\nKillExcludeUsers=\n",
		"/run/systemd/logind.conf.d/comment.txt": "",
	}})
	for _, spec := range []host.Spec{{}, {Transport: "image"}} {
		text := scripted(reconcile.Target{Spec: spec}).Text
		if strings.Contains(text, "\n") {
			t.Fatal("a script of more than one line")
		}
		m.Write("/gather", text)
		var first *seen
		for name, command := range hostShells {
			out := m.Sh(command + " /gather 2>&1")
			s, err := parse(reconcile.Target{Spec: spec}, system.Want{}, out)
			if err != nil || len(s.Facts.Files) != 5 || s.Facts.Files["/etc/sysctl.d/it's a $(x).conf"] == nil || (len(s.Facts.Values) == 4) == (spec.Transport == "image") {
				t.Fatalf("%s: %v, %v in %s", name, err, s.Facts, out)
			}
			if first == nil {
				first = &s
			}
			if !reflect.DeepEqual(s, *first) {
				t.Errorf("%s: %+v, not %+v", name, s, *first)
			}
		}
	}
	m.Write("/gather", scripted(reconcile.Target{}).Text)
	if out := m.Sh("unshare -n dash /gather"); !strings.Contains(out, "@lacks net.ipv4.tcp_retries2 sshd runs in a network namespace of its own") {
		t.Errorf("in another network namespace: %s", out)
	}
	for name, command := range hostShells {
		m.Write("/load", "now() { date +%s; }; nap() { sleep 0.1; }; say() { echo \"$*\" >&2; }; load() {\n"+loadSource+"kernel tcp_retries2 7 || return\nlogind KillUserProcesses true\n}\nload\n")
		if out := m.Sh("echo 15 >/proc/sys/net/ipv4/tcp_retries2; " + command + " /load 2>&1; cat /proc/sys/net/ipv4/tcp_retries2"); out != "7\n" {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// TestWaitForLogind: values are compared as sets, and a logind that does not use them is
// waited for, and said.
func TestWaitForLogind(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{NoDaemon: true, Packages: []string{"busybox", "mksh"}})
	m.Sh(`mkdir -p /fake; printf '#!/bin/sh\nsleep 60 & echo $! >/pid; wait\n' >/fake/daemon
printf '#!/bin/sh\necho MainPID=$(cat /pid)\n' >/fake/systemctl
printf '#!/bin/sh\nfor l; do :; done; cat /bus.$l\n' >/fake/busctl; chmod 755 /fake/*
echo 'b true' >/bus.KillUserProcesses; echo 'as 3 "root" "deploy" "root"' >/bus.KillExcludeUsers; echo 'as 0' >/bus.KillOnlyUsers`)
	head := "n=0; now() { echo $n; }; nap() { n=$((n + 5)); }; say() { echo \"$*\"; }; PATH=/fake:$PATH\n" + loadSource
	for name, command := range hostShells {
		for call, wantOut := range map[string]string{
			"logind KillUserProcesses true KillExcludeUsers 'deploy root' KillOnlyUsers ''": "0\n",
			"logind":                              "0\n",
			"logind KillUserProcesses false":      "systemd-logind does not use the new values after 10 seconds\n1\n",
			"logind KillExcludeUsers 'deploy'":    "systemd-logind does not use the new values after 10 seconds\n1\n",
			"rm /pid; logind KillOnlyUsers 'bob'": "0\n",
		} {
			m.Write("/load", head+call+"; echo $?\n")
			if out := m.Sh("sleep 60 >/dev/null 2>&1 & echo $! >/pid; " + command + " /load 2>/dev/null"); out != wantOut {
				t.Errorf("%s, %s: %q", name, call, out)
			}
		}
	}
}
