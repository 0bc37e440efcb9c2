package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

const templates = "../../../../templates"

var fenced = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

func waysIn(t *testing.T) string {
	t.Helper()
	return string(acceptance.ReadFile(t, filepath.Join(templates, "guides", "ways-in.md.tmpl")))
}

// TestVariablesOfTheGuide: what the guide exports is what the provider reads.
func TestVariablesOfTheGuide(t *testing.T) {
	for _, block := range fenced.FindAllStringSubmatch(waysIn(t), -1) {
		if block[1] != "sh" {
			continue
		}
		shell := exec.Command("sh", "-c", block[2]+"\nexec env -0")
		shell.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/home/you"}
		out, err := shell.Output()
		if err != nil {
			t.Fatal(err)
		}
		env := map[string]string{}
		for line := range strings.SplitSeq(string(out), "\x00") {
			name, value, _ := strings.Cut(line, "=")
			env[name] = value
		}
		layer, err := host.EnvSettings(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, keepalive.ParseDuration)
		if err != nil {
			t.Fatal(err)
		}
		web := "web1"
		s, err := host.Resolve(web, host.Settings{Host: &web}, layer)
		if err != nil || s.User != "admin" || !s.Sudo || s.PrivateKeyPath != "/home/you/.ssh/deploy" || s.ConnectWait.Hours() != 24 || len(s.HostKeys) != 2 ||
			len(s.Jump) != 2 || s.Jump[0].String() != "jump@bastion.example.com:2222" || s.Jump[1].Host != "gate.example.com" {
			t.Errorf("have %+v, %v", s, err)
		}
		return
	}
	t.Error("the guide has no example of variables")
}

// TestErrorsOfTheGuide: each title that an error about a connection can have is in the
// guide.
func TestErrorsOfTheGuide(t *testing.T) {
	guide := waysIn(t)
	for _, k := range []host.Kind{
		host.Config, host.Unreachable, host.ProxyDenied, host.Throttled, host.NotSSH, host.Negotiation, host.HostKeyUnknown, host.HostKeyChanged, host.HostKeyRevoked, host.Auth,
		host.HandshakeLost, host.SessionLimit, host.SingleSession, host.LoginShell, host.Escalation, host.Killed, host.Output, host.Lost, host.NoExitStatus, host.Timeout,
	} {
		if title := "`" + diagnostics.ReachHeadline(k) + "`"; !strings.Contains(guide, title) {
			t.Errorf("the guide does not have %s", title)
		}
	}
	phases := []host.Phase{host.PhaseResolve, host.PhaseTCP, host.PhaseIdent, host.PhaseKex, host.PhaseHostKey, host.PhaseAuth, host.PhaseEscalate}
	at := 0
	for _, phase := range phases {
		next := strings.Index(guide[at:], "`"+string(phase)+"`")
		if next < 0 {
			t.Fatalf("%s is not in the guide after the steps before it", phase)
		}
		at += next
	}
}
