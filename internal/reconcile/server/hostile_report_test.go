package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
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

const spellText = "@canon 0 \nClientAliveInterval 60\n@end\n"

func readSpelling(text string) error {
	_, err := parseSpellings(reconcile.Target{}, text, []string{"ClientAliveInterval 1m"})
	return err
}

func readFacts(text string) error {
	_, err := sightOf(text)
	return err
}

// TestReportsWithLies: no lie crashes a reader, and no section that is missing, and
// none is told back at length.
func TestReportsWithLies(t *testing.T) {
	shelltest.CheckLies(t, cloudReport, readFacts)
	shelltest.CheckLies(t, spellText, readSpelling)
}

func FuzzSpellings(f *testing.F) { shelltest.Fuzz(f, spellText, readSpelling) }

// FuzzVersions: what a server or a program says of itself is a release of four digits,
// or none.
func FuzzVersions(f *testing.F) {
	for _, text := range append(shelltest.Lies, "SSH-2.0-OpenSSH_9.2p1 Debian-2", "OpenSSH_10.0p2, LibreSSL 4", "9.2") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := sshconf.ParseVersion(text)
		if err == nil && (v.Major > 9999 || v.Minor > 9999 || v.Major < 0 || v.Minor < 0) {
			t.Fatalf("%q is %v", text, v)
		}
	})
}
