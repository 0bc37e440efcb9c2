package sshserver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// surveyed is a host of one file that prints dump for a user.
func surveyed(text, dump string, options ...string) Facts {
	v := sshconf.Version{Major: 9, Minor: 2}
	return Facts{
		Version: v, Daemon: Daemon{Options: options},
		Tree:     sshconf.Tree{Dialect: sshconf.Server, Version: v, Main: "/c", Dir: "/", Files: map[string][]byte{"/c": []byte(text)}},
		Contexts: []sshconf.Context{{User: "u"}}, Effective: []sshconf.Dump{sshconf.ParseDump(dump)},
	}
}

func short(o keepalive.Origin) string {
	return strings.TrimSpace(fmt.Sprintf("%s %d %s %s", o.Source, o.Pos.Line, o.Block, o.Written))
}

// TestOrigins: the program is right, and our evaluator explains it where it can.
func TestOrigins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, dump string
		options    []string
		want       string
	}{
		"a line":                        {text: "Port 22\nBanner /x", dump: "banner /x", want: "file 2  /x"},
		"another spelling":              {text: "Banner \"/x\"", dump: "banner /x", want: "file 1  \"/x\""},
		"Match all":                     {text: "Banner /y\nMatch all\nBanner /x", dump: "banner /x", want: "file 3 Match all /x"},
		"no line":                       {text: "Port 22", dump: "banner none", want: "default 0"},
		"an option":                     {text: "Banner /y", dump: "banner /x", options: []string{"-o Banner=/x"}, want: "command line 0  -o Banner=/x"},
		"a group that only a host has":  {text: "Banner /y\nMatch Group g\nBanner /x", dump: "banner /x", want: "file 3 Match Group g /x"},
		"a group that does not apply":   {text: "Banner /y\nMatch Group g\nBanner /x", dump: "banner /y", want: "file 1  /y"},
		"a group, and no other line":    {text: "Match Group g\nBanner /x", dump: "banner /x", want: "file 2 Match Group g /x"},
		"a value that no line explains": {text: "Banner /y", dump: "banner /x", want: "unknown 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := EffectiveConfig([]string{"banner"}, surveyed(c.text, c.dump, c.options...))
			if got := s.Contexts[0].Origins["banner"]; len(got) != 1 || short(got[0]) != c.want || got[0].Keyword != "Banner" {
				t.Errorf("have %+v, want %s", got, c.want)
			}
		})
	}
}

// TestValuesThatAddUp have all their lines, and a keyword that is not printed
// has none.
func TestValuesThatAddUp(t *testing.T) {
	t.Parallel()
	r := EffectiveConfig([]string{"AcceptEnv", "AllowUsers"}, surveyed("AcceptEnv A B\nAcceptEnv C", "acceptenv A\nacceptenv B\nacceptenv C")).Contexts[0]
	if got := r.Origins["AcceptEnv"]; r.Effective["AcceptEnv"] != "A\nB\nC" || len(got) != 2 || got[1].Pos.Line != 2 {
		t.Errorf("have %q from %v", r.Effective["AcceptEnv"], got)
	}
	if v, ok := r.Effective["AllowUsers"]; ok || len(r.Origins) != 1 {
		t.Errorf("AllowUsers is %q", v)
	}
}

// TestNamesOfTheRelease: an alias finds what the release prints, and what nobody
// has heard of is told under the name that is printed.
func TestNamesOfTheRelease(t *testing.T) {
	t.Parallel()
	have := surveyed("ChallengeResponseAuthentication no", "kbdinteractiveauthentication no\nvendorthing 1")
	r := EffectiveConfig([]string{"ChallengeResponseAuthentication"}, have).Contexts[0]
	if got := r.Origins["ChallengeResponseAuthentication"]; len(got) != 1 || got[0].Pos.Line != 1 {
		t.Errorf("have %+v", got)
	}
	all := EffectiveConfig(nil, have).Contexts[0].Effective
	if len(all) != 2 || all["KbdInteractiveAuthentication"] != "no" || all["vendorthing"] != "1" {
		t.Errorf("have %v", all)
	}
}

// TestLinesOfAFileThatIsReadTwice stand once for each block, in the same order
// every time.
func TestLinesOfAFileThatIsReadTwice(t *testing.T) {
	t.Parallel()
	have := surveyed("Match User b\nInclude /i\nMatch User a\nInclude /i\n", "banner none\npermittty yes")
	have.Tree.Files["/i"] = []byte("Banner /x\nPermitTTY no\n")
	have.Contexts = []sshconf.Context{{}}
	want := "[file 1 Match User b /x file 1 Match User a /x file 2 Match User b no file 2 Match User a no]"
	for range 20 {
		var got []string
		for _, o := range EffectiveConfig(nil, have).Overrides {
			got = append(got, short(o))
		}
		if fmt.Sprint(got) != want {
			t.Fatalf("have %v, want %s", got, want)
		}
	}
}

func TestInvalidHostHasNoSurvey(t *testing.T) {
	t.Parallel()
	have := surveyed("Prot 22", "")
	have.Invalid = "/c: line 1: Bad configuration option: Prot"
	s := EffectiveConfig(nil, have)
	if len(s.Problems) != 1 || s.Problems[0].Code != keepalive.InvalidHost || s.Problems[0].Pos.Line != 1 || s.Contexts != nil {
		t.Errorf("have %+v", s)
	}
}

func TestKeywordsThatSSHDNeverPrints(t *testing.T) {
	t.Parallel()
	got := CheckKeywords([]string{"RekeyLimit", "rekeylimits", "Include"})
	if len(got) != 2 || got[0].Attribute != "keywords[1]" || !strings.Contains(got[0].Text, "did you mean RekeyLimit") || got[1].Attribute != "keywords[2]" {
		t.Errorf("have %+v", got)
	}
}
