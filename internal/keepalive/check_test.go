package keepalive

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func set(attribute, keyword string, values ...string) Setting {
	return Setting{Attribute: attribute, Keyword: keyword, Values: values}
}

func TestCheckServer(t *testing.T) {
	interval := set("client_alive_interval", "ClientAliveInterval", "60")
	for _, c := range []struct {
		name string
		want Server
		code Code
		at   string
		text string
	}{
		{"fine", Server{Settings: []Setting{interval}}, "", "", ""},
		{"nothing", Server{}, NothingWanted, "", "no setting"},
		{"misspelled", Server{Settings: []Setting{set(`settings["ClientAliveIntervall"]`, "ClientAliveIntervall", "1")}}, UnknownKeyword, `settings["ClientAliveIntervall"]`, "did you mean ClientAliveInterval?"},
		{"nonsense", Server{Settings: []Setting{set(`settings["Xyzzy"]`, "Xyzzy", "1")}}, UnknownKeyword, `settings["Xyzzy"]`, "no keyword"},
		{"typed in settings", Server{Settings: []Setting{set(`settings["clientaliveinterval"]`, "clientaliveinterval", "1")}}, TypedKeyword, `settings["clientaliveinterval"]`, "client_alive_interval"},
		{"twice", Server{Settings: []Setting{set(`settings["Banner"]`, "Banner", "a"), set(`settings["banner"]`, "banner", "b")}}, RepeatedKeyword, `settings["banner"]`, "already set"},
		{"two lines of one value", Server{Settings: []Setting{set(`settings["Banner"]`, "Banner", "a", "b")}}, BadValue, `settings["Banner"]`, "one line"},
		{"empty", Server{Settings: []Setting{set(`settings["Banner"]`, "Banner", " ")}}, BadValue, `settings["Banner"]`, "empty"},
		{"smuggled line", Server{Settings: []Setting{set(`settings["Banner"]`, "Banner", "none\nPermitRootLogin yes")}}, BadValue, `settings["Banner"]`, "line break"},
		{"NUL", Server{Settings: []Setting{set(`settings["Banner"]`, "Banner", "a\x00")}}, BadValue, `settings["Banner"]`, "NUL"},
		{"Include", Server{Settings: []Setting{set(`settings["Include"]`, "Include", "/x")}}, NoSetting, `settings["Include"]`, "not a setting"},
		{"Match", Server{Settings: []Setting{set(`settings["Match"]`, "Match", "all")}}, NoSetting, `settings["Match"]`, "not a setting"},
		{"fraction", Server{Settings: []Setting{set("client_alive_interval", "ClientAliveInterval", "1.5")}}, BadValue, "client_alive_interval", "no time"},
		{"unit missing", Server{Settings: []Setting{set("client_alive_interval", "ClientAliveInterval", "1m30")}}, BadValue, "client_alive_interval", "no time"},
		{"overflow", Server{Settings: []Setting{set("login_grace_time", "LoginGraceTime", "3551w")}}, BadValue, "login_grace_time", "68 years"},
		{"seconds without end", Server{Settings: []Setting{set("login_grace_time", "LoginGraceTime", "99999999999")}}, BadValue, "login_grace_time", "68 years"},
		{"old and new name at odds", Server{Settings: []Setting{set(`settings["ChallengeResponseAuthentication"]`, "ChallengeResponseAuthentication", "no"), set(`settings["KbdInteractiveAuthentication"]`, "KbdInteractiveAuthentication", "yes")}}, RepeatedKeyword, `settings["KbdInteractiveAuthentication"]`, "another value"},
		{"old and new name that agree", Server{Settings: []Setting{set(`settings["ChallengeResponseAuthentication"]`, "ChallengeResponseAuthentication", "no"), set(`settings["KbdInteractiveAuthentication"]`, "KbdInteractiveAuthentication", "no")}}, "", "", ""},
		{"old name of a typed keyword", Server{Settings: []Setting{set(`settings["KeepAlive"]`, "KeepAlive", "no")}}, TypedKeyword, `settings["KeepAlive"]`, "tcp_keep_alive"},
		{"context of two users", Server{Settings: []Setting{interval}, Contexts: []sshconf.Context{{User: "a,b"}}}, BadContext, "contexts[0].user", "comma"},
		{"context of a network", Server{Settings: []Setting{interval}, Contexts: []sshconf.Context{{User: "a"}, {Address: "10.0.0.0/8"}}}, BadContext, "contexts[1].address", "address of contexts[1]"},
		{"context at a name", Server{Settings: []Setting{interval}, Contexts: []sshconf.Context{{LocalAddress: "web1"}}}, BadContext, "contexts[0].local_address", "no IP address"},
		{"context", Server{Settings: []Setting{interval}, Contexts: []sshconf.Context{{User: "a b", Host: "x.example", Address: "10.0.0.1", LocalAddress: "fe80::1%eth0"}}}, "", "", ""},
		{"negative count", Server{Settings: []Setting{set("max_sessions", "MaxSessions", "-1")}}, BadValue, "max_sessions", "whole number"},
		{"startups", Server{Settings: []Setting{set("max_startups", "MaxStartups", "10:30")}}, BadValue, "max_startups", "start:rate:full"},
		{"channel", Server{Settings: []Setting{set("channel_timeout", "ChannelTimeout", "session:*=soon")}}, BadValue, "channel_timeout", "no time"},
		{"not in Match", Server{Match: []Match{{"User x", []Setting{set("match[0].tcp_keep_alive", "TCPKeepAlive", "no")}}}}, NotInMatch, "match[0].tcp_keep_alive", "no release"},
		{"empty Match", Server{Match: []Match{{"User x", nil}}}, NothingWanted, "match[0]", "sets nothing"},
		{"the same criteria twice", Server{Match: []Match{{"User x", []Setting{set("match[0].max_sessions", "MaxSessions", "1")}}, {"User  x", []Setting{set("match[1].max_sessions", "MaxSessions", "2")}}}}, RepeatedKeyword, "match[1].max_sessions", "match[0]"},
		{"the same criteria for something else", Server{Match: []Match{{"User x", []Setting{set("match[0].max_sessions", "MaxSessions", "1")}}, {"User x", []Setting{set("match[1].rekey_limit", "RekeyLimit", "1G")}}}}, "", "", ""},
		{"criteria with a comment", Server{Match: []Match{{"User x # y", []Setting{interval}}}}, BadValue, "match[0].criteria", "is read as"},
		{"criteria in quotes", Server{Match: []Match{{`User "x"`, []Setting{interval}}}}, "", "", ""},
		{"ESC", Server{Settings: []Setting{set(`settings["VersionAddendum"]`, "VersionAddendum", "a\x1b[2Jb")}}, BadValue, `settings["VersionAddendum"]`, "control character"},
		{"form feed", Server{Settings: []Setting{set(`settings["VersionAddendum"]`, "VersionAddendum", "a\fb")}}, BadValue, `settings["VersionAddendum"]`, "control character"},
		{"criteria with ESC", Server{Match: []Match{{"User x\x1b", []Setting{interval}}}}, BadValue, "match[0].criteria", "control character"},
		{"criteria with a line", Server{Match: []Match{{"User x\nMatch all", []Setting{interval}}}}, BadValue, "match[0].criteria", "line break"},
		{"drop-in in another directory", Server{Settings: []Setting{interval}, DropInName: "../x.conf"}, BadDropInName, "drop_in_name", "file name"},
		{"hidden drop-in", Server{Settings: []Setting{interval}, DropInName: ".x.conf"}, BadDropInName, "drop_in_name", "file name"},
		{"drop-in not included", Server{Settings: []Setting{interval}, DropInName: "00-x"}, BadDropInName, "drop_in_name", ".conf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := CheckServer(c.want)
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

// The times are those measured on the wire.
func TestDeadPeerTimeout(t *testing.T) {
	for _, c := range []struct {
		release         string
		interval, count int64
		seconds         int64
		drops           bool
	}{
		{"7.4", 1, 3, 4, true}, {"8.4", 1, 3, 4, true}, {"8.7", 2, 1, 4, true}, {"9.1", 1, 3, 4, true},
		{"9.2", 1, 3, 8, true}, {"9.2", 2, 2, 12, true}, {"9.4", 4, 2, 24, true}, {"9.5", 4, 2, 12, true}, {"10.0", 1, 3, 4, true},
		{"8.1", 1, 0, 1, true}, {"8.2", 1, 0, 0, false}, {"10.0", 60, 0, 0, false}, {"9.2", 0, 3, 0, false},
	} {
		v, err := sshconf.ParseVersion(c.release)
		if err != nil {
			t.Fatal(err)
		}
		if s, drops := DeadPeerTimeout(c.interval, c.count, v); s != c.seconds || drops != c.drops {
			t.Errorf("%s: %d s x %d: %d %v, want %d %v", c.release, c.interval, c.count, s, drops, c.seconds, c.drops)
		}
	}
}

func TestRefusalNamesTheSetting(t *testing.T) {
	want := Server{Settings: []Setting{set("a", "ClientAliveInterval", "60"), set(`settings["PermitRootLogin"]`, "PermitRootLogin", "perhaps")}}
	have := Facts{Version: sshconf.Version{Major: 9, Minor: 2}, Refused: []string{"/tmp/x/want line 2: unsupported option \"perhaps\"."}}
	problems := PlanServer(want, have).Problems
	if len(problems) != 1 || problems[0].Attribute != `settings["PermitRootLogin"]` || !strings.Contains(problems[0].Text, `unsupported option "perhaps"`) {
		t.Errorf("problems %+v", problems)
	}
}

func TestInvalidHostNamesTheLine(t *testing.T) {
	have := Facts{Invalid: "/etc/ssh/sshd_config.d/50-x.conf: line 3: Bad configuration option: Foo"}
	problems := PlanServer(Server{}, have).Problems
	if len(problems) != 1 || problems[0].Pos != (sshconf.Pos{Path: "/etc/ssh/sshd_config.d/50-x.conf", Line: 3}) {
		t.Errorf("problems %+v", problems)
	}
}

// TestVendorKeywords: what only a patched build knows is for the host's own program
// to judge, and no typo.
func TestVendorKeywords(t *testing.T) {
	for _, name := range []string{"RSAMinSize", "rsaminsize", "UseBlacklist", "UseBlocklist", "KerberosUseKuserok", "KerberosUniqueCCache", "GSSAPIEnablek5users",
		"X11MaxDisplays", "ShowPatchLevel", "ExposeAuthenticationMethods", "KexDHMin", "HPNDisabled", "NoneEnabled", "TcpRcvBufPoll", "DebianBanner"} {
		want := Server{Settings: []Setting{{Attribute: "settings[\"" + name + "\"]", Keyword: name, Values: []string{"1024"}}}}
		if problems := CheckServer(want); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// TestClientVendorKeywords is the same for ssh.
func TestClientVendorKeywords(t *testing.T) {
	for _, name := range []string{"UseKeychain", "RSAMinSize", "KexDHMin", "AskPassGUI"} {
		want := Client{Patterns: []string{"db"}, Settings: []Setting{{Attribute: "settings[\"" + name + "\"]", Keyword: name, Values: []string{"1024"}}}}
		if problems := CheckClient(want); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
