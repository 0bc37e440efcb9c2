package dotenv

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv/dotenvtest"
)

// Files as people, installers and enemies leave them.
var samples = []string{
	"", "\n", "A=1", "A=1\n", "\n\nA=1\n\n", "# c\r\nSSH_MAX_RETRIES=3\r\n",
	"SSH_MAX_RETRIES=3\nAPP_KEY=base64:abc=\nSSH_MAX_RETRIES=5", "export SSH_MAX_RETRIES = \"3\" # three\n",
	"\ufeffSSH_MAX_RETRIES=3\nX=it's\n", "PEM=\"a\nSSH_MAX_RETRIES=9\nb\"\nSSH_MAX_RETRIES='3'\n",
	"PEM='a\nSSH_MAX_RETRIES=9\nb'\n", "X=\"never closed\nSSH_MAX_RETRIES=3\n", "X=\"a\\\"\nSSH_MAX_RETRIES=3\n\"\n",
	"# sshkeepalive added SSH_X\n", "# sshkeepalive took SSH_MAX_RETRIES 1: SSH_MAX_RETRIES=3\nSSH_MAX_RETRIES=4\n",
	"# sshkeepalive resource 0123456789abcdef\n", "X='\n# sshkeepalive resource 0123456789abcdef\n'\n# sshkeepalive resource image",
	"# sshkeepalive hid MUX_ENABLED 1: MUX_ENABLED=false", "export=1\nexport = 2\nexport A=3\n\xff\x00\x01=\r\r\n",
	"SSH_MAX_RETRIES\nSSH_MAX_RETRIES: 4\n=5\nSSH MAX=6\nSSH_MAX_RETRIES=3#4\n",
}

var keys = []string{"SSH_MAX_RETRIES", "MUX_ENABLED", "SSH_X"}

// What is read is written, to the byte, and so is a masked copy.
func FuzzPrint(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := Parse(data).Bytes(); !bytes.Equal(got, data) {
			t.Fatalf("printed %q", got)
		}
	})
}

// A value that is set is the value that is read, of whatever was there; a second
// time changes nothing; and taking it back restores the bytes, in any order.
func FuzzSet(f *testing.F) {
	for i, s := range samples {
		f.Add([]byte(s), []string{"5", "", "a b", `it's "$x" \n`, "#", "'"}[i%6])
	}
	f.Fuzz(func(t *testing.T, data []byte, value string) {
		if strings.ContainsAny(value, "\n\r\t\f\v\x00") {
			return
		}
		f := Parse(data)
		if f.Unclosed() > 0 || bytes.Contains(data, []byte("# sshkeepalive ")) {
			return
		}
		for _, key := range keys {
			if err := f.Set(key, value); err != nil {
				return
			}
		}
		f.SetResource("0123456789abcdef")
		set := f.Bytes()
		if id, _ := Parse(set).Resource(); id != "0123456789abcdef" {
			t.Fatalf("the resource is %q in %q", id, set)
		}
		for _, key := range keys {
			if e, ok := Parse(set).Get(key); !ok || e.Value != value || e.Problem != "" {
				t.Fatalf("%s is %+v in %q", key, e, set)
			}
		}
		again := Parse(set)
		for _, key := range keys {
			if err := again.Set(key, value); err != nil {
				t.Fatal(err)
			}
		}
		if got := again.Bytes(); !bytes.Equal(sorted(got), sorted(set)) {
			t.Fatalf("set twice: %q, then %q", set, got)
		}
		again.SetResource("0123456789abcdef")
		for _, back := range []*File{Parse(set), again} {
			back.SetResource("")
			for _, key := range slices.Backward(keys) {
				back.Unset(key)
			}
			if got := back.Bytes(); !bytes.Equal(got, data) {
				t.Fatalf("taken back: %q of %q", got, set)
			}
		}
	})
}

// sorted is the lines in an order of their own, the last with an end.
func sorted(text []byte) []byte {
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "\n"))
}

// What hides a key leaves no value, and is taken back to the byte.
func FuzzHide(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("# sshkeepalive ")) {
			return
		}
		f := Parse(data)
		if err := f.Hide("MUX_ENABLED"); err != nil {
			return
		}
		again := Parse(f.Bytes())
		if e, ok := again.Get("MUX_ENABLED"); ok {
			t.Fatalf("still %+v", e)
		}
		again.Unset("MUX_ENABLED")
		if got := again.Bytes(); !bytes.Equal(got, data) {
			t.Fatalf("taken back: %q", got)
		}
	})
}

// A masked file has the bytes in their places, and what is edited in it is edited
// in the real one; and of its secrets there is nothing.
func FuzzMask(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		masked := dotenvtest.Mask(data, keys)
		if len(masked) != len(data) {
			t.Fatalf("%d bytes of %d", len(masked), len(data))
		}
		whole, shown := Parse(data), Parse(masked)
		if whole.Unclosed() != shown.Unclosed() {
			t.Fatalf("unclosed on %d, and %d in %q", whole.Unclosed(), shown.Unclosed(), masked)
		}
		one, other := whole.Entries(), shown.Entries()
		if len(one) != len(other) {
			t.Fatalf("%d entries, and %d in %q", len(one), len(other), masked)
		}
		for i, e := range one {
			o := other[i]
			if e.Line != o.Line || e.Lines != o.Lines || e.Problem != o.Problem {
				t.Fatalf("%+v, masked %+v", e, o)
			}
			if slices.Contains(keys, e.Key) && e.Lines == 1 && e != o {
				t.Fatalf("%+v, masked %+v", e, o)
			}
		}
		for _, key := range keys {
			if err, also := whole.Set(key, "7"), shown.Set(key, "7"); (err == nil) != (also == nil) {
				t.Fatalf("%v, masked %v", err, also)
			}
		}
		if got := Apply(data, shown.Pieces()); !bytes.Equal(got, whole.Bytes()) {
			t.Fatalf("edited by way of the mask: %q, not %q", got, whole.Bytes())
		}
	})
}
