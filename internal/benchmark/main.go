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
	flags := flag.NewFlagSet("benchmark", flag.ContinueOnError)
	flags.SetOutput(say)
	hosts := flags.String("hosts", "1,10,50,100", "numbers of hosts")
	roundTrips := flags.String("rtt", "0s,50ms", "how long a round trip to them takes")
	rounds := flags.Int("rounds", 3, "how often what is quick is measured")
	who := flags.String("contenders", strings.Join(everybody, ","), "who is measured")
	page := flags.String("o", "", "the page to write (default standard output)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c := course{rounds: *rounds, say: say}
	if err := c.choose(*hosts, *roundTrips, *who); err != nil {
		return err
	}
	if *page != "" {
		f, err := os.Create(*page)
		if err != nil {
			return err
		}
		defer f.Close()
		out = f
	}
	began := time.Now()
	where, err := lookAround(ctx, c.contenders[ansible])
	if err != nil {
		return err
	}
	r, err := c.run(ctx)
	if err != nil {
		return err
	}
	return r.write(out, where, strings.Join(args, " "), time.Since(began))
}

// choose reads lists.
func (c *course) choose(hosts, roundTrips, contenders string) error {
	for _, text := range strings.Split(hosts, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-hosts %s: %q is no number of hosts", hosts, text)
		}
		c.hosts = append(c.hosts, n)
	}
	for _, text := range strings.Split(roundTrips, ",") {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return fmt.Errorf("-rtt %s: %q is no time", roundTrips, text)
		}
		c.roundTrips = append(c.roundTrips, d)
	}
	c.contenders = map[string]bool{}
	for _, name := range strings.Split(contenders, ",") {
		c.contenders[name] = true
	}
	for _, name := range everybody {
		delete(c.contenders, name)
	}
	for name := range c.contenders {
		return fmt.Errorf("-contenders: nobody is named %q; there are %s", name, strings.Join(everybody, ", "))
	}
	for _, name := range strings.Split(contenders, ",") {
		c.contenders[name] = true
	}
	return nil
}
