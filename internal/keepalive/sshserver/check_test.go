package sshserver

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func set(attribute, keyword string, values ...string) keepalive.Setting {
	return keepalive.Setting{Attribute: attribute, ByKeyword: strings.Contains(attribute, "settings["), Keyword: keyword, Values: values}
}

func TestCheckServer(t *testing.T) {
	interval := set("client_alive_interval", "ClientAliveInterval", "60")
	for _, c := range []struct {
		name string
		want Want
		code keepalive.Code
		at   string
		text string
	}{
		{"fine", Want{Settings: []keepalive.Setting{interval}}, "", "", ""},
		{"nothing", Want{}, keepalive.NothingWanted, "", "no setting"},
		{"misspelled", Want{Settings: []keepalive.Setting{set(`settings["ClientAliveIntervall"]`, "ClientAliveIntervall", "1")}}, keepalive.UnknownKeyword, `settings["ClientAliveIntervall"]`, "did you mean ClientAliveInterval?"},
		{"nonsense", Want{Settings: []keepalive.Setting{set(`settings["Xyzzy"]`, "Xyzzy", "1")}}, keepalive.UnknownKeyword, `settings["Xyzzy"]`, "unknown keyword"},
		{"typed in settings", Want{Settings: []keepalive.Setting{set(`settings["clientaliveinterval"]`, "clientaliveinterval", "1")}}, keepalive.TypedKeyword, `settings["clientaliveinterval"]`, "client_alive_interval"},
		{"twice", Want{Settings: []keepalive.Setting{set(`settings["Banner"]`, "Banner", "a"), set(`settings["banner"]`, "banner", "b")}}, keepalive.RepeatedKeyword, `settings["banner"]`, "already set"},
		{"two lines of one value", Want{Settings: []keepalive.Setting{set(`settings["Banner"]`, "Banner", "a", "b")}}, keepalive.BadValue, `settings["Banner"]`, "one line"},
		{"empty", Want{Settings: []keepalive.Setting{set(`settings["Banner"]`, "Banner", " ")}}, keepalive.BadValue, `settings["Banner"]`, "empty"},
		{"smuggled line", Want{Settings: []keepalive.Setting{set(`settings["Banner"]`, "Banner", "none\nPermitRootLogin yes")}}, keepalive.BadValue, `settings["Banner"]`, "line break"},
		{"NUL", Want{Settings: []keepalive.Setting{set(`settings["Banner"]`, "Banner", "a\x00")}}, keepalive.BadValue, `settings["Banner"]`, "NUL"},
		{"Include", Want{Settings: []keepalive.Setting{set(`settings["Include"]`, "Include", "/x")}}, keepalive.NoSetting, `settings["Include"]`, "not a setting"},
		{"Match", Want{Settings: []keepalive.Setting{set(`settings["Match"]`, "Match", "all")}}, keepalive.NoSetting, `settings["Match"]`, "not a setting"},
		{"fraction", Want{Settings: []keepalive.Setting{set("client_alive_interval", "ClientAliveInterval", "1.5")}}, keepalive.BadValue, "client_alive_interval", "not a valid time"},
		{"unit missing", Want{Settings: []keepalive.Setting{set("client_alive_interval", "ClientAliveInterval", "1m30")}}, keepalive.BadValue, "client_alive_interval", "not a valid time"},
		{"overflow", Want{Settings: []keepalive.Setting{set("login_grace_time", "LoginGraceTime", "3551w")}}, keepalive.BadValue, "login_grace_time", "68 years"},
		{"seconds without end", Want{Settings: []keepalive.Setting{set("login_grace_time", "LoginGraceTime", "99999999999")}}, keepalive.BadValue, "login_grace_time", "68 years"},
		{"old and new name at odds", Want{Settings: []keepalive.Setting{set(`settings["ChallengeResponseAuthentication"]`, "ChallengeResponseAuthentication", "no"), set(`settings["KbdInteractiveAuthentication"]`, "KbdInteractiveAuthentication", "yes")}}, keepalive.RepeatedKeyword, `settings["KbdInteractiveAuthentication"]`, "another value"},
		{"old and new name that agree", Want{Settings: []keepalive.Setting{set(`settings["ChallengeResponseAuthentication"]`, "ChallengeResponseAuthentication", "no"), set(`settings["KbdInteractiveAuthentication"]`, "KbdInteractiveAuthentication", "no")}}, "", "", ""},
		{"old name of a typed keyword", Want{Settings: []keepalive.Setting{set(`settings["KeepAlive"]`, "KeepAlive", "no")}}, keepalive.TypedKeyword, `settings["KeepAlive"]`, "tcp_keep_alive"},
		{"context of two users", Want{Settings: []keepalive.Setting{interval}, Contexts: []sshconf.Context{{User: "a,b"}}}, keepalive.BadContext, "contexts[0].user", "comma"},
		{"context of a network", Want{Settings: []keepalive.Setting{interval}, Contexts: []sshconf.Context{{User: "a"}, {Address: "10.0.0.0/8"}}}, keepalive.BadContext, "contexts[1].address", "address of contexts[1]"},
		{"context at a name", Want{Settings: []keepalive.Setting{interval}, Contexts: []sshconf.Context{{LocalAddress: "web1"}}}, keepalive.BadContext, "contexts[0].local_address", "not an IP address"},
		{"context", Want{Settings: []keepalive.Setting{interval}, Contexts: []sshconf.Context{{User: "a b", Host: "x.example", Address: "10.0.0.1", LocalAddress: "fe80::1%eth0"}}}, "", "", ""},
		{"negative count", Want{Settings: []keepalive.Setting{set("max_sessions", "MaxSessions", "-1")}}, keepalive.BadValue, "max_sessions", "whole number"},
		{"startups", Want{Settings: []keepalive.Setting{set("max_startups", "MaxStartups", "10:30")}}, keepalive.BadValue, "max_startups", "start:rate:full"},
		{"channel", Want{Settings: []keepalive.Setting{set("channel_timeout", "ChannelTimeout", "session:*=soon")}}, keepalive.BadValue, "channel_timeout", "not a valid time"},
		{"not in Match", Want{Match: []Match{{"User x", []keepalive.Setting{set("match[0].tcp_keep_alive", "TCPKeepAlive", "no")}}}}, keepalive.NotInMatch, "match[0].tcp_keep_alive", "no release"},
		{"empty Match", Want{Match: []Match{{"User x", nil}}}, keepalive.NothingWanted, "match[0]", "sets nothing"},
		{"the same criteria twice", Want{Match: []Match{{"User x", []keepalive.Setting{set("match[0].max_sessions", "MaxSessions", "1")}}, {"User  x", []keepalive.Setting{set("match[1].max_sessions", "MaxSessions", "2")}}}}, keepalive.RepeatedKeyword, "match[1].max_sessions", "match[0]"},
		{"the same criteria for something else", Want{Match: []Match{{"User x", []keepalive.Setting{set("match[0].max_sessions", "MaxSessions", "1")}}, {"User x", []keepalive.Setting{set("match[1].rekey_limit", "RekeyLimit", "1G")}}}}, "", "", ""},
		{"criteria with a comment", Want{Match: []Match{{"User x # y", []keepalive.Setting{interval}}}}, keepalive.BadValue, "match[0].criteria", "is read as"},
		{"criteria in quotes", Want{Match: []Match{{`User "x"`, []keepalive.Setting{interval}}}}, "", "", ""},
		{"ESC", Want{Settings: []keepalive.Setting{set(`settings["VersionAddendum"]`, "VersionAddendum", "a\x1b[2Jb")}}, keepalive.BadValue, `settings["VersionAddendum"]`, "control character"},
		{"form feed", Want{Settings: []keepalive.Setting{set(`settings["VersionAddendum"]`, "VersionAddendum", "a\fb")}}, keepalive.BadValue, `settings["VersionAddendum"]`, "control character"},
		{"criteria with ESC", Want{Match: []Match{{"User x\x1b", []keepalive.Setting{interval}}}}, keepalive.BadValue, "match[0].criteria", "control character"},
		{"criteria with a line", Want{Match: []Match{{"User x\nMatch all", []keepalive.Setting{interval}}}}, keepalive.BadValue, "match[0].criteria", "line break"},
		{"drop-in in another directory", Want{Settings: []keepalive.Setting{interval}, DropInName: "../x.conf"}, keepalive.BadDropInName, "drop_in_name", "file name"},
		{"hidden drop-in", Want{Settings: []keepalive.Setting{interval}, DropInName: ".x.conf"}, keepalive.BadDropInName, "drop_in_name", "file name"},
		{"drop-in not included", Want{Settings: []keepalive.Setting{interval}, DropInName: "00-x"}, keepalive.BadDropInName, "drop_in_name", ".conf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := Check(c.want)
			if c.code == "" {
				if len(problems) > 0 {
					t.Errorf("problems %+v", problems)
				}
				return
			}
			for _, p := range problems {
				if p.Code == c.code && p.Attribute == c.at && strings.Contains(p.Text, c.text) {
					return
				}
			}
			t.Errorf("problems %+v, want %q at %q with %q", problems, c.code, c.at, c.text)
		})
	}
}

