// Command benchmark measures what it costs to look at hosts and to change them:
// with sshkeepalive; with a provider that does nothing, which is Terraform's own
// share; with ssh in a loop; with the least that Go can do; and with Ansible doing
// the same job. All ask the same throw-away hosts with a real sshd, in one run on
// one machine, near and far. It writes a page of medians and ratios, those too
// that miss their target. It knows the provider as its users do, by its
// configuration, and learns what a host is asked from the host.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := benchmark(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

func benchmark(ctx context.Context, args []string, out, say io.Writer) error {
	c, err := parse(args, say)
	if err != nil {
		return err
	}
	began := time.Now()
	where, err := currentEnvironment(ctx, c.contenders)
	if err != nil {
		return err
	}
	if err := c.run(ctx); err != nil {
		return err
	}
	text := report{where, &c.results, c.base, c.again(), time.Since(began)}.String()
	if c.page != "" {
		return os.WriteFile(c.page, []byte(text), 0o644)
	}
	_, err = io.WriteString(out, text)
	return err
}

func parse(args []string, say io.Writer) (*workload, error) {
	c := &workload{say: say, flags: flag.NewFlagSet("benchmark", flag.ContinueOnError)}
	c.flags.SetOutput(say)
	hosts := c.flags.String("hosts", "1,10,50,100", "`numbers` of hosts")
	roundTrips := c.flags.String("rtt", "0s,50ms", "how `long` a round trip to them takes")
	who := c.flags.String("contenders", strings.Join(allContenders(), ","), "`who` is measured")
	c.flags.IntVar(&c.rounds, "rounds", 3, "how `often` what is quick is measured")
	c.flags.StringVar(&c.base, "base", "", "compare with the provider of this `commit`, and with nothing else")
	c.flags.StringVar(&c.page, "o", "", "the `page` to write, standard output if none")
	if err := c.flags.Parse(args); err != nil {
		return nil, err
	}
	if c.base != "" {
		*who = strings.Join([]string{ours, nothing}, ",")
	}
	return c, c.choose(*hosts, *roundTrips, *who)
}

// choose reads lists.
func (c *workload) choose(hosts, roundTrips, contenders string) (err error) {
	if c.hosts, err = list("hosts", hosts, strconv.Atoi, func(n int) bool { return n > 0 }); err != nil {
		return err
	}
	if c.roundTrips, err = list("rtt", roundTrips, time.ParseDuration, func(d time.Duration) bool { return d >= 0 }); err != nil {
		return err
	}
	c.contenders = map[string]bool{}
	for name := range strings.SplitSeq(contenders, ",") {
		if !slices.Contains(allContenders(), name) {
			return fmt.Errorf("-contenders %s: unknown contender %q; choose from %s", contenders, name, strings.Join(allContenders(), ", "))
		}
		c.contenders[name] = true
	}
	return nil
}

func list[T any](flag, text string, parse func(string) (T, error), good func(T) bool) (found []T, err error) {
	for word := range strings.SplitSeq(text, ",") {
		x, err := parse(word)
		if err != nil || !good(x) {
			return nil, fmt.Errorf("-%s %s: %q is not valid", flag, text, word)
		}
		found = append(found, x)
	}
	return found, nil
}

// again returns the command that repeats the run.
func (c *workload) again() string {
	var chosen []string
	c.flags.Visit(func(f *flag.Flag) {
		if f.Name != "o" {
			chosen = append(chosen, "-"+f.Name+" "+f.Value.String())
		}
	})
	if chosen == nil {
		return "make benchmark"
	}
	return "make benchmark BENCHMARK='" + strings.Join(chosen, " ") + "'"
}
