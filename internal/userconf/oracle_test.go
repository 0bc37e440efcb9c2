package userconf

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// needsSSH returns the release of the ssh that is the oracle here.
func needsSSH(t *testing.T) sshconf.Version {
	t.Helper()
	_, lacking := exec.LookPath("ssh")
	hosttest.Needs(t, lacking)
	banner, err := exec.Command("ssh", "-V").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	v, err := sshconf.ParseVersion(string(banner))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// trees is how many to generate, from the environment for long runs.
func trees(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("ORACLE_N")
	if text == "" {
		return 40
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// question is a command line of ssh.
type question struct {
	host, user string
	port       int
}

func (q question) said() host.Settings {
	s := host.Settings{Host: &q.host}
	if q.user != "" {
		s.User = &q.user
	}
	if q.port != 0 {
		s.Port = &q.port
	}
	return s
}

// ask is what ssh -G prints.
func (q question) ask(file string) (sshconf.Dump, error) {
	args := []string{"-F", file, "-G"}
	if q.user != "" {
		args = append(args, "-l", q.user)
	}
	if q.port != 0 {
		args = append(args, "-p", strconv.Itoa(q.port))
	}
	var complaint strings.Builder
	cmd := exec.Command("ssh", append(args, q.host)...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New(complaint.String())
	}
	return sshconf.ParseDump(string(out)), nil
}

// TestGeneratedConfigs: where we would go, as whom, with which keys and through
// what, is what ssh -G prints.
func TestGeneratedConfigs(t *testing.T) {
	o := oracle{version: needsSSH(t)}
	var err error
	if o.usual, err = (question{host: "a.example"}).ask(os.DevNull); err != nil {
		t.Fatal(err)
	}
	o.jumpNoneHidesCommand = jumpNoneHidesCommand(t, func(file string) (sshconf.Dump, error) { return question{host: "a.example"}.ask(file) })
	trees, compared, refused := trees(t), 0, 0
	for seed := range trees {
		home := t.TempDir()
		t.Setenv("HOME", home)
		t.Setenv("SHELL", "/bin/sh")
		g := newGenerator(seed, home)
		file := g.tree(t, home)
		for range 3 {
			q := question{g.pick("web", "db", "Web2", "deep.example.org", "10.0.0.9"), g.pick("", "", "admin"), []int{0, 0, 2222}[g.IntN(3)]}
			dump, no := q.ask(file)
			n := o.compare(t, fmt.Sprintf("seed %d, %v", seed, q), home, file, q, dump, no)
			if no != nil {
				refused++
			}
			compared += n
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("OpenSSH %s: %d trees, %d values compared, %d refused by both", o.version, trees, compared, refused)
}

// oracle is the ssh of this machine, and what it does without a file.
type oracle struct {
	version              sshconf.Version
	jumpNoneHidesCommand bool
	usual                sshconf.Dump
}

// noneHides asks an ssh whether ProxyJump none hides the ProxyCommand after it.
func jumpNoneHidesCommand(t *testing.T, ask func(file string) (sshconf.Dump, error)) bool {
	t.Helper()
	dump, err := ask(write(t, filepath.Join(t.TempDir(), "none"), "ProxyJump none\nProxyCommand x\n"))
	if err != nil {
		t.Fatal(err)
	}
	return len(dump["proxycommand"]) == 0
}

func (o oracle) compare(t *testing.T, name, home, file string, q question, want sshconf.Dump, no error) int {
	t.Helper()
	r := New()
	r.version, r.jumpNoneHidesCommand = o.version, o.jumpNoneHidesCommand
	have, err := r.Lookup(t.Context(), file, q.said(), "")
	if (err != nil) != (no != nil) {
		t.Errorf("%s: ssh: %v; ours: %v\n%s", name, no, err, dump(home))
	}
	if err != nil || no != nil {
		return 0
	}
	n := 0
	for keyword, ours := range o.printed(t, q, have.Settings, want) {
		n++
		if !slices.Equal(ours, want[keyword]) {
			t.Errorf("%s: %s: ssh %q, ours %q\n%s", name, keyword, want[keyword], ours, dump(home))
		}
	}
	return n
}

// printed is s as ssh -G would print it, with ssh's own defaults for what s does
// not say. What ssh -G prints unexpanded is expanded in want.
func (o oracle) printed(t *testing.T, q question, s host.Settings, want sshconf.Dump) map[string][]string {
	t.Helper()
	raw := expander(t, o.version, q, s)
	for _, keyword := range []string{"identityfile", "certificatefile"} {
		want[keyword] = raw.all(t, want[keyword])
	}
	for i, line := range want["proxycommand"] {
		line, err := raw.proxyCommand(line)
		if err != nil {
			t.Fatal(err)
		}
		want["proxycommand"][i] = line
	}
	var jumps []string
	for _, line := range want["proxyjump"] {
		hops, err := sshconf.ParseJump(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, hop := range hops {
			settings, err := raw.hop(hop)
			if err != nil {
				t.Fatal(err)
			}
			jumps = append(jumps, spell(settings))
		}
	}
	want["proxyjump"] = jumps
	have := map[string][]string{
		"hostname": {*s.Host}, "user": {text(s.User, or(q.user, me(t)))}, "port": {number(s.Port, or(q.port, 22))},
		"hostkeyalias": list(s.HostKeyAlias), "proxycommand": list(s.ProxyCommand),
		"identitiesonly": {yesNo(s.IdentitiesOnly)}, "addressfamily": {text(s.AddressFamily, "any")},
		"connecttimeout": {seconds(s.ConnectTimeout, "none")}, "serveraliveinterval": {seconds(s.KeepaliveInterval, "0")},
		"serveralivecountmax": {number(s.KeepaliveCountMax, 3)}, "proxyjump": nil,
	}
	for _, hop := range s.Jump {
		have["proxyjump"] = append(have["proxyjump"], spell(hop))
	}
	have["identityfile"], have["certificatefile"] = s.IdentityFiles, s.CertificateFiles
	if s.IdentityFiles == nil {
		have["identityfile"] = raw.all(t, o.usual["identityfile"])
	}
	known := func(d sshconf.Dump) []string {
		all := strings.Fields(strings.Join(append(slices.Clone(d["userknownhostsfile"]), d["globalknownhostsfile"]...), " "))
		return slices.DeleteFunc(all, func(file string) bool { return file == "none" })
	}
	want["known"], have["known"] = known(want), strings.Fields(strings.Join(s.DefaultKnownHosts, " "))
	if s.DefaultKnownHosts == nil {
		have["known"] = known(o.usual)
	}
	switch strict := strings.Join(want["stricthostkeychecking"], ""); {
	case s.HostKeyPolicy != nil:
		have["stricthostkeychecking"] = []string{*s.HostKeyPolicy}
	case strict != "true" && strict != "ask":
		t.Errorf("StrictHostKeyChecking is %s and not in the answer", strict)
	}
	switch {
	case s.AgentSocket != nil:
		have["identityagent"] = []string{*s.AgentSocket}
		if strings.Join(want["identityagent"], "") == "$HOME" {
			want["identityagent"] = []string{os.Getenv("HOME")}
		}
	case s.Agent != nil:
		have["identityagent"] = []string{"none"}
	default:
		have["identityagent"] = nil
		want["identityagent"] = slices.DeleteFunc(want["identityagent"], func(name string) bool { return name == "SSH_AUTH_SOCK" })
	}
	return have
}

// expander knows the tokens that ssh had at the end, from what it printed.
func expander(t *testing.T, v sshconf.Version, q question, s host.Settings) *translator {
	t.Helper()
	here, err := currentEnv()
	if err != nil {
		t.Fatal(err)
	}
	r := newTranslator(v, query(q.said(), here), q.said(), "", here.home)
	d := sshconf.Destination{HostName: *s.Host, Port: number(s.Port, or(q.port, 22)), User: text(s.User, or(q.user, me(t))), Alias: text(s.HostKeyAlias, "")}
	r.tokens = r.query.Tokens(v, d)
	return r
}

func me(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

func (r *translator) all(t *testing.T, files []string) []string {
	t.Helper()
	names, err := r.expanded(files, r.expand)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "none" })
}

func spell(hop host.Settings) string {
	return fmt.Sprintf("%s@%s:%s", text(hop.User, ""), *hop.Host, number(hop.Port, 0))
}

func list(p *string) []string {
	if p == nil {
		return nil
	}
	return []string{*p}
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

func text(p *string, fallback string) string {
	if p == nil {
		return fallback
	}
	return *p
}

func number(p *int, fallback int) string {
	if p == nil {
		return strconv.Itoa(fallback)
	}
	return strconv.Itoa(*p)
}

func yesNo(p *bool) string {
	if p != nil && *p {
		return "yes"
	}
	return "no"
}

func seconds(p *time.Duration, fallback string) string {
	if p == nil {
		return fallback
	}
	return strconv.Itoa(int(p.Seconds()))
}
