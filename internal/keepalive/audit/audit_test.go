package audit

import (
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// auditedHost has this release and these lines, and prints a dump in the
// default context, and another for u.
func auditedHost(v sshconf.Version, text, dump, ofUser string) sshserver.Facts {
	return sshserver.Facts{
		Version:  v,
		Tree:     sshconf.Tree{Dialect: sshconf.Server, Version: v, Main: "/c", Dir: "/", Files: map[string][]byte{"/c": []byte(text)}},
		Contexts: []sshconf.Context{{}, {User: "u"}}, Effective: []sshconf.Dump{sshconf.ParseDump(dump), sshconf.ParseDump(ofUser)},
	}
}

func (a Audit) of(profile, keyword string) []Finding {
	return slices.DeleteFunc(slices.Clone(a.Findings), func(f Finding) bool { return f.Profile != profile || f.Keyword != keyword })
}

// TestVerdicts: four of them, and never one for another.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		major, minor  int
		profile, dump string
		keyword       string
		want          Verdict
		why           string
	}{
		"the value":                   {9, 2, "cis", "permitrootlogin no", "PermitRootLogin", Passed, ""},
		"another":                     {9, 2, "cis", "permitrootlogin yes", "PermitRootLogin", Failed, ""},
		"a better one":                {9, 2, "cis", "maxauthtries 3", "MaxAuthTries", Passed, ""},
		"another spelling":            {9, 2, "stig", "rekeylimit 1073741824 3600", "RekeyLimit", Passed, ""},
		"a release without":           {8, 4, "ssh-audit", "", "RequiredRSASize", NotApplicable, "OpenSSH 8.4 does not have it"},
		"a build without":             {9, 2, "cis", "", "GSSAPIAuthentication", NotApplicable, "built without"},
		"a build without PAM":         {9, 2, "cis", "", "UsePAM", NotApplicable, "built without"},
		"what is not printed":         {7, 4, "dev-sec", "", "Banner", Unknown, "does not print"},
		"a list that is none":         {9, 2, "cis", "ciphers -3des-cbc", "Ciphers", Unknown, "change of its default"},
		"no removals to write yet":    {7, 4, "cis", "ciphers aes128-ctr,aes128-cbc", "Ciphers", Failed, ""},
		"nor any to make":             {7, 4, "cis", "ciphers aes128-ctr", "Ciphers", Passed, ""},
		"by the name of the release":  {8, 6, "dev-sec", "challengeresponseauthentication no", "ChallengeResponseAuthentication", Passed, ""},
		"and the one that came after": {8, 7, "dev-sec", "kbdinteractiveauthentication yes", "KbdInteractiveAuthentication", Failed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := Server([]string{c.profile}, auditedHost(sshconf.Version{Major: c.major, Minor: c.minor}, "", c.dump, c.dump))
			got := a.of(c.profile, c.keyword)
			if len(got) != 1 || got[0].Verdict != c.want || !strings.Contains(got[0].Why, c.why) || (got[0].Why == "") != (c.why == "") {
				t.Errorf("have %+v, want %s", got, c.want)
			}
		})
	}
}

// TestFindingsOfContexts: others than the default one have what is otherwise
// there, with the line that makes it so.
func TestFindingsOfContexts(t *testing.T) {
	t.Parallel()
	text := "PermitRootLogin no\nX11Forwarding no\nMatch User u\nPermitRootLogin yes\nX11Forwarding no\nBanner /etc/issue.net\nMatch User v\nMaxAuthTries 9\nMaxSessions 2\n"
	dump := "permitrootlogin no\nx11forwarding no\nbanner none\nmaxauthtries 6\nmaxsessions 10\n"
	a := Server([]string{"cis"}, auditedHost(sshconf.Version{Major: 9, Minor: 2}, text, dump, "permitrootlogin yes\nx11forwarding no\nbanner /etc/issue.net\nmaxauthtries 6\nmaxsessions 10\n"))
	root := a.of("cis", "PermitRootLogin")
	if len(root) != 2 || root[0].Verdict != Passed || root[0].Origin.Pos.Line != 1 || root[1].Verdict != Failed || root[1].Context.User != "u" || root[1].Origin.Block != "Match User u" || root[1].Origin.Pos.Line != 4 {
		t.Errorf("have %+v", root)
	}
	if got := a.of("cis", "Banner"); len(got) != 2 || got[0].Verdict != Failed || got[1].Verdict != Passed || !slices.Equal(got[0].Against, []string{"stig", "dev-sec"}) {
		t.Errorf("have %+v", got)
	}
	if got := a.of("cis", "MaxSessions"); len(got) != 1 {
		t.Errorf("said twice: %+v", got)
	}
	var lines []string
	for _, e := range a.Exceptions {
		lines = append(lines, e.Keyword+" "+e.Origin.Written+" in "+e.Origin.Block)
	}
	if want := []string{"MaxAuthTries 9 in Match User v", "PermitRootLogin yes in Match User u"}; !slices.Equal(lines, want) {
		t.Errorf("have %q, want %q", lines, want)
	}
}