func TestRefusalNamesTheSetting(t *testing.T) {
	want := Want{Settings: []keepalive.Setting{set("a", "ClientAliveInterval", "60"), set(`settings["PermitRootLogin"]`, "PermitRootLogin", "perhaps")}}
	have := Facts{Version: sshconf.Version{Major: 9, Minor: 2}, Refused: []string{"/tmp/x/want line 2: unsupported option \"perhaps\"."}}
	problems := Plan(want, have).Problems
	if len(problems) != 1 || problems[0].Attribute != `settings["PermitRootLogin"]` || !strings.Contains(problems[0].Text, `unsupported option "perhaps"`) {
		t.Errorf("problems %+v", problems)
	}
}

func TestInvalidHostNamesTheLine(t *testing.T) {
	have := Facts{Invalid: "/etc/ssh/sshd_config.d/50-x.conf: line 3: Bad configuration option: Foo"}
	problems := Plan(Want{}, have).Problems
	if len(problems) != 1 || problems[0].Pos != (sshconf.Pos{Path: "/etc/ssh/sshd_config.d/50-x.conf", Line: 3}) {
		t.Errorf("problems %+v", problems)
	}
}

// TestVendorKeywords: what only a patched build knows is for the host's own program
// to judge, and no typo.
func TestVendorKeywords(t *testing.T) {
	for _, name := range []string{"RSAMinSize", "rsaminsize", "UseBlacklist", "UseBlocklist", "KerberosUseKuserok", "KerberosUniqueCCache", "GSSAPIEnablek5users",
		"X11MaxDisplays", "ShowPatchLevel", "ExposeAuthenticationMethods", "KexDHMin", "HPNDisabled", "NoneEnabled", "TcpRcvBufPoll", "DebianBanner"} {
		want := Want{Settings: []keepalive.Setting{{ByKeyword: true, Attribute: "settings[\"" + name + "\"]", Keyword: name, Values: []string{"1024"}}}}
		if problems := Check(want); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
