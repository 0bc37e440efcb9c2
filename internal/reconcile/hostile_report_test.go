package reconcile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestHostileReports: a host that lies about paths, numbers and counts gets an error
// that says which, soon.
func TestHostileReports(t *testing.T) {
	replace := func(old, with string) string {
		if !strings.Contains(cloudReport, old) {
			t.Fatalf("no %q in the report", old)
		}
		return strings.ReplaceAll(cloudReport, old, with)
	}
	many := func(line string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, line+"\n", i)
		}
		return replace("@sizes\n", b.String()+"@sizes\n")
	}
	for name, c := range map[string]struct{ report, want string }{
		"relative main":       {replace("@main /etc/ssh/sshd_config", "@main sshd_config"), `"sshd_config" as a path`},
		"main above the root": {replace("@main /etc/ssh/sshd_config", "@main /etc/../../../tmp/x"), "climbs above the root"},
		"main for a terminal": {replace("@main /etc/ssh/sshd_config", "@main /etc/\x1b[2Jssh"), `/etc/\x1b[2Jssh`},
		"empty main":          {replace("@main /etc/ssh/sshd_config", "@main "), `"" as a path`},
		"long main":           {replace("@main /etc/ssh/sshd_config", "@main /"+strings.Repeat("x", 5000)), "not an absolute one"},
		"relative sshd":       {replace("@sshd /usr/sbin/sshd", "@sshd sh -c x"), "not an absolute one"},
		"relative file":       {replace("@file /etc/ssh/sshd_config.d", "@file ../sshd_config.d"), "not an absolute one"},
		"relative directory":  {replace("@dir /etc/ssh", "@dir -x"), "not an absolute one"},
		"relative pid file":   {replace("@pidfile /run/sshd.pid", "@pidfile run"), "not an absolute one"},
		"all processes":       {replace("@daemon 7\n", "@daemon -1\n"), "out of range"},
		"no process":          {replace("@daemon 7\n", "@daemon 0\n"), "as the number of a process"},
		"too many a process":  {replace("@daemon 7\n", "@daemon 99999999999\n"), "as the number of a process"},
		"no number":           {replace("@daemon 7\n", "@daemon 999999999999999999999999\n"), "no number"},
		"negative size":       {replace(" 24 /etc", " -24 /etc"), "changed while it was read"},
		"huge size":           {replace(" 24 /etc", " 24000000000 /etc"), "changed while it was read"},
		"negative status":     {replace("@dump 0 ", "@dump -7 "), "out of range"},
		"no time":             {replace("1700000000.5", "99999999999999999999.5"), "no time"},
		"absurd version":      {replace("OpenSSH_9.2p1", "OpenSSH_99999999999999999999.1p1"), "did not tell its version"},
		"long version":        {replace("OpenSSL 3.0.15", strings.Repeat("x", 1000)), "version of"},
		"odd machine":         {replace("0123456789abcdef0123456789abcdef", "a\x1b[2J"), "as its machine id"},
		"long machine":        {replace("0123456789abcdef0123456789abcdef", strings.Repeat("a", 1000)), "as its machine id"},
		"many files":          {many("@file /etc/x%d", 3000), `more than 2000 sections "file"`},
		"many directories":    {many("@includedir /etc/x%d", 400_000), `more than 2000 sections "includedir"`},
		"many dumps":          {many("@dump 0 %d", 300_000), `more than 5000 sections "dump"`},
		"many words":          {many("@listen %d 1", 300_000), `more than 100000 sections "listen"`},
		"two ends":            {cloudReport + "@end\n@file /x\n", ""},
		"a section unknown":   {cloudReport + "@\x1b]0;x\a y\n", `unexpected section "\x1b]0;x\a"`},
		"a line too many":     {"hello\n" + cloudReport, `unexpected line "hello"`},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := sightOf(c.report)
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("want %q, have %.300v", c.want, err)
			}
			if err != nil && len(err.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

const clientReportText = `@user 1000 joe
@home /home/joe
@os Linux
@ssh /usr/bin/ssh
@version OpenSSH_9.2p1 Debian-2, OpenSSL 3.0
@managed /home/joe/.ssh/config
@file /home/joe/.ssh/config
@sizes
17 /home/joe/.ssh/config
@bytes
Host *
# comment

@main /home/joe/.ssh/config
@system /etc/ssh/ssh_config
@dump 0 sshkeepalive.invalid
hostname x
@canon 0 sshkeepalive.invalid
hostname x
@attr 600 1000 /home/joe/.ssh/config
@machine 0123456789abcdef0123456789abcdef
@end
`

const controlReportText = `@user 1000 joe
@home /home/joe
@socket /tmp/a
@now 1700000000
@check 0
@stat 600 1000 1699999000 joe
@said Master running (pid=77)
@machine 0123456789abcdef0123456789abcdef
@end
`

const coolifyReportText = `@machine 0123456789abcdef0123456789abcdef
@before aa  -
@text 9
SSH_A=xxx

@after aa  -
@end
`

func readClient(text string) (clientSeen, error) {
	r := clientReport{sections: newSections(text)}
	if err := r.read(r.section); err != nil {
		return clientSeen{}, err
	}
	return r.finish(Target{File: "~/.ssh/config", User: "joe"}, sshclient.Want{})
}

func readControl(text string) ([]sshclient.ControlSocket, error) {
	r := controlReport{sections: newSections(text)}
	if err := r.read(r.section); err != nil {
		return nil, err
	}
	var list []sshclient.ControlSocket
	for _, c := range r.checks {
		list = append(list, sshclient.ClassifySocket(c))
	}
	return list, nil
}

func readCoolify(text string) (coolifySeen, error) {
	r := coolifyReport{sections: newSections(text)}
	err := r.read(r.section)
	return r.seen, err
}

// TestReportsOfTheOtherScripts are read as they are, so that the fuzz targets begin with
// what is valid.
func TestReportsOfTheOtherScripts(t *testing.T) {
	if s, err := readClient(clientReportText); err != nil || s.Facts.UID != 1000 {
		t.Errorf("%+v: %v", s, err)
	}
	if list, err := readControl(controlReportText); err != nil || len(list) != 1 || list[0].PID != 77 || list[0].Age != 1000 {
		t.Errorf("%+v: %v", list, err)
	}
	if list, err := parsePending(readers()["pending"].text); err != nil || len(list) != 2 || list[0].Left != time.Minute || !list[1].Rolling {
		t.Errorf("%+v: %v", list, err)
	}
	if s, err := readCoolify(coolifyReportText); err != nil || string(s.Facts.Text) != "SSH_A=xxx" {
		t.Errorf("%+v: %v", s, err)
	}
}

// lies are put in place of arguments in reports that are otherwise valid.
var lies = []string{"", "-1", "0", "99999999999999999999", "../x", "x", "/../../x", "/a\x1bb", "$(id)", "\u202e", strings.Repeat("9", 1000), "1 2 3 4 5", "-"}

// TestLiesInEverySection: no lie crashes a reader, and no section that is missing, and
// none is told back at length.
func TestLiesInEverySection(t *testing.T) {
	for name, read := range readers() {
		lines := strings.SplitAfter(read.text, "\n")
		for i, line := range lines {
			without := strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")
			_ = read.read(without)
			word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			for _, lie := range lies {
				lied := strings.Join(append(append(append([]string{}, lines[:i]...), word+" "+lie+"\n"), lines[i+1:]...), "")
				if err := read.read(lied); err != nil && len(err.Error()) > 2000 {
					t.Errorf("%s: %q: the error has %d bytes", name, word, len(err.Error()))
				}
			}
		}
	}
}

type reader struct {
	text string
	read func(string) error
}

func readers() map[string]reader {
	return map[string]reader{
		"server":  {cloudReport, func(s string) error { _, err := sightOf(s); return err }},
		"client":  {clientReportText, func(s string) error { _, err := readClient(s); return err }},
		"control": {controlReportText, func(s string) error { _, err := readControl(s); return err }},
		"coolify": {coolifyReportText, func(s string) error { _, err := readCoolify(s); return err }},
		"pending": {"@pending a1 armed 1000 boot 1060 boot 60 systemd\n@pending a2 rolling 1000 boot\n@end\n", func(s string) error { _, err := parsePending(s); return err }},
		"spell": {"@canon 0 \nClientAliveInterval 60\n@end\n", func(s string) error {
			_, err := parseSpellings(s, []string{"ClientAliveInterval 1m"})
			return err
		}},
	}
}

// quickly fails a fuzz target that takes longer than text of that length may: the
// readers go over their text a few times.
func quickly(t *testing.T, text string, read func(string) error) {
	t.Helper()
	began := time.Now()
	err := read(text)
	if took := time.Since(began); took > 5*time.Second+time.Duration(len(text))*10*time.Microsecond {
		t.Fatalf("%d bytes took %s", len(text), took)
	}
	if err != nil && len(err.Error()) > 4*len(text)+2000 {
		t.Fatalf("the error for %d bytes has %d", len(text), len(err.Error()))
	}
}

func fuzzReader(f *testing.F, name string) {
	f.Helper()
	r := readers()[name]
	f.Add(r.text)
	for _, lie := range lies {
		f.Add(strings.Replace(r.text, " ", " "+lie+" ", 2))
	}
	f.Fuzz(func(t *testing.T, text string) { quickly(t, text, r.read) })
}

func FuzzClientReport(f *testing.F)  { fuzzReader(f, "client") }
func FuzzControlReport(f *testing.F) { fuzzReader(f, "control") }
func FuzzCoolifyReport(f *testing.F) { fuzzReader(f, "coolify") }
func FuzzPendingReport(f *testing.F) { fuzzReader(f, "pending") }
func FuzzSpellings(f *testing.F)     { fuzzReader(f, "spell") }

// FuzzVersions: what a server or a program says of itself is a release of four digits,
// or none.
func FuzzVersions(f *testing.F) {
	for _, text := range append(lies, "SSH-2.0-OpenSSH_9.2p1 Debian-2", "OpenSSH_10.0p2, LibreSSL 4", "9.2") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := sshconf.ParseVersion(text)
		if err == nil && (v.Major > 9999 || v.Minor > 9999 || v.Major < 0 || v.Minor < 0) {
			t.Fatalf("%q is %v", text, v)
		}
	})
}