// TestCompliance keeps "no" and "could not look" apart.
func TestCompliance(t *testing.T) {
	t.Parallel()
	passes := "clientaliveinterval 300\nclientalivecountmax 3\n"
	for name, c := range map[string]struct {
		findings       []Verdict
		compliant, ok  bool
		applies, fails int
	}{
		"all":           {[]Verdict{Passed, NotApplicable}, true, true, 1, 0},
		"one fails":     {[]Verdict{Passed, Failed, Unknown}, false, true, 1, 1},
		"one is untold": {[]Verdict{Passed, Unknown}, true, false, 1, 0},
	} {
		a := Audit{Findings: []Finding{{Profile: "stig", Verdict: Failed}}}
		for _, v := range c.findings {
			a.Findings = append(a.Findings, Finding{Profile: "cis", Verdict: v})
		}
		if compliant, ok := a.Compliant("cis"); ok != c.ok || ok && compliant != c.compliant || a.Count("cis", Passed) != c.applies || a.Count("cis", Failed) != c.fails {
			t.Errorf("%s: %v %v", name, compliant, ok)
		}
	}
	a := Server([]string{"cis", "no such"}, auditedHost(sshconf.Version{Major: 9, Minor: 2}, "", passes, passes))
	cis, _ := baseline.Named("cis")
	if len(a.Findings) != len(cis.Recommendations) {
		t.Errorf("%d findings for %d recommendations", len(a.Findings), len(cis.Recommendations))
	}
}

// TestWarnings: about what somebody wrote, not about what sshd does by itself.
func TestWarnings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, dump, ofUser string
		want               string
	}{
		"defaults":               {"", "clientaliveinterval 0\nclientalivecountmax 3\nmaxsessions 10", "", ""},
		"every second interval":  {"ClientAliveInterval 30", "clientaliveinterval 30\nclientalivecountmax 3", "", "double interval 1; "},
		"never drops":            {"ClientAliveInterval 30\nClientAliveCountMax 0\nMaxSessions 1", "clientaliveinterval 30\nclientalivecountmax 0\nmaxsessions 1", "", "never drops 2; double interval 1; no multiplexing 3; "},
		"count without interval": {"ClientAliveCountMax 5", "clientaliveinterval 0\nclientalivecountmax 5", "", "count without interval 1; "},
		"for some": {"ClientAliveInterval 30\nMatch User u\nClientAliveInterval 600", "clientaliveinterval 30\nclientalivecountmax 3", "clientaliveinterval 600\nclientalivecountmax 3",
			"double interval 1; u: double interval 3; u: idle limit 3; "},
	} {
		ofUser := c.ofUser
		if ofUser == "" {
			ofUser = c.dump
		}
		var got strings.Builder
		for _, x := range Server([]string{"stig"}, auditedHost(sshconf.Version{Major: 9, Minor: 2}, c.text, c.dump, ofUser)).Warnings {
			if x.Context.User != "" {
				got.WriteString(x.Context.User + ": ")
			}
			got.WriteString(string(x.Code) + " " + string(rune('0'+x.Pos.Line)) + "; ")
		}
		if got.String() != c.want {
			t.Errorf("%s: have %q, want %q", name, got.String(), c.want)
		}
	}
}

func TestInvalidHostHasNoAudit(t *testing.T) {
	t.Parallel()
	have := auditedHost(sshconf.Version{Major: 9, Minor: 2}, "Prot 22", "", "")
	have.Invalid = "/c: line 1: Bad configuration option: Prot"
	if a := Server([]string{"cis"}, have); len(a.Problems) != 1 || a.Findings != nil {
		t.Errorf("have %+v", a)
	}
}

// TestProfilePassesItsOwnAudit: what a release can do of a baseline, it passes,
// by the word of its own sshd.
func TestProfilePassesItsOwnAudit(t *testing.T) {
	for _, release := range []string{"bullseye", "bookworm", "trixie"} {
		t.Run(release, func(t *testing.T) {
			o := hosttest.Binary(t, release)
			_, banner, _ := o.Run(nil, "ssh", "-V")
			v, err := sshconf.ParseVersion(banner)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range baseline.All() {
				settings, lacking := b.For(v)
				var text string
				for _, r := range settings {
					text += r.Keyword + " " + r.Value + "\n"
				}
				out, stderr, exit := o.Run(map[string][]byte{"/etc/ssh/sshd_config": []byte(text)}, "sshd", "-T")
				if exit != 0 {
					t.Fatalf("%s: sshd -T: exit %d: %s", b.Name, exit, stderr)
				}
				a := Server([]string{b.Name}, auditedHost(v, text, out, out))
				if got := a.Count(b.Name, Passed); got != len(settings) || a.Count(b.Name, NotApplicable) != len(lacking) {
					t.Errorf("%s: %d of %d settings pass, %d of %d are not applicable: %+v", b.Name, got, len(settings), a.Count(b.Name, NotApplicable), len(lacking), a.Findings)
				}
			}
		})
	}
}
