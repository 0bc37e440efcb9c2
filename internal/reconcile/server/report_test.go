package server

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

var oneWish = sshserver.Want{Settings: []keepalive.Setting{{Attribute: "client_alive_interval", Keyword: "ClientAliveInterval", Values: []string{"1m"}}}}

// sightOf reads the report of a host that was asked about oneWish.
func sightOf(text string) (seen, error) {
	v, spellings, err := parseReport(reconcile.Target{}, text, "", queryOf([]sshserver.Want{oneWish}, sshconf.Version{}))
	if err != nil {
		return seen{}, err
	}
	s, _, err := factIndex{}.with(v, spellings).answer(oneWish)
	return s, err
}

const cloudReport = `@daemon 7
@unit ssh.service
@init systemd
@sshd /usr/sbin/sshd
@version OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.15 3 Sep 2024
@main /etc/ssh/sshd_config
@dir /etc/ssh
@includedir /etc/ssh/sshd_config.d
@file /etc/ssh/sshd_config
@file /etc/ssh/sshd_config.d/50-cloud-init.conf
@sizes
 49 /etc/ssh/sshd_config
 24 /etc/ssh/sshd_config.d/50-cloud-init.conf
 73 total
@bytes
Include /etc/ssh/sshd_config.d/*.conf
UsePAM yes
ClientAliveInterval 120

@dump 0 
clientaliveinterval 120
pidfile /run/sshd.pid
@keys  -h /etc/ssh/ssh_host_ed25519_key
@pidfile /run/sshd.pid
@stat 1700000001.000000000 1700000001.000000000 /run/sshd.pid
@canon 0 
ClientAliveInterval 60
@stat 1700000000.500000000 1600000000.000000000 /etc/ssh/sshd_config
@stat 1700000000.100000000 1600000000.000000000 /etc/ssh/sshd_config.d
@listen 00000000:0016 4711
@machine 0123456789abcdef0123456789abcdef
@end
`

func TestParseReport(t *testing.T) {
	text := cloudReport
	s, err := sightOf(text)
	if err != nil {
		t.Fatal(err)
	}
	f := s.Facts
	if f.Version != (sshconf.Version{Major: 9, Minor: 2}) || f.VersionText != "OpenSSH_9.2p1 Debian-2+deb12u6" {
		t.Errorf("version %v %q", f.Version, f.VersionText)
	}
	if got := string(f.Tree.Files["/etc/ssh/sshd_config"]); got != "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n" {
		t.Errorf("main file %q", got)
	}
	if got := string(f.Tree.Files["/etc/ssh/sshd_config.d/50-cloud-init.conf"]); got != "ClientAliveInterval 120\n" {
		t.Errorf("drop-in %q", got)
	}
	if f.Effective[0]["clientaliveinterval"][0] != "120" || f.Canonical["clientaliveinterval"][0] != "60" {
		t.Errorf("dumps %v %v", f.Effective, f.Canonical)
	}
	if f.Daemon.Stale {
		t.Error("a pid file that is newer than every file is not stale")
	}
	want := commit.Activation{Kind: commit.Systemd, Unit: "ssh.service", PID: 7, PIDFile: "/run/sshd.pid"}
	if s.Detail.activation != want {
		t.Errorf("activation %+v, want %+v", s.Detail.activation, want)
	}
}

func TestReportSaysStale(t *testing.T) {
	const late = "1700000001.000000001"
	for _, touched := range []string{
		strings.Replace(cloudReport, "1700000000.500000000 1600000000.000000000 /etc/ssh/sshd_config\n", late+" 1600000000.000000000 /etc/ssh/sshd_config\n", 1),
		strings.Replace(cloudReport, "1700000000.100000000 1600000000.000000000 /etc/ssh/sshd_config.d\n", late+" "+late+" /etc/ssh/sshd_config.d\n", 1),
	} {
		s, err := sightOf(touched)
		if err != nil {
			t.Fatal(err)
		}
		if touched == cloudReport || !s.Facts.Daemon.Stale {
			t.Error("something changed after the pid file was written, yet the daemon is not stale")
		}
	}
}

func TestSocketActivationIsRestarted(t *testing.T) {
	text := cloudReport
	text = strings.Replace(text, "@init systemd", "@socket no ssh.service\n@init systemd", 1)
	s, err := sightOf(text)
	if err != nil {
		t.Fatal(err)
	}
	if s.Detail.activation.Kind != commit.Socket {
		t.Errorf("kind %q: a reload under ssh.socket kills the daemon", s.Detail.activation.Kind)
	}
}

