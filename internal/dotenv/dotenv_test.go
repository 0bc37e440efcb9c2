package dotenv

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv/dotenvtest"
)

func TestGet(t *testing.T) {
	cases := []struct{ text, value, flaw string }{
		{"SSH_X=3", "3", ""},
		{"SSH_X = 3 ", "3", ""},
		{"  export SSH_X=3 # three", "3", ""},
		{"SSH_X=3#4", "3", ""},
		{"SSH_X=", "", ""},
		{"SSH_X=# none", "", ""},
		{`SSH_X="a # b" # c`, "a # b", ""},
		{`SSH_X="a\n\"b\" \$x \\"`, "a\n\"b\" $x \\", ""},
		{`SSH_X='a\n $x'`, `a\n $x`, ""},
		{"SSH_X=\"a\nb\"\r\n", "a\nb", ""},
		{"SSH_X=1\nSSH_X=2\n", "2", ""},
		{"SSH_X=a b", "a b", "it contains a blank and has no quotes"},
		{`SSH_X="a"b`, "a", "there is text after the closing quote"},
	}
	for _, x := range cases {
		e, ok := Parse([]byte(x.text)).Get("SSH_X")
		if !ok || e.Value != x.value || e.Problem != x.flaw {
			t.Errorf("%q: %+v %v", x.text, e, ok)
		}
	}
	for _, text := range []string{"", "#SSH_X=1", "SSH_X", "SSH_X: 1", "SSH_XY=1", "ssh_x=1", "A=\"\nSSH_X=1\n\"", "\ufeffSSH_X=1"} {
		if e, ok := Parse([]byte(text)).Get("SSH_X"); ok {
			t.Errorf("%q: %+v", text, e)
		}
	}
}

// TestSet shows what becomes of a file, and that it comes back.
func TestSet(t *testing.T) {
	cases := []struct{ name, before, after string }{
		{"nothing was there", "A=1\n", "A=1\n# sshkeepalive added SSH_X\nSSH_X=5\n"},
		{"no last line end", "A=1", "A=1\n# sshkeepalive added SSH_X\nSSH_X=5"},
		{"an empty file", "", "# sshkeepalive added SSH_X\nSSH_X=5\n"},
		{"one line in its place", "SSH_X=3 # three\nA=1\n", "# sshkeepalive took SSH_X 1: SSH_X=3 # three\nSSH_X=5\nA=1\n"},
		{"CRLF", "SSH_X=3\r\nA=1\r\n", "# sshkeepalive took SSH_X 1: SSH_X=3\r\nSSH_X=5\r\nA=1\r\n"},
		{"a carriage return without a line feed", "A=1\r", "A=1\r\n# sshkeepalive added SSH_X\nSSH_X=5"},
		{"the same of the line that is set", "A=1\nSSH_X=3\r", "A=1\n# sshkeepalive took SSH_X 1: SSH_X=3\r\nSSH_X=5"},
		{"two carriage returns", "A=1\r\nB=2\r", "A=1\r\nB=2\r\r\n# sshkeepalive added SSH_X\r\nSSH_X=5"},
		{"twice, and no last line end", "SSH_X=3\nA=1\nexport SSH_X=4", "# sshkeepalive took SSH_X 1: SSH_X=3\nA=1\n# sshkeepalive took SSH_X 2: export SSH_X=4\nSSH_X=5"},
	}
	for _, x := range cases {
		f := Parse([]byte(x.before))
		if err := f.Set("SSH_X", "5"); err != nil || string(f.Bytes()) != x.after {
			t.Errorf("%s: %v %q", x.name, err, f.Bytes())
		}
		back := Parse([]byte(x.after))
		back.Unset("SSH_X")
		if got := string(back.Bytes()); got != x.before {
			t.Errorf("%s: taken back: %q", x.name, got)
		}
	}
}

func TestSetRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"A='\nSSH_X=1\n":        "the quote on line 1 is never closed",
		"A=1\nSSH_X=\"a\nb\"\n": "the value of SSH_X on line 2 spans several lines",
	} {
		f := Parse([]byte(text))
		if err := f.Set("SSH_X", "5"); err == nil || err.Error() != why || string(f.Bytes()) != text {
			t.Errorf("%q: %v %q", text, err, f.Bytes())
		}
	}
}

// TestUnsetAfterAnUpgrade: what Coolify's own upgrade does to the file before the
// way back. Newer ones drop what repeats (awk -F = '!seen[$1]++'), older ones sort.
func TestUnsetAfterAnUpgrade(t *testing.T) {
	before := "SSH_X=1\nZ=1\nSSH_X=2\nA=2\n"
	f := Parse([]byte(before))
	if err := f.Set("SSH_X", "5"); err != nil {
		t.Fatal(err)
	}
	if err := f.Set("SSH_Y", "6"); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var deduped strings.Builder
	for line := range strings.Lines(string(f.Bytes())) {
		name, _, _ := strings.Cut(line, "=")
		if !seen[name] {
			deduped.WriteString(line)
		}
		seen[name] = true
	}
	if deduped.String() != string(f.Bytes()) {
		t.Errorf("the upgrade drops lines of ours: %q", deduped.String())
	}
	moved := Parse(sorted(f.Bytes()))
	if e, _ := moved.Get("SSH_X"); e.Value != "5" {
		t.Errorf("after sorting: %+v", e)
	}
	moved.Unset("SSH_X")
	moved.Unset("SSH_Y")
	if got := string(sorted(moved.Bytes())); got != "A=2\nSSH_X=1\nSSH_X=2\nZ=1" {
		t.Errorf("taken back after sorting: %q", got)
	}
}

// TestOwnAndForeign: a line that somebody adds below ours stays when ours goes.
func TestOwnAndForeign(t *testing.T) {
	f := Parse([]byte("# sshkeepalive added SSH_X\nSSH_X=5\nSSH_X=9\n# sshkeepalive hid MUX_ENABLED 1: MUX_ENABLED=0\nMUX_ENABLED=1\n"))
	if own, ok := f.Managed("SSH_X"); !ok || own.Value != "5" {
		t.Errorf("%+v", own)
	}
	f.Unset("SSH_X")
	f.Unset("MUX_ENABLED")
	if got := string(f.Bytes()); got != "SSH_X=9\nMUX_ENABLED=0\nMUX_ENABLED=1\n" {
		t.Errorf("%q", got)
	}
}

func TestMaskShows(t *testing.T) {
	text := "# pw hunter2\nAPP_KEY=base64:s3cr=et # x\nSSH_PASS='hun ter'\nSSH_MAX_RETRIES=3 # y\nPEM=\"a\nSSH_MAX_RETRIES=9\n\"\n# sshkeepalive took SSH_MAX_RETRIES 1: SSH_MAX_RETRIES=2\n# sshkeepalive took SSH_PASS 1: SSH_PASS=hunter2\nSSH_X=\"1\n2\"\n"
	want := "# xx xxxxxxx\nxxxxxxx=xxxxxxxxxxxxxx # x\nSSH_PASS='xxx xxx'\nSSH_MAX_RETRIES=3 # y\nxxx=\"x\nxxxxxxxxxxxxxxxxx\n\"\n# sshkeepalive took SSH_MAX_RETRIES 1: SSH_MAX_RETRIES=2\n# sshkeepalive took SSH_PASS 1: SSH_PASS=xxxxxxx\nSSH_X=\"x\nx\"\n"
	if got := string(dotenvtest.Mask([]byte(text), []string{"SSH_MAX_RETRIES", "SSH_X"})); got != want {
		t.Errorf("%s", got)
	}
}
