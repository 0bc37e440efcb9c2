package baseline

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestBaselinesAreComplete: every value has a reason and a source, is written as
// the manual page spells it, and none is there twice.
func TestBaselinesAreComplete(t *testing.T) {
	var names []string
	for _, b := range All() {
		names = append(names, b.Name)
		if got, ok := Named(b.Name); !ok || got.Title != b.Title || b.Version == "" {
			t.Errorf("%s: %q %q", b.Name, b.Title, b.Version)
		}
		seen := map[string]bool{}
		for _, r := range b.Recommendations {
			kw, ok := sshconf.Lookup(sshconf.Server, r.Keyword)
			if !ok || kw.Name != r.Keyword || kw.AliasOf != "" || seen[r.Keyword] {
				t.Errorf("%s: %s is no keyword of its own", b.Name, r.Keyword)
			}
			seen[r.Keyword] = true
			if r.Value == "" || r.Reason == "" || !strings.Contains(r.Source, ", ") || strings.HasSuffix(r.Source, ", ") {
				t.Errorf("%s: %s has value %q, reason %q, source %q", b.Name, r.Keyword, r.Value, r.Reason, r.Source)
			}
			if !r.Accepts(r.Value, sshconf.Newest()) && !strings.HasPrefix(r.Value, "-") {
				t.Errorf("%s: %s does not accept its own value %s", b.Name, r.Keyword, r.Value)
			}
		}
		for _, o := range b.Omissions {
			if _, ok := sshconf.Lookup(sshconf.Server, o.Keyword); !ok || o.Why == "" || seen[o.Keyword] {
				t.Errorf("%s: omission %+v", b.Name, o)
			}
		}
	}
	if want := []string{"cis", "stig", "dev-sec", "pci-dss", "ssh-audit"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if _, ok := Named("cis "); ok {
		t.Error("a misspelled profile is found")
	}
}

// TestAlgorithmsAreAllInTheTable fails for a name of which no release is known.
func TestAlgorithmsAreAllInTheTable(t *testing.T) {
	known := map[string]bool{}
	for _, a := range algorithms() {
		if known[a.name] {
			t.Errorf("%s is there twice", a.name)
		}
		known[a.name] = true
	}
	used := map[string]bool{}
	for _, b := range All() {
		for _, r := range b.Recommendations {
			if kw, _ := sshconf.Lookup(sshconf.Server, r.Keyword); kw.Type != sshconf.Algorithms || strings.HasPrefix(r.Value, "-") {
				continue
			}
			for name := range strings.SplitSeq(r.Value, ",") {
				used[name] = true
				if !known[name] {
					t.Errorf("%s: %s of %s is not in the table", b.Name, name, r.Keyword)
				}
			}
		}
	}
	for name := range known {
		if !used[name] {
			t.Errorf("no baseline names %s", name)
		}
	}
}

func TestSettingsOfOldReleases(t *testing.T) {
	for _, c := range []struct {
		profile       string
		v             sshconf.Version
		keyword, want string // "" is not there
		lacking       string
	}{
		{"ssh-audit", sshconf.Version{Major: 8, Minor: 4}, "PubkeyAcceptedKeyTypes", modernKeys, ""},
		{"ssh-audit", sshconf.Version{Major: 8, Minor: 4}, "RequiredRSASize", "", "RequiredRSASize"},
		{"ssh-audit", sshconf.Version{Major: 7, Minor: 4}, "CASignatureAlgorithms", "", "CASignatureAlgorithms"},
		{"ssh-audit", sshconf.Version{Major: 7, Minor: 4}, "KexAlgorithms", "curve25519-sha256,curve25519-sha256@libssh.org,diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512", ""},
		{"dev-sec", sshconf.Version{Major: 8, Minor: 4}, "KexAlgorithms", "sntrup4591761x25519-sha512@tinyssh.org,curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256", ""},
		{"dev-sec", sshconf.Version{Major: 8, Minor: 5}, "KexAlgorithms", "sntrup761x25519-sha512@openssh.com,curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256", ""},
		{"dev-sec", sshconf.Version{Major: 8, Minor: 6}, "ChallengeResponseAuthentication", "no", ""},
		{"dev-sec", sshconf.Version{Major: 8, Minor: 7}, "KbdInteractiveAuthentication", "no", ""},
		{"cis", sshconf.Version{Major: 7, Minor: 3}, "DisableForwarding", "", "DisableForwarding"},
		{"cis", sshconf.Version{Major: 7, Minor: 4}, "Ciphers", "", "Ciphers"}, // no removals yet
		{"cis", sshconf.Version{Major: 7, Minor: 5}, "Ciphers", noCBC, ""},
	} {
		b, _ := Named(c.profile)
		settings, lacking := b.For(c.v)
		got := ""
		for _, s := range settings {
			if s.Keyword == c.keyword {
				got = s.Value
			}
		}
		if got != c.want || slices.Contains(lacking, c.keyword) != (c.lacking == c.keyword) {
			t.Errorf("%s on %s: %s is %q, want %q; lacking %q", c.profile, c.v, c.keyword, got, c.want, lacking)
		}
		if len(settings)+len(lacking) != len(b.Recommendations) {
			t.Errorf("%s on %s: %d settings and %d lacking of %d", c.profile, c.v, len(settings), len(lacking), len(b.Recommendations))
		}
	}
}

// TestNoBaselineStopsSSHD: the sshd of each release takes every baseline, and
// then has its values.
func TestNoBaselineStopsSSHD(t *testing.T) {
	for _, release := range oracleReleases() {
		t.Run(release, func(t *testing.T) {
			o := hosttest.Binary(t, release)
			v := releaseOf(t, o)
			for _, b := range All() {
				settings, lacking := b.For(v)
				text := written(settings)
				out, stderr, exit := o.Run(map[string][]byte{"/etc/ssh/sshd_config": []byte(text)}, "sshd", "-T")
				if exit != 0 || strings.Contains(stderr, "line") {
					t.Fatalf("%s: sshd -T: exit %d: %s\n%s", b.Name, exit, stderr, text)
				}
				dump := sshconf.ParseDump(out)
				for _, s := range settings {
					kw, _ := sshconf.Lookup(sshconf.Server, s.Keyword)
					got := dump[kw.DumpName(sshconf.Server, v)]
					if strings.HasPrefix(s.Value, "-") {
						for name := range strings.SplitSeq(s.Value[1:], ",") {
							if len(got) != 1 || slices.Contains(strings.Split(got[0], ","), name) {
								t.Errorf("%s: %s of %s is still there: %q", b.Name, name, s.Keyword, got)
							}
						}
					} else if !sshconf.Same(sshconf.Server, s.Keyword, got, []string{s.Value}, v) {
						t.Errorf("%s: %s is %q, want %q", b.Name, s.Keyword, got, s.Value)
					}
				}
				t.Logf("OpenSSH %s: %s: %d settings, lacking %q", v, b.Name, len(settings), lacking)
			}
		})
	}
}

// written is the text of a configuration with these values.
func written(settings []Recommendation) string {
	var text strings.Builder
	for _, r := range settings {
		text.WriteString(r.Keyword + " " + r.Value + "\n")
	}
	return text.String()
}

func releaseOf(t *testing.T, o *hosttest.Oracle) sshconf.Version {
	t.Helper()
	_, banner, _ := o.Run(nil, "ssh", "-V")
	v, err := sshconf.ParseVersion(banner)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// oracleReleases are the Debian releases of ORACLE_RELEASES.
func oracleReleases() []string {
	if releases := os.Getenv("ORACLE_RELEASES"); releases != "" {
		return strings.Split(releases, ",")
	}
	return []string{"bullseye", "bookworm", "trixie"}
}

// TestConflicts compares with what the baselines are known to disagree about.
func TestConflicts(t *testing.T) {
	var got []string
	for _, c := range Conflicts() {
		got = append(got, c.Keyword)
		if len(c.Values) < 2 {
			t.Errorf("%s: %v", c.Keyword, c.Values)
		}
	}
	want := []string{"Banner", "ClientAliveCountMax", "KexAlgorithms", "MACs", "PrintLastLog"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAccepts(t *testing.T) {
	rule := func(profile, keyword string) Recommendation {
		b, _ := Named(profile)
		i := slices.IndexFunc(b.Recommendations, func(r Recommendation) bool { return r.Keyword == keyword })
		return b.Recommendations[i]
	}
	for _, c := range []struct {
		profile, keyword, value string
		want                    bool
	}{
		{"cis", "ClientAliveInterval", "900", true},
		{"cis", "ClientAliveInterval", "0", false},
		{"stig", "ClientAliveInterval", "10m", true},
		{"stig", "ClientAliveInterval", "601", false},
		{"stig", "ClientAliveCountMax", "2", false},
		{"dev-sec", "LoginGraceTime", "30", true},
		{"cis", "LogLevel", "info", true},
		{"stig", "LogLevel", "INFO", false},
		{"stig", "Ciphers", "aes256-ctr", true},
		{"stig", "Ciphers", "aes256-ctr,chacha20-poly1305@openssh.com", false},
		{"cis", "Ciphers", "aes256-ctr,aes256-cbc", false},
		{"cis", "Ciphers", "aes256-ctr", true},
		{"cis", "PermitRootLogin", "prohibit-password", false},
		{"cis", "MaxStartups", "10:30:100", false},
		{"cis", "MaxStartups", "5:50:60", true},
		{"cis", "MaxStartups", "5:20:60", false},
		{"cis", "MaxStartups", "0:30:60", false},
		{"cis", "MaxStartups", "10", false},
		{"dev-sec", "MaxStartups", "5:30:60", false},
		{"ssh-audit", "RequiredRSASize", "4096", true},
		{"ssh-audit", "RequiredRSASize", "2048", false},
	} {
		if got := rule(c.profile, c.keyword).Accepts(c.value, sshconf.Newest()); got != c.want {
			t.Errorf("%s accepts %s %s: %v", c.profile, c.keyword, c.value, got)
		}
	}
}
