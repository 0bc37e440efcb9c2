package plans

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

const sshdLog = "/var/log/sshd.log"

// logging is a machine whose sshd writes down every connection and command.
func logging() hosttest.Options {
	return hosttest.Options{
		SSHDArgs: []string{"-E", sshdLog},
		Files:    map[string]string{"/etc/ssh/sshd_config.d/90-log.conf": "LogLevel VERBOSE\n"},
	}
}

// roundTrip is the delay of the tests, both ways: long beside what a busy machine
// lets a process wait, so that the count is seldom too high.
const roundTrip = 50 * time.Millisecond

// cost is what one host was asked for.
type cost struct{ connections, commands int }

func costOf(m *hosttest.Machine) cost {
	log := string(m.Read(sshdLog))
	return cost{strings.Count(log, "Connection from "), strings.Count(log, "Starting session: ")}
}

// measured is a machine behind a meter.
type measured struct {
	*hosttest.Machine
	meter *hosttest.Meter
	read  int // bytes of its log that were looked at
}

// visit is one connection as the host saw it, and as its meter did.
type visit struct {
	commands, roundTrips int
	lasted               time.Duration
}

// A line of sshd's log says where the connection comes from that it is about.
var logLine = regexp.MustCompile(`(?m)^(Connection|Starting session: .*) from (\S+) port (\d+)`)

// visits are the connections since the last call, in their order. One that came
// past the meter is in the log alone and has no round trips; one that said
// nothing to sshd is on the meter alone and has no commands.
func (m *measured) visits() []visit {
	commands := map[string]int{}
	log := string(m.Read(sshdLog))
	for _, line := range logLine.FindAllStringSubmatch(log[m.read:], -1) {
		source := line[2] + ":" + line[3]
		if line[1] == "Connection" {
			commands[source] = 0
		} else {
			commands[source]++
		}
	}
	m.read = len(log)
	var found []visit
	for _, g := range m.meter.Take() {
		found = append(found, visit{commands[g.Source()], g.RoundTrips(), g.Lasted()})
		delete(commands, g.Source())
	}
	for _, n := range commands {
		found = append(found, visit{commands: n})
	}
	return found
}

// What one connection costs in round trips: TCP takes 1, the versions and keys
// 2, the start of authentication, the question which methods there are, the
// question whether the key will do, and the signature 1 each, opening a session 1,
// and a script on the exec line 1: 9. The end of its standard input follows when
// sshd has said that the script runs; it counts as a tenth, which costs no time,
// where the script is at work for longer than a round trip. A script on stdin over
// a connection that is there takes 3.
const coldTrips, scriptTrips = 9 + 1, 3

// walk is one command of the engine that configures the provider once, and what
// it may do to a host.
type walk struct {
	name string
	args []string
	exit int
	// commands limits the commands of each connection, of which there must be just
	// as many. None may be without a command.
	commands []int
}

// walks is the life of a host. An apply looks once, begins the change, and ends it
// after a new connection has looked.
var walks = []walk{
	{"plan, nothing there", []string{"plan", "-out=saved"}, 2, []int{1}},
	{"apply of that plan", []string{"apply", "saved"}, 0, []int{3, 1}},
	{"plan, all in sync", []string{"plan"}, 0, []int{1}},
	{"plan -parallelism=50", []string{"plan", "-parallelism=50"}, 0, []int{1}},
}

// crowded is the life of three resources that share a host. They look together,
// and in an apply each takes over what the confirming look of the one before has
// seen: it costs each two execs and the connection that confirms.
var crowded = []walk{
	{"plan, 3 resources", []string{"plan", "-out=saved"}, 2, []int{1}},
	{"apply of the 3", []string{"apply", "saved"}, 0, []int{7, 1, 1, 1}},
	{"plan, 3 in sync", []string{"plan"}, 0, []int{1}},
}

func (w walk) line() []string {
	args := []string{w.args[0], "-no-color", "-input=false"}
	if w.args[0] == "plan" {
		args = append(args, "-detailed-exitcode")
	}
	return append(args, w.args[1:]...)
}

