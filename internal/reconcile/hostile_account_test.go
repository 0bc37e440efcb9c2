package reconcile_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// ranAs is who ran commands of bob's: what he plants writes uids to files of this name.
func (r *rig) ranAs() string {
	return strings.Join(strings.Fields(r.Sh("cat /tmp/ran* 2>/dev/null | sort -u || :")), " ")
}

// breakouts are texts of an account that would end a quotation, a here-document or a
// line of a program that they were put into, and run a command there.
func breakouts() map[string]string {
	const run = "id -u >>/tmp/ran"
	list := map[string]string{
		"quote": "' ; " + run + " ; '", "double quote": "\" ; " + run + " ; \"", "substitution": "$(" + run + ")", "backquotes": "`" + run + "`",
		"pipe": "| " + run + " ;", "line": "\n" + run + "\n", "printf": `\047; ` + run + `; \047 %s %n \\`, "end of a function": "}\n" + run + "\n{", "carriage return": "\r" + run + "\r",
		"report": "@end\n@file /etc/shadow\n@sizes\n", "long": strings.Repeat("x", 200_000) + "$(" + run + ")",
	}
	for _, word := range []string{"END_OF_SSHKEEPALIVE_SCRIPT", "EOF", "END", "@bytes", "main </dev/null"} {
		list["delimiter "+word] = fmt.Sprintf("# x\n%s\n%s\ncat >/dev/null <<\"%s\"\n", word, run, word)
	}
	return list
}

// TestTextOfAnAccountNeverRuns: whatever an account has in the files that its ssh reads
// or passes over, nothing of it runs as root, or at all. A name that ssh
// takes for a comment is not read.
func TestTextOfAnAccountNeverRuns(t *testing.T) {
	t.Parallel()
	files := map[string]string{bobConfig: "Include benign # inc\n"}
	for name, text := range breakouts() {
		quoted := strings.NewReplacer("\n", "\n# ", "\r", "\r# ").Replace("# " + text)
		files["/home/bob/.ssh/benign.d/"+strings.ReplaceAll(name, "/", "-")] = quoted + "\n"
		files["/home/bob/.ssh/inc.d/"+strings.ReplaceAll(name, "/", "-")] = text
	}
	for _, file := range []string{"~/.ssh/config", "/etc/ssh/ssh_config.d/10-keepalive.conf"} {
		for _, user := range []string{"admin", "root"} {
			t.Run(user+" "+strings.ReplaceAll(file, "/", "-"), func(t *testing.T) {
				t.Parallel()
				r, target := sshRig(t, user, files)
				r.Sh("cd /home/bob/.ssh; for f in inc.d/*; do printf 'Include \"benign.d/%s\" # \"%s\" %s\\n' \"${f#*/}\" \"$f\" \"$f\" >>config; done; cp inc.d/*SSHKEEP* inc; : >benign; chown -R bob:bob .")
				for _, name := range []string{"';cd ..;cd ..;cd tmp;id -u >>ran; '", "$(cd ..;cd ..;cd tmp;id -u >>ran)", "`cd ..;cd ..;cd tmp;id -u >>ran`", "-f", "a b", strings.Repeat("n", 250)} {
					r.Sh("cd /home/bob/.ssh; mkdir -p odd.d; printf 'User x\\n' >./odd.d/" + shellWord(name) + "; chown -R bob:bob odd.d")
				}
				r.Sh("cd /home/bob/.ssh; printf 'Include odd.d/*\\n' >>config")
				target.File, target.User = file, "bob"
				if _, err := r.walk().LookClient(t.Context(), target, sshWish("Host *", "ServerAliveInterval", "60")); err != nil {
					t.Fatal(err)
				}
				sight, _ := applySSH(t, r, target, sshWish("Host *", "ServerAliveInterval", "60"))
				for name := range sight.Facts.Tree.Files {
					if strings.Contains(name, "/inc") {
						t.Errorf("%s was read, which ssh does not read", name)
					}
				}
				if _, err := r.walk().RemoveClient(t.Context(), target, sshWish("Host *", "ServerAliveInterval", "60"), reconcile.Record{}); err != nil {
					t.Error(err)
				}
				if who := r.ranAs(); who != "" {
					t.Errorf("commands of bob's ran as %s", who)
				}
			})
		}
	}
}

// TestTextThatEndsAHereDocument: bob knows how the script for his account was wrapped
// once.
func TestTextThatEndsAHereDocument(t *testing.T) {
	t.Parallel()
	for name, inc := range breakouts() {
		if !strings.HasPrefix(name, "delimiter ") && name != "line" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, target := sshRig(t, "admin", map[string]string{bobConfig: "Include benign # inc\n", "/home/bob/.ssh/benign": "", "/home/bob/.ssh/inc": inc})
			target.User = "bob"
			_, _, outcome, err := r.walk().ApplyClient(t.Context(), target, sshWish("Host *", "ServerAliveInterval", "60"), reconcile.Record{})
			if who := r.ranAs(); who != "" || outcome != reconcile.Applied {
				t.Errorf("%s, %v; bob's command ran as %q", outcome, err, who)
			}
		})
	}
}

