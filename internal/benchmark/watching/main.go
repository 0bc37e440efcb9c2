//go:build linux

// Command watching measures sshkeepalive-exporter at scale: it starts SSH servers in this
// process, and real hosts beside them, has the exporter log in to each once in an interval,
// as Prometheus would, and prints what the exporter takes of the machine. A tenth of the
// targets accepts connections and says nothing. Beside it stand the same logins by x/crypto
// alone and by a cron of ssh, and by treydock/ssh_exporter where -beside names its program.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

func main() {
	targets := flag.String("targets", "10,100,1000", "how many targets, one run for each number")
	interval := flag.Duration("interval", time.Minute, "the time between two scrapes of a target")
	length := flag.Duration("for", 10*time.Minute, "how long each run takes")
	beside := flag.String("beside", "", "the program of treydock/ssh_exporter, to be measured too")
	machines := flag.Int("real", 3, "how many of the targets are real hosts, whose sshd is looked at as well")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *targets, *interval, *length, *machines, *beside); err != nil {
		fmt.Fprintln(os.Stderr, "watching:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, targets string, interval, length time.Duration, count int, beside string) error {
	work, err := os.MkdirTemp("", "sshkeepalive-watching-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for program, source := range map[string]string{"exporter": "./cmd/exporter", "logins": "./internal/benchmark/watching/logins"} {
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(work, program), source).CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	var machines []*hosttest.Machine
	for range count {
		m, err := hosttest.Boot(hosttest.Options{}, func(error) {})
		if err != nil {
			return err
		}
		defer m.Close()
		machines = append(machines, m)
	}
	fmt.Printf("Each target is scraped every %s for %s. A tenth accepts connections and stays silent; %d are real hosts, whose sshd is looked at too.\n\n", interval, length, count)
	fmt.Println("| who | targets | scrapes | missed | slowest living | CPU cores | the logins by x/crypto alone | by a cron of ssh | memory MiB, after a fifth and at the end | descriptors | connections |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for text := range strings.SplitSeq(targets, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n <= count {
			return fmt.Errorf("%q is not a number of targets above %d", text, count)
		}
		for _, c := range contenders(work, beside) {
			r, err := measure(ctx, work, n, interval, length, machines, c)
			if err != nil {
				return err
			}
			fmt.Println(r)
		}
	}
	return nil
}

// result is what a run took.
type result struct {
	who                      string
	targets, scrapes, missed int
	slowest                  time.Duration // of a scrape of a target that answers
	cores, floor, ssh        float64
	early, late              int64 // resident bytes
	descriptors, connections int
}

func (r result) String() string {
	return fmt.Sprintf("| %s | %d | %d | %d | %s | %.3f | %.3f | %.3f | %d, %d | %d | %d |", r.who, r.targets, r.scrapes, r.missed, r.slowest.Round(time.Millisecond), r.cores, r.floor, r.ssh,
		r.early>>20, r.late>>20, r.descriptors, r.connections)
}

// contender is an exporter, and how it is asked for a login.
type contender struct {
	name    string
	program string
	args    []string
	path    func(t target, module string) string
	success string // the beginning of the line that says how it went
	modules func(target) []string
}

const listen = "127.0.0.1:19947"

func contenders(work, beside string) []contender {
	config := filepath.Join(work, "exporter.yml")
	list := []contender{{
		"sshkeepalive-exporter", filepath.Join(work, "exporter"), []string{"--config.file=" + config, "--web.listen-address=" + listen, "--log.level=error", "--probe.max=2000"},
		func(t target, module string) string { return "/probe?target=" + t.Name + "&module=" + module }, "sshkeepalive_probe_success ", func(t target) []string { return t.modules },
	}}
	if beside == "" {
		return list
	}
	return append(list, contender{
		"ssh_exporter", beside, []string{"--config.file=" + config + ".beside", "--web.listen-address=" + listen, "--log.level=error"},
		func(t target, _ string) string { return "/ssh?target=" + t.Address }, "ssh_success", func(t target) []string {
			if t.Address == "" {
				return nil // a real host has another key
			}
			return []string{"login"}
		},
	})
}

// measure runs a contender over n targets.
func measure(ctx context.Context, work string, n int, interval, length time.Duration, machines []*hosttest.Machine, c contender) (r result, err error) {
	f, err := newFarm(work, n, machines)
	if err != nil {
		return r, err
	}
	defer f.close()
	exporter := exec.CommandContext(ctx, c.program, c.args...)
	exporter.Stderr = os.Stderr
	if err := exporter.Start(); err != nil {
		return r, err
	}
	defer func() {
		_ = exporter.Process.Signal(os.Interrupt)
		_ = exporter.Wait()
	}()
	s := scraping{url: "http://" + listen, targets: f.targets, interval: interval, of: c}
	if err := s.ready(ctx); err != nil {
		return r, err
	}
	pid := exporter.Process.Pid
	before, err := usageOf(pid)
	if err != nil {
		return r, err
	}
	began := time.Now()
	early := time.AfterFunc(length/5, func() {
		if u, err := usageOf(pid); err == nil {
			r.early = u.memory
		}
	})
	defer early.Stop()
	s.run(ctx, length)
	after, err := usageOf(pid)
	if err != nil {
		return r, err
	}
	r.who = c.name
	r.targets, r.scrapes, r.missed, r.slowest = n, s.done, s.missed, s.slowest
	r.cores = (after.cpu - before.cpu).Seconds() / time.Since(began).Seconds()
	r.late, r.descriptors, r.connections = after.memory, after.descriptors, after.connections
	perSecond := float64(s.logins) / time.Since(began).Seconds()
	if r.floor, err = f.floor(ctx, filepath.Join(work, "logins"), perSecond); err != nil {
		return r, err
	}
	r.ssh, err = f.ssh(ctx, perSecond)
	return r, err
}