// excess says what one host had to bear that w may not cost.
func (w walk) excess(visits []visit) string {
	var commands []int
	for _, v := range visits {
		commands = append(commands, v.commands)
	}
	ok := len(commands) == len(w.commands)
	for i := 0; ok && i < len(commands); i++ {
		ok = commands[i] >= 1 && commands[i] <= w.commands[i]
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("%d connections with %v commands, and not %d with at most %v", len(commands), commands, len(w.commands), w.commands)
}

// roundTripLimit is for the host that took the least of several: a count may be
// too high on a busy machine, and never too low. One more for each connection is
// for that, and two where there is but one host.
func (w walk) roundTripLimit(hosts int) int {
	busy := 1
	if hosts == 1 {
		busy = 2
	}
	limit := 0
	for _, n := range w.commands {
		limit += coldTrips + (n-1)*scriptTrips + busy
	}
	return limit
}

// ledger is the table that the test prints.
type ledger struct {
	text bytes.Buffer
	rows *tabwriter.Writer
}

func newLedger() *ledger {
	l := &ledger{}
	l.rows = tabwriter.NewWriter(&l.text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(l.rows, "hosts\twalk\tconnections/host\texecs/host\tround trips/host\tleast, most\tlimit\twall s\tCPU s")
	return l
}

func (l *ledger) String() string {
	_ = l.rows.Flush()
	return l.text.String()
}

// enter adds a row, and returns the round trips of the host that took the least.
func (l *ledger) enter(w walk, hosts [][]visit, wall, cpu time.Duration) (least int) {
	var connections int
	var trips []int
	commands := make([]int, len(w.commands))
	for _, visits := range hosts {
		connections += len(visits)
		sum := 0
		for i, v := range visits {
			commands[min(i, len(commands)-1)] += v.commands
			sum += v.roundTrips
		}
		trips = append(trips, sum)
	}
	mean := func(n int) string { return fmt.Sprintf("%.2f", float64(n)/float64(len(hosts))) }
	var execs []string
	for _, n := range commands {
		execs = append(execs, mean(n))
	}
	all := 0
	for _, n := range trips {
		all += n
	}
	fmt.Fprintf(l.rows, "%d\t%s\t%s\t%s\t%s\t%d, %d\t%d\t%.1f\t%.1f\n", len(hosts), w.name, mean(connections), strings.Join(execs, " + "),
		mean(all), slices.Min(trips), slices.Max(trips), w.roundTripLimit(len(hosts)), wall.Seconds(), cpu.Seconds())
	return slices.Min(trips)
}

// costHosts is how many hosts the largest fleet has.
func costHosts(t *testing.T) int {
	t.Helper()
	text := os.Getenv("COST_HOSTS")
	if text == "" {
		return 10
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("COST_HOSTS=%s is no number of hosts", text)
	}
	return n
}

// TestCostOfAWalk prints what Terraform's walks cost each of 1, 10 and, with
// COST_HOSTS=100 as make cost has it, 100 hosts. Connections and execs are counted
// by each host's own sshd, round trips on the way there.
func TestCostOfAWalk(t *testing.T) {
	t.Parallel()
	l := newLedger()
	for _, n := range []int{1, 10, 100} {
		if n <= costHosts(t) {
			l.walk(t, newMeasuredFleet(t, n), fmt.Sprintf("resource \"sshkeepalive_server\" \"all\" {\n  count = %d\n  host  = \"web${count.index}\"\n%s}\n", n, acceptance.TwoMinutes), walks...)
		}
	}
	l.walk(t, newMeasuredFleet(t, 1), `
resource "sshkeepalive_server" "shared" {
  for_each     = { PrintLastLog = "no", PrintMotd = "no", X11DisplayOffset = "12" }
  host         = "web0"
  drop_in_name = "10-${each.key}.conf"
  settings     = { (each.key) = each.value }
}
`, crowded...)
	t.Logf("execs are per connection, in their order; a round trip takes %s, and TCP's own is counted; CPU is the engine's and the provider's; 100 hosts are asked by make cost only\n%s", roundTrip, l)
}

// walk runs one walk after another over the hosts.
func (l *ledger) walk(t *testing.T, hosts []*measured, resources string, walks ...walk) {
	t.Helper()
	c := acceptance.NewCLI(t)
	c.Config(measuredProvider(hosts) + resources)
	for _, w := range walks {
		began := time.Now()
		out, state := c.Process(w.line()...)
		wall := time.Since(began)
		if state.ExitCode() != w.exit {
			t.Fatalf("%s of %d hosts ended with %d, not %d:\n%s", w.name, len(hosts), state.ExitCode(), w.exit, out)
		}
		var seen [][]visit
		for i, m := range hosts {
			visits := m.visits()
			if excess := w.excess(visits); excess != "" {
				t.Errorf("%s of %d hosts: web%d: %s", w.name, len(hosts), i, excess)
			}
			seen = append(seen, visits)
		}
		if least := l.enter(w, seen, wall, state.UserTime()+state.SystemTime()); least > w.roundTripLimit(len(hosts)) {
			t.Errorf("%s of %d hosts: %d round trips for any of them, and not %d", w.name, len(hosts), least, w.roundTripLimit(len(hosts)))
		}
	}
}

func newMeasuredFleet(t *testing.T, n int) (hosts []*measured) {
	t.Helper()
	for range n {
		m := hosttest.Start(t, logging())
		hosts = append(hosts, measure(t, m, roundTrip))
	}
	return hosts
}

// measure puts a meter before a machine.
func measure(t *testing.T, m *hosttest.Machine, roundTrip time.Duration) *measured {
	t.Helper()
	meter, err := hosttest.NewMeter(fmt.Sprintf("%s:%d", m.Addr, m.Port), roundTrip)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(meter.Close)
	return &measured{m, meter, len(m.Read(sshdLog))}
}

// measuredProvider reaches the hosts through their meters. Keepalives are off:
// they take round trips for as long as others keep the walk from its end.
func measuredProvider(hosts []*measured) string {
	var entries strings.Builder
	for i, m := range hosts {
		fmt.Fprintf(&entries, "    web%d = { host = \"127.0.0.1\", port = %d, private_key_path = %q, host_keys = [%q] }\n", i, m.meter.Port(), m.KeyPath, strings.TrimSpace(m.HostKeys[0]))
	}
	return fmt.Sprintf("provider \"sshkeepalive\" {\n  connection {\n    user               = \"root\"\n    connect_timeout    = \"60s\"\n    keepalive_interval = \"0s\"\n  }\n  hosts = {\n%s  }\n}\n", entries.String())
}

// TestCostIsSeen plants what must not happen: a provider that connects twice, and
// a connection that runs two commands.
func TestCostIsSeen(t *testing.T) {
	t.Parallel()
	m := newMeasuredFleet(t, 1)[0]
	plan := walks[0]
	t.Run("a second connection", func(t *testing.T) {
		c := acceptance.NewCLI(t)
		c.Config(measuredProvider([]*measured{m}) + acceptance.Server("web0", acceptance.TwoMinutes) + `
resource "sshkeepalive_server" "apart" {
  host = "web0"
  ssh  = { keepalive_interval = "61s" }
` + acceptance.TwoMinutes + "}\n")
		c.Expect(2, nil, plan.line()...)
		visits := m.visits()
		if got := plan.excess(visits); !strings.HasPrefix(got, "2 connections with [1 1] commands") {
			t.Errorf("excess is %q", got)
		}
	})
	t.Run("a second exec", func(t *testing.T) {
		twice(t, m)
		if got := plan.excess(m.visits()); !strings.HasPrefix(got, "1 connections with [2] commands") {
			t.Errorf("excess is %q", got)
		}
	})
	t.Run("a connection past the meter", func(t *testing.T) {
		if _, err := m.SSH("root", "true"); err != nil {
			t.Fatal(err)
		}
		if got := m.visits(); !slices.Equal(got, []visit{{commands: 1}}) {
			t.Errorf("visits are %+v", got)
		}
	})
	t.Run("round trips", func(t *testing.T) {
		least := newLedger().enter(plan, [][]visit{{{1, 12, 0}}, {{1, 13, 0}}}, 0, 0)
		if least <= plan.roundTripLimit(2) {
			t.Errorf("%d round trips are taken for good", least)
		}
	})
}

// twice runs two commands over one connection to the meter of m.
func twice(t *testing.T, m *measured) {
	t.Helper()
	signer, err := ssh.ParsePrivateKey(m.Key)
	if err != nil {
		t.Fatal(err)
	}
	client, err := ssh.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", m.meter.Port()), &ssh.ClientConfig{
		User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 2 {
		session, err := client.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Run("true"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRoundTripsByTime prints the round trips of a plan as they are counted, and
// as time tells them: what a connection takes longer when the way is longer, in
// units of what the way is longer. Time depends on what else this machine does;
// what holds of it always is that round trips take no less.
func TestRoundTripsByTime(t *testing.T) {
	t.Parallel()
	m := hosttest.Start(t, logging())
	const long = 6 * roundTrip
	near, far := quickest(t, m, roundTrip), quickest(t, m, long)
	byTime := float64(far.lasted-near.lasted)/float64(long-roundTrip) + 1 // TCP's own, which no meter delays
	t.Logf("a plan of one host takes %s where a round trip takes %s, and %s where it takes %s: %.1f round trips by time; counted are %d and %d",
		near.lasted.Round(time.Millisecond), roundTrip, far.lasted.Round(time.Millisecond), long, byTime, near.roundTrips, far.roundTrips)
	if near.lasted < time.Duration(near.roundTrips-1)*roundTrip || far.lasted < time.Duration(far.roundTrips-1)*long {
		t.Error("more round trips are counted than there was time for")
	}
}

// quickest is the quicker one of two plans.
func quickest(t *testing.T, m *hosttest.Machine, roundTrip time.Duration) (best visit) {
	t.Helper()
	for range 2 {
		r := measure(t, m, roundTrip)
		c := acceptance.NewCLI(t)
		c.Config(measuredProvider([]*measured{r}) + acceptance.Server("web0", acceptance.TwoMinutes))
		c.Plan(2)
		visits := r.visits()
		if len(visits) != 1 {
			t.Fatalf("%d connections", len(visits))
		}
		if v := visits[0]; best.lasted == 0 || v.lasted < best.lasted {
			best = v
		}
	}
	return best
}