// macOS has no daemon that could be stale: launchd starts an sshd for each
// connection, which reads the files then.
func TestLaunchdNeedsNoReload(t *testing.T) {
	text := cloudReport
	for _, line := range []string{"@daemon 7\n", "@unit ssh.service\n", "@pidfile /run/sshd.pid\n", "@listen 00000000:0016 4711\n"} {
		text = strings.Replace(text, line, "", 1)
	}
	text = strings.Replace(text, "@init systemd", "@init none", 1)
	text = strings.ReplaceAll(text, ".500000000 1600000000.000000000", " 1800000000")
	s, err := sightOf(text)
	if err != nil {
		t.Fatal(err)
	}
	if s.Detail.activation.Kind != commit.None || s.Facts.Daemon.Stale || s.Facts.Daemon.PID != 0 {
		t.Errorf("activation %+v, daemon %+v", s.Detail.activation, s.Facts.Daemon)
	}
}

func TestCutReportIsAnError(t *testing.T) {
	text := cloudReport
	for n := range len(text) - len("@end\n") {
		if s, err := sightOf(text[:n]); err == nil && s.Facts.Invalid == "" {
			t.Fatalf("a report cut after %d bytes was believed", n)
		}
	}
}

func TestFilesThatChangeWhileTheyAreReadAreAnError(t *testing.T) {
	for what, change := range map[string][2]string{
		"grows":       {"UsePAM yes\n", "UsePAM yes\nPort 22\n"},
		"shrinks":     {"UsePAM yes\n", ""},
		"goes away":   {" 24 /etc/ssh/sshd_config.d/50-cloud-init.conf\n", ""},
		"is replaced": {"ClientAliveInterval 120\n", ""},
	} {
		text := strings.Replace(cloudReport, change[0], change[1], 1)
		if _, err := sightOf(text); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
			t.Errorf("a file that %s: %v", what, err)
		}
	}
}

// A daemon that is the program on the disk told its release as it greeted.
func TestReleaseFromTheGreeting(t *testing.T) {
	text := strings.Replace(cloudReport, "@version OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.15 3 Sep 2024\n", "", 1)
	q := queryOf([]sshserver.Want{oneWish}, sshconf.Version{})
	v, _, err := parseReport(reconcile.Target{}, text, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6", q)
	if err != nil || v.version() != (sshconf.Version{Major: 9, Minor: 2}) {
		t.Errorf("%+v, %v", v, err)
	}
	if _, _, err := parseReport(reconcile.Target{}, text, "SSH-2.0-dropbear_2022.83", q); err == nil {
		t.Error("nothing told the release, and no error")
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add(cloudReport)
	f.Add("@err x\n@dump 255 \n@err line 3: Bad\n")
	f.Fuzz(func(t *testing.T, out string) {
		s, err := sightOf(out)
		// A believed report answers every question.
		if err == nil && s.Facts.Invalid == "" && (len(s.Facts.Effective) != 1 || len(s.Facts.MatchCanonical) != 0) {
			t.Errorf("believed %q", out)
		}
	})
}

func TestGatherScriptIsOneShortLineOfShell(t *testing.T) {
	want := oneWish
	want.Contexts = []sshconf.Context{{User: "o'brien", Address: "10.0.0.1"}}
	script := gatherScript(reconcile.Target{File: "/etc/ssh/it's"}, queryOf([]sshserver.Want{want}, sshconf.Version{}))
	if strings.ContainsAny(script, "\n\r") {
		t.Error("the script has a line break, so it cannot travel on the exec line")
	}
	// OpenSSH takes exec lines of 64 KB, but what does not fit into the ten segments of
	// 1,448 bytes with which TCP begins costs a round trip. Encoded and framed, this is
	// 16.3 KB since Include lines are read as ssh reads them (13.8 before), 17.9 where the
	// place of a named main file is judged: it must not become a third flight.
	usual := gatherScript(reconcile.Target{}, queryOf([]sshserver.Want{want}, sshconf.Version{Major: 9, Minor: 2}))
	if len(usual) > 15_000 || len(script) > 17_000 {
		t.Errorf("the script has %d bytes, with config_file %d", len(usual), len(script))
	}
	if out, err := exec.Command("sh", "-n", "-c", script).CombinedOutput(); err != nil {
		t.Errorf("sh -n: %v: %s", err, out)
	}
}
