package client

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/account"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

// shells and awks that hosts have; each is a package of Debian.
var (
	hostShells = map[string]string{"dash": "dash", "bash": "bash", "busybox": "busybox sh", "mksh": "mksh"}
	hostAwks   = map[string]string{"mawk": "mawk", "gawk": "gawk", "busybox": "busybox awk"}
)

// TestClientScriptsInShells: what is gathered, handed over to an account, judged and
// prepared is the same in every shell and with every awk.
func TestClientScriptsInShells(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, hosttest.Options{NoDaemon: true, Packages: []string{"busybox", "mksh", "mawk", "gawk"}, Users: []hosttest.User{{Name: "bob"}}, Files: map[string]string{
		"/home/bob/.ssh/config":       "Include \"conf.d/a b\" conf.d/[c]* # conf.d/no\nHost *\n  ServerAliveInterval 300\n",
		"/home/bob/.ssh/conf.d/a b":   "Host a\n  User \"it's\"\n",
		"/home/bob/.ssh/conf.d/c$(x)": "Include ~/.ssh/'conf.d/$HOME'\n",
		"/home/bob/.ssh/conf.d/$HOME": "Host h\n",
		"/home/bob/.ssh/conf.d/no":    "Bad option\n",
	}})
	m.Sh("chown -R bob:bob /home/bob; find /home/bob/.ssh -type f -exec chmod 600 {} +; mkdir /tools /tools/bin")
	target := reconcile.Target{File: "~/.ssh/config", User: "bob"}
	want, _ := sshclient.ParseBlock("Host *")
	want.Settings = []keepalive.Setting{{Attribute: "server_alive_interval", Keyword: "ServerAliveInterval", Values: []string{"60"}}}
	script := account.As(target, scripted(gatherScript(target, want))).Text
	if strings.Contains(script, "\n") {
		t.Fatal("a script of more than one line")
	}
	var first *seen
	for name, command := range hostShells {
		for awk, tool := range hostAwks {
			m.Sh("printf '#!/bin/dash\\nexec " + tool + " \"$@\"\\n' >/tools/bin/awk; chmod 755 /tools /tools/bin /tools/bin/awk; printf '#!/bin/dash\\nexec " + command + " \"$@\"\\n' >/bin/sh.new; chmod 755 /bin/sh.new; mv /bin/sh.new /bin/sh")
			out := inShell(t, m, command, script)
			r := report{Report: shell.NewReport(out, nil)}
			if err := r.Read(r.section); err != nil {
				t.Fatalf("%s, %s: %v in %s", name, awk, err, out)
			}
			s, err := r.finish(target, want)
			if err != nil || len(s.Facts.Tree.Files) < 4 || s.Facts.Tree.Files["/home/bob/.ssh/conf.d/no"] != nil || s.Facts.Invalid != "" {
				t.Fatalf("%s, %s: %v, %q, %s", name, awk, err, s.Facts.Tree.Files, s.Facts.Invalid)
			}
			if first == nil {
				first = &s
			}
			c := change{&changeOf{Target: target, Want: want, Before: s, Plan: sshclient.Plan(want, s.Facts)}}
			staged := inShell(t, m, command, account.As(target, scripted(c.stageScript())).Text)
			if !strings.Contains(staged, "\nserveraliveinterval 60\n") || strings.Contains(staged, "@err") {
				t.Errorf("%s, %s: %s", name, awk, staged)
			}
		}
		text := prepareText([]string{"make '/home/bob/.ssh/it'\\''s' 700", "heading() { printf '# x\\n'; }", "begin /home/bob/.ssh/new 077 heading"})
		undo := prepareText([]string{"heading() { printf '# x\\n'; }", "unbegin /home/bob/.ssh/new heading", "drop '/home/bob/.ssh/it'\\''s'"})
		if said := inShell(t, m, command, account.As(target, scripted(text)).Text) + m.Sh("cd /home/bob/.ssh; stat -c '%a %U %n' it* new; cat new"); said != "700 bob it's\n600 bob new\n# x\n" {
			t.Errorf("%s: prepared %s", name, said)
		}
		if said := inShell(t, m, command, account.As(target, scripted(undo)).Text) + m.Sh("ls /home/bob/.ssh"); said != "authorized_keys\nconf.d\nconfig\n" {
			t.Errorf("%s: left %s", name, said)
		}
	}
}

func scripted(text string) host.Script { return host.Script{Text: text} }

// inShell runs a script in a shell as host.Script is run.
func inShell(t *testing.T, m *hosttest.Machine, shell, script string) string {
	t.Helper()
	text := "LC_ALL=C; PATH=/tools/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export LC_ALL PATH; umask 077; main() {\n" + script + "\n}\nmain </dev/null\n"
	m.Write("/root/script", text)
	out, err := m.Exec(append(strings.Fields(shell), "/root/script")...)
	if err != nil {
		t.Fatalf("%s: %v", shell, err)
	}
	return out
}
