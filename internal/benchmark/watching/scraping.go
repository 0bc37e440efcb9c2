//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// scraping asks the exporter as Prometheus does: each target at its own moment of the
// interval.
type scraping struct {
	url      string
	targets  []target
	interval time.Duration
	of       contender

	mu                   sync.Mutex
	done, missed, logins int
	slowest              time.Duration
}

func (s *scraping) ready(ctx context.Context) error {
	for range 100 {
		if answer, err := http.Get(s.url + "/metrics"); err == nil {
			answer.Body.Close()
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the exporter does not answer at %s", s.url)
}

func (s *scraping) run(ctx context.Context, length time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	var all sync.WaitGroup
	for i, t := range s.targets {
		first := s.interval * time.Duration(i) / time.Duration(len(s.targets))
		all.Go(func() { s.target(ctx, t, first) })
	}
	all.Wait()
}

func (s *scraping) target(ctx context.Context, t target, first time.Duration) {
	next := time.After(first)
	ticks := (*time.Ticker)(nil)
	for {
		select {
		case <-next:
			ticks = time.NewTicker(s.interval)
			defer ticks.Stop()
			next = ticks.C
		case <-ctx.Done():
			return
		}
		for _, module := range s.of.modules(t) {
			s.scrape(t, module)
		}
	}
}

// scrape is missed if it is not answered, or if the answer is not what the target is like.
func (s *scraping) scrape(t target, module string) {
	began := time.Now()
	r, err := http.NewRequest(http.MethodGet, s.url+s.of.path(t, module), nil)
	if err != nil {
		return
	}
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
	page := ""
	client := http.Client{Timeout: 10 * time.Second} // as Prometheus would give up
	answer, err := client.Do(r)
	if err == nil {
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		page = string(text)
	}
	want := " 1"
	if t.silent {
		want = " 0"
	}
	told := regexp.MustCompile(`(?m)^` + s.of.success + `.*`).FindString(page)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	if module == "login" && !t.silent {
		s.logins++
	}
	took := time.Since(began)
	if !strings.HasSuffix(told, want) || took > 10*time.Second {
		s.missed++
	}
	if !t.silent {
		s.slowest = max(s.slowest, took)
	}
}
