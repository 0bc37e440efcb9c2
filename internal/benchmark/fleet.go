package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// server is one host that is asked, and how much of its log has been read.
type server struct {
	*hosttest.Machine
	name  string
	read  int64
	meter *hosttest.Meter // nil where the way there is short
}

// fleet is the hosts of a workload.
type fleet []*server

const sshdLog = "/var/log/sshd.log"

// Where a host that records keeps what it was asked.
const (
	asked         = "/run/asked"
	endOfQuestion = "\x00"
	recorder      = `#!/bin/sh
printf '%s\0' "$SSH_ORIGINAL_COMMAND" >>` + asked + `
exec sh -c "$SSH_ORIGINAL_COMMAND"
`
)

// hostOptions is a host of Debian's, on which Ansible finds the Python it needs,
// and whose sshd logs connections.
func hostOptions(recording bool) hosttest.Options {
	o := hosttest.Options{
		Packages: []string{"python3"},
		SSHDArgs: []string{"-E", sshdLog},
		Files:    map[string]string{"/etc/ssh/sshd_config.d/90-log.conf": "LogLevel VERBOSE\n"},
	}
	if recording {
		o.Files["/etc/ssh/sshd_config.d/91-record.conf"] = "ForceCommand /usr/local/bin/record\n"
		o.Files["/usr/local/bin/record"] = recorder
	}
	return o
}

// bootFleet starts n hosts, two at a time. Close ends them.
func bootFleet(n int, o hosttest.Options, fail func(error)) (fleet, error) {
	f := make(fleet, n)
	err := f.each(2, func(i int) error {
		m, err := hosttest.Boot(o, fail)
		f[i] = &server{Machine: m, name: fmt.Sprintf("web%d", i)}
		return err
	})
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f fleet) close() {
	_ = f.each(8, func(i int) error { // nothing in it fails
		if f[i] != nil && f[i].Machine != nil {
			f[i].Close()
		}
		return nil
	})
}

// each does something to all hosts, some at a time.
func (f fleet) each(parallel int, do func(i int) error) error {
	errs := make([]error, len(f))
	places := make(chan struct{}, parallel)
	var wg sync.WaitGroup
	for i := range f {
		places <- struct{}{}
		wg.Go(func() {
			errs[i] = do(i)
			<-places
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// lengthen makes the way to all hosts as long as a round trip takes. What it
// returns makes it as short as it is.
func (f fleet) lengthen(roundTrip time.Duration) (shorten func(), err error) {
	shorten = func() {
		for _, s := range f {
			if s.meter != nil {
				s.meter.Close()
				s.meter = nil
			}
		}
	}
	if roundTrip == 0 {
		return shorten, nil
	}
	for _, s := range f {
		if s.meter, err = hosttest.NewMeter(fmt.Sprintf("%s:%d", s.Addr, s.Port), roundTrip); err != nil {
			shorten()
			return nil, err
		}
	}
	return shorten, nil
}

// where is how the host is reached.
func (s *server) where() (address string, port int) {
	if s.meter != nil {
		return "127.0.0.1", s.meter.Port()
	}
	return s.Addr, s.Port
}

func (s *server) hostKey() string { return strings.TrimSpace(s.HostKeys[0]) }

// The files that the contenders write on a host.
const (
	ourDropIn       = "/etc/ssh/sshd_config.d/00-sshkeepalive.conf"
	ansiblesDropIn  = "/etc/ssh/sshd_config.d/00-ansible.conf"
	wantedInterval  = 60
	wantedCountMax  = 5
	forgetTheChange = `rm -f ` + ourDropIn + ` ` + ansiblesDropIn + `
listener=$(cat /run/sshd.pid)
rm /run/sshd.pid
kill -HUP "$listener"
until [ -s /run/sshd.pid ]; do sleep 0.02; done`
)

// reset makes all hosts what they were, and their daemons load it.
func (f fleet) reset() error {
	return f.each(4, func(i int) error {
		_, err := f[i].Exec("sh", "-ec", forgetTheChange)
		return err
	})
}

// changed says whether sshd of the first and the last host uses what was wanted.
func (f fleet) changed() error {
	for _, s := range []*server{f[0], f[len(f)-1]} {
		interval, count := s.Effective("ClientAliveInterval"), s.Effective("ClientAliveCountMax")
		if interval != fmt.Sprint(wantedInterval) || count != fmt.Sprint(wantedCountMax) {
			return fmt.Errorf("sshd of %s uses %s and %s, not %d and %d", s.name, interval, count, wantedInterval, wantedCountMax)
		}
	}
	return nil
}

// traffic is what the hosts saw since they were asked last.
type traffic struct {
	connections int // to all of them
	roundTrips  int // of the host in the middle, -1 if not counted
}

func (f fleet) traffic() (traffic, error) {
	seen := traffic{roundTrips: -1}
	var trips []int
	for _, s := range f {
		n, err := s.connections()
		if err != nil {
			return seen, err
		}
		seen.connections += n
		if s.meter != nil {
			trips = append(trips, s.roundTrips())
		}
	}
	if trips != nil {
		slices.Sort(trips)
		seen.roundTrips = trips[len(trips)/2]
	}
	return seen, nil
}

// connections counts those in what has been added to the host's log. The log is
// read from outside: a process on each of many hosts takes its time.
func (s *server) connections() (int, error) {
	log, err := os.Open(fmt.Sprintf("/proc/%d/root%s", s.Init(), sshdLog))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	added, err := io.ReadAll(io.NewSectionReader(log, s.read, 1<<62))
	s.read += int64(len(added))
	return strings.Count(string(added), "Connection from "), err
}

func (s *server) roundTrips() (sum int) {
	for _, leg := range s.meter.Take() {
		sum += leg.RoundTrips()
	}
	return sum
}