func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// plunder are Match lines by which bob's ssh copies what it can read of what was laid
// out for it, and writes down what others could have read there.
const plunder = `Match exec "cat /tmp/*/etc/shadow /tmp/*/root/secret /tmp/*/home/eve/.ssh/config >>/tmp/loot 2>/dev/null; find /tmp -path '*/.ssh/*' -perm /077 >>/tmp/loose; find /tmp -mindepth 1 -maxdepth 1 -name '*sshkeep*' -perm /077 >>/tmp/loose; false"
`

// TestFilesThatAnAccountCannotReadStayUnread: bob's configuration names files of root
// and of eve. They are read as bob, which is what his ssh does: not at all.
func TestFilesThatAnAccountCannotReadStayUnread(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{"/root/secret": "# " + rootOnly + "\n", "/home/eve/.ssh/config": "# " + rootOnly + "\n"}
	for name, c := range map[string]struct{ config, refusal string }{
		"passed over as a comment": {plunder + "Include benign # /etc/shadow /root/secret /home/eve/.ssh/config\nMatch all\n  ProxyCommand secret-password\n", ""},
		"quoted":                   {plunder + "Include \"benign\" # \"/etc/shadow\" '/root/secret'\n", ""},
		"included":                 {"Include /root/secret\n" + plunder, "/root/secret"},
		"included by a link":       {"Include link\n" + plunder, "link"},
		"included by a pattern":    {"Include /etc/shado*\n" + plunder, "/etc/shadow"},
	} {
		for _, file := range []string{"~/.ssh/config", "/etc/ssh/ssh_config.d/10-keepalive.conf"} {
			t.Run(name+strings.ReplaceAll(file, "/", "-"), func(t *testing.T) {
				t.Parallel()
				files := map[string]string{bobConfig: c.config}
				maps.Copy(files, secrets)
				r, target := sshRig(t, "admin", files)
				r.Sh("usermod -p " + rootOnly + " root 2>/dev/null || sed -i 's/^root:[^:]*/root:" + rootOnly + "/' /etc/shadow; chmod 600 /root/secret /home/eve/.ssh/config; chown eve /home/eve/.ssh/config; chmod 711 /root /home/eve /home/eve/.ssh; ln -s /root/secret /home/bob/.ssh/link; ln /root/secret /home/bob/.ssh/hard 2>/dev/null || :")
				target.File, target.User = file, "bob"
				sight, _, _, err := r.walk().ApplyClient(t.Context(), target, sshWish("Host *", "ServerAliveInterval", "60"), reconcile.Record{})
				if (err == nil) != (c.refusal == "") || err != nil && (!strings.Contains(err.Error(), c.refusal) || !strings.Contains(err.Error(), "Permission denied")) {
					t.Errorf("error %v", err)
				}
				for name, text := range sight.Facts.Tree.Files {
					if strings.Contains(string(text), rootOnly) || strings.Contains(name, "shadow") {
						t.Errorf("%s was read", name)
					}
				}
				if loot := r.Sh("cat /tmp/loot 2>/dev/null || :"); loot != "" {
					t.Errorf("bob got %q", loot)
				}
				if loose := r.Sh("cat /tmp/loose 2>/dev/null || :"); loose != "" {
					t.Errorf("others could read, or enter, %s", loose)
				}
			})
		}
	}
}

