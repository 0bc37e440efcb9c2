package reconcile_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// TestIdentity applies a setting over a connection to each daemon, however it was
// started, and asks the daemon itself what came of that: the banner that it shows at
// a login is the witness. An apply that is green must be seen there, at that daemon
// and at no other; where the daemon cannot be identified, the apply is refused, and
// no file is changed. make identity prints the table.
func TestIdentity(t *testing.T) {
	hosttest.NeedsSSHD(t)
	table := &identityTable{}
	t.Run("ways", func(t *testing.T) {
		for release := range strings.SplitSeq(cmp.Or(os.Getenv("IDENTITY_RELEASES"), "bookworm"), ",") {
			for _, s := range startups {
				t.Run(release+"/"+s.name, func(t *testing.T) {
					t.Parallel()
					m := hosttest.Start(t, s.options(release))
					table.add(t, release, s, m)
				})
			}
			identityOnHosts(t, release, table)
		}
	})
	t.Logf("\n%s", table)
	if n := table.wrong(); n > 0 {
		t.Errorf("%d ways are green and wrong, or not as they must be", n)
	}
}

type identityRow struct{ release, way, asked, outcome, problem string }

type identityTable struct {
	mu   sync.Mutex
	rows []identityRow
}

func (x *identityTable) add(t *testing.T, release string, s startup, m *hosttest.Machine) {
	t.Helper()
	row := s.try(t, m)
	row.release, row.way = release, s.name
	if row.problem != "" {
		t.Errorf("%s: %s: %s", s.name, row.outcome, row.problem)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.rows = append(x.rows, row)
}

func (x *identityTable) wrong() int {
	n := 0
	for _, r := range x.rows {
		if r.problem != "" {
			n++
		}
	}
	return n
}

func (x *identityTable) String() string {
	slices.SortStableFunc(x.rows, func(a, b identityRow) int { return cmp.Compare(a.release, b.release) })
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "release\tway of starting sshd\twho is asked\toutcome")
	for _, r := range x.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.release, r.way, r.asked, r.outcome)
	}
	_ = w.Flush() // into memory
	fmt.Fprintf(&b, "%d ways, %d of them green and wrong", len(x.rows), x.wrong())
	return b.String()
}

const (
	bannerFile = "/srv/banner"
	bannerText = "this is the witness"
)

// try applies over a connection to the daemon, and asks the witness.
func (s startup) try(t *testing.T, m *hosttest.Machine) identityRow {
	t.Helper()
	m.Write(bannerFile, bannerText+"\n")
	m.Write("/srv/setup", s.setup)
	m.Sh("sh -e /srv/setup")
	port := cmp.Or(s.dial, 22)
	awaitPort(t, m, port)
	r := rigAt(t, m, port, cmp.Or(s.user, "root"))
	r.target.File = s.configFile
	before := m.Snapshot("/etc/ssh", "/srv", "/opt")
	want := wish("ClientAliveInterval", "77", "Banner", bannerFile)
	if s.meanwhile != "" {
		if _, err := r.walk().Look(t.Context(), r.target, want); err != nil {
			t.Fatal(err)
		}
		m.Sh(s.meanwhile)
	}
	sight, _, outcome, err := r.walk().Apply(t.Context(), r.target, want, reconcile.Record{})
	if err != nil {
		return s.refusal(m, before, outcome, err)
	}
	row := identityRow{asked: asked(sight), outcome: "right"}
	row.problem = cmp.Or(s.green(t, r, want), s.witnessed(m, port), s.sees(t, r, want))
	switch {
	case row.problem != "":
		row.outcome = "GREEN AND WRONG"
	case s.absent:
		row.outcome = "told that no sshd reads the file"
	}
	return row
}

// refusal judges an apply that failed.
func (s startup) refusal(m *hosttest.Machine, before map[string]hosttest.File, outcome reconcile.Outcome, err error) identityRow {
	row := identityRow{asked: "-", outcome: "refused"}
	if unknown, ok := errors.AsType[*reconcile.NoDaemonError](err); ok {
		row.outcome += ": " + string(unknown.Reason)
	}
	switch d := hosttest.Differences(before, m.Snapshot("/etc/ssh", "/srv", "/opt")); {
	case d != "":
		row.problem = "files are changed: " + d
	case s.refused == "" || !strings.Contains(err.Error(), s.refused):
		row.problem = fmt.Sprintf("%s, %v", outcome, err)
	}
	return row
}

