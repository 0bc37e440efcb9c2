package sshserver

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/marks"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// handmade is a host with two files that were edited by hand.
func handmade(main, dropIn string) sshconf.Tree {
	return sshconf.Tree{Dialect: sshconf.Server, Version: sshconf.Version{Major: 9, Minor: 2}, Main: "/etc/ssh/sshd_config", Dir: "/etc/ssh",
		Files: map[string][]byte{"/etc/ssh/sshd_config": []byte(main), "/etc/ssh/sshd_config.d/00-sshkeepalive.conf": []byte(marks.ServerHeader + "\n" + dropIn)}}
}

// TestDriftOfAKeywordThatAddsUp: the line that was added is to blame, and not ours,
// which is read first and is in force as well.
func TestDriftOfAKeywordThatAddsUp(t *testing.T) {
	want := Want{Settings: []keepalive.Setting{{Attribute: `settings["AcceptEnv"]`, Keyword: "AcceptEnv", Values: []string{"LANG"}}}}
	for name, c := range map[string]struct{ main, ours, because string }{
		"taken over, and back": {"Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nAcceptEnv LC_* FOO\n", "AcceptEnv LANG\n", "/etc/ssh/sshd_config:3 adds LC_* FOO"},
		"ours was changed":     {"Include /etc/ssh/sshd_config.d/*.conf\n", "AcceptEnv LANG TERM\n", "our lines were changed"},
	} {
		o := Observe(want, pureFacts(handmade(c.main, c.ours), want))
		if len(o.Drift) != 1 || !strings.Contains(o.Drift[0].Text, c.because) {
			t.Errorf("%s: %v", name, o.Drift)
		}
	}
}

// TestShadowOfAKeywordThatAddsUp: a line that would count beside ours is not said to
// be read first.
func TestShadowOfAKeywordThatAddsUp(t *testing.T) {
	want := Want{Settings: []keepalive.Setting{{Attribute: `settings["AcceptEnv"]`, Keyword: "AcceptEnv", Values: []string{"LANG"}}}}
	plan := Plan(want, pureFacts(handmade("Include /etc/ssh/sshd_config.d/*.conf\nAcceptEnv FOO\n", "AcceptEnv LANG\n"), want))
	if len(plan.Problems) != 1 || plan.Problems[0].Text != "AcceptEnv would also be FOO because /etc/ssh/sshd_config:2 adds it" {
		t.Errorf("%v", plan.Problems)
	}
}

// TestImportOfForcedBlocks: the Match blocks that repeat global settings are read back
// as contexts, and not as blocks of the user's.
func TestImportOfForcedBlocks(t *testing.T) {
	want := Adopt("", pureFacts(handmade("Include /etc/ssh/sshd_config.d/*.conf\n",
		"ClientAliveInterval 120\nMatch User git\n\tX11Forwarding no\n"+marks.Repeated+"\nMatch User deploy Address 10.1.2.3\n\tClientAliveInterval 120\nMatch all\n\tClientAliveInterval 120\n"), Want{}))
	if len(want.Match) != 1 || want.Match[0].Criteria != "User git" || len(want.Match[0].Settings) != 1 || len(want.Settings) != 1 ||
		len(want.Contexts) != 1 || want.Contexts[0] != (sshconf.Context{User: "deploy", Address: "10.1.2.3"}) {
		t.Errorf("%+v", want)
	}
}