// TestConfigurationOfAnotherAccountIsRefused: a file in a place where another account
// can put what it likes is neither read by ssh nor written for root or for who logs in,
// whose commands Match exec would otherwise be: `user` is to name that account.
func TestConfigurationOfAnotherAccountIsRefused(t *testing.T) {
	t.Parallel()
	const trap = "Match exec \"id -u >>/tmp/ran\"\n  ServerAliveInterval 5\n"
	for name, c := range map[string]struct{ user, as, prepare, file, dir, owner string }{
		"root, home":               {"root", "", ":", bobConfig, "/home/bob", "bob"},
		"admin, home":              {"admin", "", ":", bobConfig, "/home/bob", "bob"},
		"eve for herself":          {"root", "eve", "chmod 755 /home/bob /home/bob/.ssh; chmod 644 " + bobConfig, bobConfig, "/home/bob", "bob"},
		"a file of bob's":          {"root", "", "mkdir /srv/x; cp " + bobConfig + " /srv/x/config; chown bob /srv/x/config", "/srv/x/config", "/srv/x/config", "bob"},
		"a directory for all":      {"root", "", "mkdir -m 777 /srv/x; cp " + bobConfig + " /srv/x/config", "/srv/x/config", "/srv/x", "root"},
		"a group's":                {"root", "", "mkdir -m 775 /srv/x; chgrp bob /srv/x; cp " + bobConfig + " /srv/x/config", "/srv/x/config", "/srv/x", "root"},
		"sticky":                   {"root", "", "mkdir -m 1777 /srv/x; cp " + bobConfig + " /srv/x/config; chown bob /srv/x/config", "/srv/x/config", "/srv/x/config", "bob"},
		"a hard link":              {"root", "", "ln /etc/ssh/ssh_config /home/bob/hard || cp /etc/ssh/ssh_config /home/bob/hard", "/home/bob/hard", "/home/bob", "bob"},
		"a link to the home":       {"root", "", "ln -s bob /home/rob", "/home/rob/.ssh/config", "/home/bob", "bob"},
		"a link in the middle":     {"root", "", "ln -s /home/bob/.ssh /srv/x", "/srv/x/config", "/home/bob", "bob"},
		"a link at the end":        {"root", "", "mkdir /srv/x; ln -s " + bobConfig + " /srv/x/config", "/srv/x/config", "/home/bob", "bob"},
		"a link of bob's":          {"root", "", "ln -s /etc/ssh /home/bob/x; chown -h bob /home/bob/x", "/home/bob/x/config", "/home/bob", "bob"},
		"a system file of bob's":   {"root", "", "mkdir /etc/x; cp " + bobConfig + " /etc/x/config; chown -R bob /etc/x", "/etc/x/config", "/etc/x", "bob"},
		"a pipe in another's":      {"root", "", "mkdir /home/bob/p; mkfifo /home/bob/p/config; chown -R bob /home/bob/p", "/home/bob/p/config", "/home/bob", "bob"},
		"a directory in its place": {"root", "", "mkdir -p /home/bob/p/config; chown -R bob /home/bob/p", "/home/bob/p/config", "/home/bob", "bob"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, target := sshRig(t, c.user, map[string]string{bobConfig: trap})
			r.Sh(c.prepare)
			target.File, target.User = c.file, c.as
			before := r.Snapshot("/home", "/srv", "/etc", "/root")
			want := sshWish("Host *", "ServerAliveInterval", "60")
			_, lookErr := r.walk().LookClient(t.Context(), target, want)
			_, _, outcome, err := r.walk().ApplyClient(t.Context(), target, want, reconcile.Record{})
			var exposed *reconcile.ExposedError
			if outcome != reconcile.Unchanged || !errors.As(err, &exposed) || !errors.As(lookErr, &exposed) || exposed.Dir != c.dir || exposed.Owner != c.owner {
				t.Errorf("%s: %v, %v", outcome, lookErr, err)
			}
			if who := r.ranAs(); who != "" {
				t.Errorf("bob's command ran as %s", who)
			}
			if d := hosttest.Differences(before, r.Snapshot("/home", "/srv", "/etc", "/root")); d != "" {
				t.Errorf("changed:\n%s", d)
			}
		})
	}
}

// TestFilesOfAnAccountWithoutEnd: what bob includes that ssh would wait for, or read
// without end, is refused with its name, and neither it nor bob's ssh holds the look up.
func TestFilesOfAnAccountWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ prepare, says string }{
		"pipe":             {"mkfifo inc", "inc is not a regular file"},
		"link to a pipe":   {"mkfifo pipe; ln -s pipe inc", "inc is not a regular file"},
		"device":           {"ln -s /dev/zero inc", "inc is not a regular file"},
		"managed pipe":     {"rm config; mkfifo config", "config is not a regular file"},
		"huge file":        {"truncate -s 1T inc", "inc has more than 2 MiB"},
		"large file":       {"yes '# x' | head -c 3000000 >inc", "inc has more than 2 MiB"},
		"nested":           {"for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do for j in 1 2 3 4 5 6 7 8; do echo Include n$((i + 1)); done >n$i; done; echo Include n1 >inc; : >n15", "within 20 seconds"},
		"includes itself":  {"echo Include inc >inc", "Too many recursive configuration includes"},
		"slow Match exec":  {"echo 'Match exec \"sleep 1000\"' >inc", "within 20 seconds"},
		"line end in name": {"rm -f inc; mkdir d; touch \"d/a\nb\"; echo 'Include d/*' >inc", "a line end in it"},
		"directory":        {"mkdir inc", ""},
		"dangling link":    {"ln -s nowhere inc", ""},
		"link to itself":   {"ln -s inc inc", "Too many levels of symbolic links"},
		"null":             {"ln -s /dev/null inc", "Bad owner or permissions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, target := sshRig(t, "admin", map[string]string{bobConfig: "Include inc\n"})
			r.Sh("cd /home/bob/.ssh; " + c.prepare + "; chown -hR bob:bob .")
			target.User = "bob"
			target.Spec.CommandTimeout = 5 * time.Minute
			sight, err := r.walk().LookClient(t.Context(), target, sshWish("Host *", "ServerAliveInterval", "60"))
			said := sight.Facts.Invalid
			if err != nil {
				said = err.Error()
			}
			if !strings.Contains(said, c.says) || c.says == "" && said != "" {
				t.Errorf("%q, want %q", said, c.says)
			}
		})
	}
}