// green is what a plan after the apply has to say, nothing if it says that all is
// well.
func (s startup) green(t *testing.T, r *rig, want sshserver.Want) string {
	if s.refused != "" {
		return "it is not refused"
	}
	after, err := r.walk().Look(t.Context(), r.target, want)
	if err != nil {
		return err.Error()
	}
	d := after.Facts.Daemon
	if o := sshserver.Observe(want, after.Facts); len(o.Drift) > 0 || d.Stale {
		return fmt.Sprintf("drift %v, daemon %+v", o.Drift, d)
	}
	if d.Absent != s.absent || !s.absent && d.PID == 0 && !d.PerConnection {
		return fmt.Sprintf("daemon %+v", d)
	}
	return ""
}

// witnessed asks every daemon: the right one shows the banner, and no other does.
func (s startup) witnessed(m *hosttest.Machine, dialled int) string {
	right := cmp.Or(s.witness, dialled)
	if s.absent {
		right = 0
	}
	for _, port := range []int{22, 2222} {
		shown, err := bannerOf(m, port)
		if err != nil && port != right {
			continue // nothing listens there, or not an sshd
		}
		if err != nil || shown != (port == right) {
			return fmt.Sprintf("the daemon at port %d shows the banner: %t, %v", port, shown, err)
		}
	}
	return ""
}

// sees reports whether a look sees that a file was changed and not loaded, where the
// daemon can tell.
func (s startup) sees(t *testing.T, r *rig, want sshserver.Want) string {
	now, err := r.walk().Look(t.Context(), r.target, want)
	if err != nil {
		return err.Error()
	}
	d := now.Facts.Daemon
	if d.PID == 0 || d.NoPIDFile {
		return ""
	}
	r.asRoot(t, "touch '"+strings.ReplaceAll(d.ConfigFile, "'", `'\''`)+"'")
	if after, err := r.walk().Look(t.Context(), r.target, want); err != nil || !after.Facts.Daemon.Stale {
		return fmt.Sprintf("a change that was not loaded is not seen: %v", err)
	}
	return ""
}

func asked(s reconcile.Snapshot[sshserver.Facts]) string {
	d := s.Facts.Daemon
	text := fmt.Sprintf("process %d", d.PID)
	switch {
	case d.Absent:
		text = "none"
	case d.PerConnection:
		text = "one for each connection"
	}
	if d.NoPIDFile {
		text += ", without pid file"
	}
	text += ": " + d.ConfigFile
	if len(d.Options) > 3 {
		return fmt.Sprintf("%s, %d options", text, len(d.Options))
	}
	for _, o := range d.Options {
		text += ", " + o
	}
	return text
}

// bannerOf reports whether the sshd at a port shows the banner to a new connection.
func bannerOf(m *hosttest.Machine, port int) (bool, error) {
	var said strings.Builder
	signer, err := ssh.ParsePrivateKey(m.Key)
	if err != nil {
		return false, err
	}
	c, err := ssh.Dial("tcp", net.JoinHostPort(m.Addr, strconv.Itoa(port)), &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, Timeout: 20 * time.Second,
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // the test made the host
		BannerCallback:  func(text string) error { said.WriteString(text); return nil },
	})
	if err != nil {
		return false, err
	}
	return strings.Contains(said.String(), bannerText), c.Close()
}

func awaitPort(t *testing.T, m *hosttest.Machine, port int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.DialTimeout("tcp", net.JoinHostPort(m.Addr, strconv.Itoa(port)), time.Second); err == nil {
			_ = c.Close() // that it was accepted is enough
			return
		}
	}
	out, _ := m.Exec("cat", "/var/log/started")
	t.Fatalf("nothing listens at port %d: %s", port, out)
}

// rigAt reaches the daemon at a port of a host.
func rigAt(t *testing.T, m *hosttest.Machine, port int, user string) *rig {
	t.Helper()
	key, sudo := host.Secret(m.Key), user != "root"
	spec, err := host.Resolve("web1", host.Settings{Host: &m.Addr, Port: &port, User: &user, PrivateKey: &key, HostKeys: m.HostKeys, Sudo: &sudo})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Machine: m, pool: pool.New(pool.Options{}), target: reconcile.Target{Spec: spec, ConfirmTimeout: 60 * time.Second}}
	t.Cleanup(func() { r.pool.Close(context.Background()) })
	return r
}

// asRoot runs a script in a session of the daemon, which may see other files than
// the rest of the host.
func (r *rig) asRoot(t *testing.T, script string) {
	t.Helper()
	h, err := r.pool.Acquire(t.Context(), r.target.Spec)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	if res, err := h.Run(t.Context(), host.Script{Name: "test", Text: script, Root: true}); err != nil || res.Exit != 0 {
		t.Fatalf("%s: %v, %d, %s", script, err, res.Exit, res.Stderr)
	}
}
