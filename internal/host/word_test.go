package host

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// TestUsersAsSSHRefusesThem compares with ssh 10.0, which reads no command here and
// so judges a name as the releases do that judge it before they read their files.
// It does not know yet of control characters, which 10.1 refuses.
func TestUsersAsSSHRefusesThem(t *testing.T) {
	ssh := hosttest.Binary(t, "trixie")
	users := []string{"root", "bob@corp.example", `CORP\bob`, "host$", "a b", "a.b-c_d", "a - b", "a -b", "$HOME", "${HOME}", "$(id)", "`id`", "a;b", "a&b", "a|b", "a<b", "a>b", "a'b", `a"b`, `a\`, "a{b}", "a*", "a?", "~a", "#a", "!a", "%r", "ä", "-a"}
	for _, user := range users {
		_, complaint, exit := ssh.Run(nil, "ssh", "-F", "/dev/null", "-G", "-l", user, "web")
		err := checkUser(user)
		if refused := exit != 0; refused != (err != nil) {
			t.Errorf("%q: ssh ended with status %d (%s), we say %v", user, exit, strings.TrimSpace(complaint), err)
		}
	}
}

func TestHostsThatSSHRefuses(t *testing.T) {
	ssh := hosttest.Binary(t, "trixie")
	for _, name := range []string{"-web", "we'b", "we`b", `we"b`, "we$b", `we\b`, "we;b", "we&b", "we<b", "we>b", "we|b", "we(b", "we)b", "we{b", "we}b", "we,b", "we b", "we\tb", "we\nb", "we\x1bb"} {
		if _, _, exit := ssh.Run(nil, "ssh", "-F", "/dev/null", "-G", "--", name); exit == 0 {
			t.Errorf("ssh takes %q", name)
		}
		if checkHost(name) == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain, ünïcode, 日本語, ✓ — …":          "plain, ünïcode, 日本語, ✓ — …",
		"two\r\nlines\tand a tab":             "two\nlines\tand a tab",
		"\x1b[2J\x07\b":                       `\x1b[2J\a\b`,
		"over\rwritten":                       `over\rwritten`,
		"c1 \u009b31m":                        `c1 \u009b31m`,
		"gpj.\u202egod":                       `gpj.\u202egod`,
		"\u2066isolate\u2069 \u200fmark":      `\u2066isolate\u2069 \u200fmark`,
		"zero\u200bwidth\u200d \ufeff \u2060": `zero\u200bwidth\u200d \ufeff \u2060`,
		"lines\u2028and\u2029paragraphs":      `lines\u2028and\u2029paragraphs`,
		"soft\u00adhyphen no\u00a0break":      `soft\u00adhyphen no\u00a0break`,
		"\u3164 \u115f \ufe0f \U000e0041":     `\u3164 \u115f \ufe0f \U000e0041`,
		"bytes \xff\xc3(":                     `bytes \xff\xc3(`,
		"a real \ufffd":                       "a real \ufffd",
		"private \ue000 \U0010ffff":           `private \ue000 \U0010ffff`,
	} {
		have := Printable(text)
		if have != want {
			t.Errorf("%q: have %q, want %q", text, have, want)
		}
		if again := Printable(have); again != have {
			t.Errorf("%q changes again, to %q", have, again)
		}
	}
}

// FuzzPrintable: nothing comes out that a terminal acts on, and what is harmless
// stays as it is.
func FuzzPrintable(f *testing.F) {
	for _, text := range []string{"", "a\r\nb", "\x1b]0;x\a", "\u202e", "\xff", "\ufffd"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		have := Printable(text)
		for _, r := range have {
			if r != '\n' && r != '\t' && !shown(r) {
				t.Fatalf("%q has %q in it", have, r)
			}
		}
		if Printable(have) != have || len(have) > 6*len(text) {
			t.Fatalf("%q becomes %q", text, have)
		}
	})
}