// TestGroupVerdicts: what the host printed tells whether a group catches a user, where
// the values differ.
func TestGroupVerdicts(t *testing.T) {
	at := sshconf.Context{User: "deploy"}
	for name, c := range map[string]struct {
		main, dump string
		known      bool
		applies    bool
	}{
		"the group's value":         {"ClientAliveInterval 7\nMatch Group admin\nClientAliveInterval 0\n", "clientaliveinterval 0\n", true, true},
		"the global value":          {"ClientAliveInterval 7\nMatch Group admin\nClientAliveInterval 0\n", "clientaliveinterval 7\n", true, false},
		"the same value":            {"ClientAliveInterval 0\nMatch Group admin\nClientAliveInterval 0\n", "clientaliveinterval 0\n", false, false},
		"another keyword":           {"ClientAliveInterval 0\nMatch Group admin\nClientAliveInterval 0\nX11Forwarding no\n", "clientaliveinterval 0\nx11forwarding no\n", true, true},
		"a value of no line":        {"ClientAliveInterval 7\nMatch Group admin\nClientAliveInterval 0\n", "clientaliveinterval 9\n", false, false},
		"hidden by an earlier one":  {"Match User deploy\nClientAliveInterval 3\nMatch Group admin\nClientAliveInterval 0\n", "clientaliveinterval 3\n", false, false},
		"no line, and not default":  {"Match Group admin\nClientAliveInterval 5\n", "clientaliveinterval 5\n", true, true},
		"no line, and the default":  {"Match Group admin\nClientAliveInterval 5\n", "clientaliveinterval 1\n", true, false},
		"a spelling of its own":     {"Match Group admin\nClientAliveInterval 2m\n", "clientaliveinterval 120\n", true, true},
		"an invalid user, as asked": {"Match invalid-user\nX11Forwarding no\n", "x11forwarding no\n", true, true},
	} {
		tree := sshconf.Tree{Dialect: sshconf.Server, Version: sshconf.Version{Major: 9, Minor: 9}, Main: "/m", Dir: "/", Files: map[string][]byte{"/m": []byte(c.main)}}
		have := Facts{Version: tree.Version, Tree: tree, Contexts: []sshconf.Context{{}, at},
			Effective: []sshconf.Dump{sshconf.ParseDump("clientaliveinterval 1\nx11forwarding yes\n"), sshconf.ParseDump(c.dump)}}
		criteria := "Group admin"
		if strings.Contains(c.main, "invalid-user") {
			criteria = "invalid-user"
		}
		got := verdictsIn(have, at)
		if applies, known := got[criteria]; known != c.known || applies != c.applies {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestLinesAreNamedAsTheyStand: our own block moves the lines of others in the file,
// and what is said about them is where they stand now.
func TestLinesAreNamedAsTheyStand(t *testing.T) {
	want := Want{Placement: InPlace, Settings: []keepalive.Setting{{Attribute: "client_alive_interval", Keyword: "ClientAliveInterval", Values: []string{"60"}}}}
	tree := handmade("", "")
	delete(tree.Files, "/etc/ssh/sshd_config.d/00-sshkeepalive.conf")
	tree.Files[tree.Main] = []byte("# BEGIN sshkeepalive 00-sshkeepalive.conf (managed by Terraform)\nClientAliveInterval 30\n# END sshkeepalive 00-sshkeepalive.conf\nUsePAM yes\nMatch User bob\n\tClientAliveInterval 0\n")
	plan := Plan(want, pureFacts(tree, want))
	if len(plan.Overrides) != 1 || plan.Overrides[0].Now.Line != 6 || plan.Overrides[0].Pos.Line != 6 {
		t.Errorf("%+v", plan.Overrides)
	}
	want.Settings = append(want.Settings, keepalive.Setting{Attribute: `settings["X11Forwarding"]`, Keyword: "X11Forwarding", Values: []string{"no"}})
	if plan = Plan(want, pureFacts(tree, want)); plan.Overrides[0].Now.Line != 6 || plan.Overrides[0].Pos.Line != 7 {
		t.Errorf("%+v", plan.Overrides)
	}
}

// TestSurveyLeavesOutBlocksThatLose shares with match_overrides what overrides.
func TestSurveyLeavesOutBlocksThatLose(t *testing.T) {
	tree := handmade("Include /etc/ssh/sshd_config.d/*.conf\nMatch User bob\n\tClientAliveInterval 0\nMatch User carol\n\tClientAliveInterval 5\n", "ClientAliveInterval 120\nMatch User bob\n\tClientAliveInterval 30\n")
	s := EffectiveConfig([]string{"ClientAliveInterval"}, pureFacts(tree, Want{}))
	var blocks []string
	for _, o := range s.Overrides {
		blocks = append(blocks, o.Block+" "+o.Written)
	}
	if got := strings.Join(blocks, ", "); got != "Match User carol 5, Match User bob 30" {
		t.Errorf("overrides: %s", got)
	}
}

// TestHostileTreeOfMatches: what a host can write costs little to judge.
func TestHostileTreeOfMatches(t *testing.T) {
	var text strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&text, "# begin end %d\nMatch Group g%d\n\tClientAliveInterval %d\n", i, i, i+1)
	}
	want := Want{Placement: InPlace, Contexts: []sshconf.Context{{User: "deploy"}}, Settings: []keepalive.Setting{{Attribute: "client_alive_interval", Keyword: "ClientAliveInterval", Values: []string{"60"}}}}
	tree := handmade("", "")
	tree.Files = map[string][]byte{tree.Main: []byte(text.String())}
	began := time.Now()
	plan := Plan(want, pureFacts(tree, want))
	if took := time.Since(began); keepalive.HasErrors(plan.Problems) || len(plan.Overrides) != 2999 || took > 30*time.Second {
		t.Errorf("%d overrides after %s: %v", len(plan.Overrides), took, plan.Problems)
	}
}

// TestVerifyKnowsNoOwner: lines of others count as ours do, and a value that sshd does
// not tell is not taken for the wanted one.
func TestVerifyKnowsNoOwner(t *testing.T) {
	tree := handmade("Include /etc/ssh/sshd_config.d/*.conf\nClientAliveInterval 7\n", "")
	interval := func(value string) Want {
		return Want{Settings: []keepalive.Setting{{Attribute: "client_alive_interval", Keyword: "ClientAliveInterval", Values: []string{value}}}}
	}
	for value, want := range map[string]string{"7": "", "7s": "", "8": "ClientAliveInterval is 7, not 8, because /etc/ssh/sshd_config:2 says so"} {
		found := Verify(interval(value), pureFacts(tree, interval(value)))
		if text := fmt.Sprint(found); (len(found) > 0) != (want != "") || len(found) > 0 && (found[0].Warning || !strings.Contains(text, "ClientAliveInterval is 7, not 8")) {
			t.Errorf("%s: %+v", value, found)
		}
	}
	silent := pureFacts(tree, interval("7"))
	delete(silent.Canonical, "clientaliveinterval")
	delete(silent.Effective[0], "clientaliveinterval")
	if found := Verify(interval("7"), silent); len(found) != 1 || found[0].Code != NotPrinted || found[0].Warning {
		t.Errorf("%+v", found)
	}
}
