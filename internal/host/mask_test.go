package host

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// allSpellings are the usual ones and the one that a terminal is shown.
func allSpellings() map[string]func(string) string {
	all := maps.Clone(sshtest.Spellings)
	all["for a terminal"] = Printable
	return all
}

var someSecrets = map[string]string{
	"plain":     "hunter2-horse",
	"quoted":    `p'a"s\s&<w>ö$rd`,
	"percent":   "50%off/and+more=?",
	"lines":     "first line of it\nsecond line of it\n",
	"from file": "from-a-file\n",
	"ESC":       "with\x1b[1mESC",
	"long":      strings.Repeat("abcdefghijklmnop", 20) + "Z",
}

// TestSpellingsOfSecretsAreMasked: what was a secret decodes to nothing any more.
func TestSpellingsOfSecretsAreMasked(t *testing.T) {
	for kind, secret := range someSecrets {
		admin, text := "admin", Secret(secret)
		m := MaskerOf(Settings{User: &admin, Password: &text})
		for name, spell := range allSpellings() {
			if strings.Contains(name, "digits") && strings.ToLower(secret) != secret {
				continue
			}
			spelled := spell(secret)
			masked := m.Mask("before " + spelled + " after")
			if !strings.Contains(masked, redacted) || len(masked) > len("before  after")+24 && kind != "lines" {
				t.Errorf("%s, %s: %q stays as %q", kind, name, spelled, masked)
			}
			if kept := m.Mask("before " + strings.Repeat("x", 30) + " after"); strings.Contains(kept, redacted) {
				t.Errorf("%s: %q is masked", kind, kept)
			}
		}
	}
}

var onlyStars = regexp.MustCompile(`^<\*\*\*=*>$`)

// TestEverySecretOfTheSettings is masked, those of jump hosts and URLs too, and one
// that a later field holds.
func TestEverySecretOfTheSettings(t *testing.T) {
	all := map[string]string{}
	secret := func(name string) *Secret {
		s := Secret("secret-" + name)
		all[name] = string(s)
		return &s
	}
	proxy := Secret("http://joe:s%2Fecret-proxy@proxy:3128")
	all["proxy"], all["in the URL"] = "s/ecret-proxy", "s%2Fecret-proxy"
	far := "hop"
	hop := Settings{Host: &far, Password: secret("hop"), PrivateKey: secret("hop key")}
	s := Settings{
		Password: secret("password"), PrivateKey: secret("key"), PrivateKeyPassphrase: secret("passphrase"), SudoPassword: secret("sudo"),
		ProxyURL: &proxy, Jump: []Settings{hop},
	}
	all["Basic"] = base64.StdEncoding.EncodeToString([]byte("joe:s/ecret-proxy"))
	name, user := "web1", "admin"
	s.Host, s.User = &name, &user
	spec, err := Resolve("web1", s)
	if err != nil {
		t.Fatal(err)
	}
	for from, m := range map[string]*Masker{"settings": MaskerOf(s), "spec": spec.Masker()} {
		for what, text := range all {
			if have := m.Mask("<" + text + ">"); !onlyStars.MatchString(have) {
				t.Errorf("%s: the secret of %s comes out as %q", from, what, have)
			}
		}
		if have := m.Mask("web1 admin joe proxy:3128"); have != "web1 admin joe proxy:3128" {
			t.Errorf("%s: %q", from, have)
		}
	}
	if m := MaskerOf(Settings{User: &user}); m != nil || m.Mask("admin") != "admin" {
		t.Error("something is masked without secrets")
	}
	short := Secret("ab")
	m := MaskerOf(Settings{User: &user, Password: &short})
	if have := m.Mask("able " + base64.StdEncoding.EncodeToString([]byte("admin:ab"))); have != "able ***=" {
		t.Errorf("short: %q", have)
	}
}

// FuzzMask: no encoding of a secret comes through, whatever stands around it.
func FuzzMask(f *testing.F) {
	for _, secret := range someSecrets {
		f.Add(secret, "before ", " after")
	}
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(strings.TrimSpace(secret)) < 6 || len(secret) > longestEncoded {
			return
		}
		text := Secret(secret)
		m := MaskerOf(Settings{Password: &text})
		trimmed := strings.TrimSpace(secret)
		for _, form := range []string{trimmed, hex.EncodeToString([]byte(trimmed)), url.QueryEscape(trimmed)} {
			if have := m.Mask(before + form + after); strings.Contains(have, form) && !strings.Contains(before+redacted+after, form) {
				t.Fatalf("%q stays in %q", form, have)
			}
		}
		encoded := base64.StdEncoding.EncodeToString([]byte(before + trimmed + after))
		if have := m.Mask(encoded); !strings.Contains(have, redacted) {
			t.Fatalf("%q in base64 stays in %q", secret, have)
		}
	})
}
