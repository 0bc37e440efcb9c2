package sshserver

import (
	"slices"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/plantest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestRenderedAloneIsWhatSSHDTakes renders every keyword with values of every
// kind: what is refused, sshd refuses, and what is rendered, sshd accepts, except
// for values that sshd alone can judge.
func TestRenderedAloneIsWhatSSHDTakes(t *testing.T) {
	o, v := plantest.NewOracle(t, "bookworm")
	accepted, refused := 0, 0
	for _, kw := range sshconf.Keywords(sshconf.Server) {
		if !kw.Known(v) || kw.Vendor || kw.Type == sshconf.Block || !kw.RemovedSince.IsZero() {
			continue
		}
		for _, value := range []string{"no", "5", "abc", "/etc/x"} {
			text, problems := Render(Want{Settings: []keepalive.Setting{{Attribute: kw.Name, Keyword: kw.Name, Values: []string{value}}}})
			if lines := strings.Count(text, "\n"); (lines == 0) != (len(problems) > 0) {
				t.Fatalf("%s %s: %d lines and problems %v", kw.Name, value, lines, problems)
			}
			if text == "" {
				text = kw.Name + " " + value + "\n"
			}
			_, stderr, exit := o.Run(map[string][]byte{"/etc/ssh/sshd_config": []byte(text)}, "sshd", "-t")
			switch {
			case len(problems) == 0 && exit != 0 && judged(kw) && !contextual(stderr):
				t.Errorf("%q is rendered, and sshd says %s", text, stderr)
			case len(problems) > 0 && exit == 0 && !strings.HasPrefix(kw.Name, "Kerberos"): // ignored by this build
				t.Errorf("%q is refused with %v, and sshd takes it", text, problems)
			case exit == 0:
				accepted++
			default:
				refused++
			}
		}
	}
	t.Logf("OpenSSH %s: %d lines accepted by both, %d refused", v, accepted, refused)
	if accepted < 150 || refused < 150 {
		t.Error("too few of one kind to tell anything")
	}
}

// TestRenderedRekeyLimitIsWhatSSHDTakes: a slip such as "1h" would keep the sshd of an image
// from its start, and no host is asked about what is rendered.
func TestRenderedRekeyLimitIsWhatSSHDTakes(t *testing.T) {
	o, _ := plantest.NewOracle(t, "bookworm")
	for _, value := range []string{
		"1h", "1h30m", "0s", "5:6", "0x10", "1Gx", "1GB", "1 G", "-1", "-1G", "-", "", "G", "15", "1e3", "1e", "12345678901234567890123",
		"0", "16", "1G", "1.5g", "+32", "1G 1h", "default", "default none", "1G none", "512M 3600", "1G soon",
	} {
		sshdAgrees(t, o, "RekeyLimit "+value)
	}
}

// TestRenderedIsWhatTheNewestSSHDTakes: words that came with the newest release are rendered,
// and numbers that it refuses are not.
func TestRenderedIsWhatTheNewestSSHDTakes(t *testing.T) {
	o, v := plantest.NewOracle(t, "sid")
	if v != sshconf.Newest() {
		t.Logf("OpenSSH %s of Debian sid is not the release of the tables, %s", v, sshconf.Newest())
		return
	}
	for _, line := range []string{
		"IPQoS va", "IPQoS le", "IPQoS af11 cs1", "IPQoS af44", "IPQoS 256", "IPQoS 0x10", "IPQoS sometimes", "PubkeyAuthOptions max-pk-ok:5", "PubkeyAuthOptions max-pk-ok:x",
		"PermitOpen host:65536", "PermitOpen host:0", "PermitOpen [::1]:22", "PermitOpen ::1:22", "PermitListen 65536", "PermitListen 0", "PermitListen 8080",
		"PerSourceNetBlockSize -1", "PerSourceNetBlockSize 24:129", "PerSourceNetBlockSize 24:64", "MaxStartups 3000000000", "MaxStartups 10:30", "MaxStartups 10:30:60", "Port 65536", "Port 0",
	} {
		sshdAgrees(t, o, line)
	}
}

// sshdAgrees fails unless sshd refuses the line if and only if Render does.
func sshdAgrees(t *testing.T, o *hosttest.Oracle, line string) {
	t.Helper()
	keyword, value, _ := strings.Cut(line, " ")
	_, problems := Render(Want{Settings: []keepalive.Setting{{Attribute: "settings", Keyword: keyword, Values: []string{value}}}})
	_, stderr, exit := o.Run(map[string][]byte{"/etc/ssh/sshd_config": []byte(line + "\n")}, "sshd", "-t")
	if refused := exit != 0; refused != (len(problems) > 0) {
		t.Errorf("%s: we say %v, and sshd says %q", line, problems, stderr)
	}
}

// judged reports whether sshconf knows the values of kw: names of algorithms, of
// authentication methods, of log levels and the like are left to sshd.
func judged(kw sshconf.Keyword) bool {
	return kw.Type != sshconf.Text && kw.Type != sshconf.Algorithms && kw.Name != "LogLevel" && kw.Name != "SyslogFacility"
}

// contextual reports whether sshd complains of something else than the text:
// files and names that this machine lacks.
func contextual(stderr string) bool {
	for _, about := range []string{"No such file", "no hostkeys available", "Unable to load", "cannot be satisfied", "bad addr or host", "Could not load"} {
		if strings.Contains(stderr, about) {
			return true
		}
	}
	return false
}

// TestRenderedMatchBlocksAreWhatSSHDReads: sshd -T gives the values of the block that
// applies, and says the same of bad values as Render.
func TestRenderedMatchBlocksAreWhatSSHDReads(t *testing.T) {
	o, _ := plantest.NewOracle(t, "bookworm")
	text, problems := Render(Want{
		Settings: []keepalive.Setting{{Keyword: "maxsessions", Attribute: "a", Values: []string{"4"}}},
		Match: []Match{
			{Criteria: "User git,deploy", Settings: []keepalive.Setting{{Keyword: "MaxSessions", Attribute: "b", Values: []string{"9"}}, {Keyword: "AcceptEnv", Attribute: "c", Values: []string{"A", "B_*"}}}},
			{Criteria: "Address 10.0.0.0/8", Settings: []keepalive.Setting{{Keyword: "ForceCommand", Attribute: "d", Values: []string{"echo # x"}}}},
		},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	files := map[string][]byte{"/etc/ssh/sshd_config": []byte(text)}
	for spec, want := range map[string][]string{
		"user=other,host=h,addr=192.0.2.1": {"maxsessions 4", "forcecommand none"},
		"user=git,host=h,addr=192.0.2.1":   {"maxsessions 9", "acceptenv A", "acceptenv B_*"},
		"user=x,host=h,addr=10.1.2.3":      {"maxsessions 4", "forcecommand echo # x"},
	} {
		out, stderr, exit := o.Run(files, "sshd", "-T", "-C", spec)
		for _, line := range want {
			if exit != 0 || !slices.Contains(strings.Split(out, "\n"), line) {
				t.Errorf("for %s sshd has no %q, exit %d: %s", spec, line, exit, stderr)
			}
		}
	}
}

// FuzzRenderServer: what is rendered is read back as what was given.
func FuzzRenderServer(f *testing.F) {
	f.Add("Banner", "/etc/issue", "AcceptEnv", "LANG\nLC_*")
	f.Add("forcecommand", `echo "x # y"`, "MaxStartups", "10:30:100")
	f.Add("Match", "all\nPermitRootLogin yes", "Banner", "\"x")
	f.Fuzz(func(t *testing.T, a, x, b, y string) {
		given := []keepalive.Setting{{Attribute: a, Keyword: a, Values: strings.Split(x, "\n")}, {Attribute: b, Keyword: b, Values: strings.Split(y, "\n")}}
		text, problems := Render(Want{Settings: given})
		if len(problems) > 0 {
			return
		}
		for _, s := range given {
			var got []string
			for _, l := range sshconf.Parse(sshconf.Server, sshconf.Version{}, []byte(text)).Lines {
				if l.Err != nil {
					t.Fatalf("%q cannot be read: %v", text, l.Err)
				}
				if l.Is(s.Keyword) {
					got = append(got, l.Rest)
				}
			}
			if !slices.Equal(got, s.Values) {
				t.Errorf("%q has %q for %s, given was %q", text, got, s.Keyword, s.Values)
			}
		}
		if strings.Count(text, "\n") != 2+len(given[0].Values)+len(given[1].Values) {
			t.Errorf("%q has other lines than were given", text)
		}
	})
}
