package reconcile

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

var (
	//go:embed files.sh
	filesSource string
	//go:embed gather.sh
	gatherSource string
)

// gatherScript composes the one script that answers everything PlanServer and
// ObserveServer ask about configFile ("" is what the running daemon uses).
func gatherScript(configFile string, want keepalive.Server) string {
	var head strings.Builder
	head.WriteString("CFG=" + quote(configFile) + "; specs() { each")
	for _, c := range keepalive.ContextsOf(want)[1:] {
		head.WriteString(" " + quote(keepalive.Spec(c)))
	}
	head.WriteString("; }; wants() { :;")
	for _, w := range keepalive.WantedTexts(want) {
		head.WriteString(" canon")
		for _, line := range w.Lines {
			head.WriteString(" " + quote(line))
		}
		head.WriteString(";")
	}
	head.WriteString(" }; ")
	return head.String() + oneLine(filesSource+gatherSource)
}

// oneLine drops the comments of a script that was written for it and joins its
// lines with blanks.
func oneLine(script string) string {
	var words []string
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			words = append(words, line)
		}
	}
	return strings.Join(words, " ")
}

// quote makes s one word of a POSIX shell.
func quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// gather looks at the machine behind h. What a profile comes to depends on its
// release, which a server says as it greets; only where it does not, or where
// the program is a newer one than the daemon, a second look is needed.
func gather(ctx context.Context, h host.Host, t Target, want keepalive.Server) (Sight, error) {
	greeted, err := sshconf.ParseVersion(h.Identity().ServerVersion)
	if err != nil {
		greeted = sshconf.Version{} // an image, or this machine
	}
	s, err := gatherOnce(ctx, h, t, want.On(greeted))
	if err == nil && want.Profile != "" && s.Facts.Version != greeted {
		return gatherOnce(ctx, h, t, want.On(s.Facts.Version))
	}
	return s, err
}

func gatherOnce(ctx context.Context, h host.Host, t Target, want keepalive.Server) (Sight, error) {
	res, err := run(ctx, h, host.Script{Name: "gather", Text: gatherScript(t.ConfigFile, want), Root: true, Convergent: true})
	if err != nil {
		return Sight{}, err
	}
	s, err := parseReport(res.Stdout, want)
	if err != nil {
		return Sight{}, said(err, res)
	}
	s.Identity = h.Identity()
	s.Facts.VersionText = fullVersion(s.Facts.VersionText, s.Identity.ServerVersion)
	return s, nil
}

// run runs a script that never fails by itself.
func run(ctx context.Context, h host.Host, s host.Script) (host.Result, error) {
	res, err := h.Run(ctx, s)
	if err == nil && res.Exit != 0 {
		err = fmt.Errorf("the script %q ended with status %d: %s", s.Name, res.Exit, lastLines(res.Stderr))
	}
	return res, err
}

// said adds what the host's programs said beside their report.
func said(err error, res host.Result) error {
	if text := lastLines(res.Stderr); text != "" {
		return fmt.Errorf("%w; the host said: %s", err, text)
	}
	return err
}

// fullVersion prefers what the server says of itself, because sshd -V leaves out
// the package's version; but only if both are one release, for after an upgrade
// the running daemon is the old one.
func fullVersion(program, server string) string {
	_, server, _ = strings.Cut(strings.TrimPrefix(server, "SSH-"), "-")
	of, err := sshconf.ParseVersion(program)
	if running, other := sshconf.ParseVersion(server); err == nil && other == nil && of == running {
		return server
	}
	return program
}

var (
	errCutShort = errors.New("the report of facts is cut short")
	errNoTemp   = errors.New("the host has no room for a temporary directory (mktemp -d failed)")
)

// lastLines is what of a program's stderr fits into a message.
func lastLines(s string) string {
	s = strings.TrimSpace(s)
	const limit = 2000
	if len(s) > limit {
		s = "…" + s[len(s)-limit:]
	}
	return s
}
