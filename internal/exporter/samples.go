package exporter

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// Most series of one metric that one probe may have, and characters of a label's value.
// What a host says decides about both.
const (
	mostSeries = 50
	mostLabel  = 100
)

// samples are the series of one probe.
type samples struct {
	secrets *host.Masker // of those that the host was given, and may repeat
	list    []prometheus.Metric
	count   map[string]int
	seen    map[string]bool
	dropped int
}

func newSamples(secrets *host.Masker) *samples {
	return &samples{secrets: secrets, count: map[string]int{}, seen: map[string]bool{}}
}

// set adds a series of the metric of this name in the table. The labels are in the order of
// the table. A second value for the same labels is dropped.
func (s *samples) set(name string, value float64, labels ...string) {
	m := metric(name)
	for i, l := range labels {
		labels[i] = shownLabel(s.secrets.Mask(l))
	}
	key := name + "\x00" + strings.Join(labels, "\x00")
	if s.seen[key] || s.count[name] >= mostSeries {
		s.dropped++
		return
	}
	s.seen[key] = true
	s.count[name]++
	kind := prometheus.GaugeValue
	if m.Counter {
		kind = prometheus.CounterValue
	}
	s.list = append(s.list, prometheus.MustNewConstMetric(m.desc(), kind, value, labels...))
}

// setIf adds a series whose value is 1 or 0.
func (s *samples) setIf(name string, is bool, labels ...string) { s.set(name, number(is), labels...) }

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// shownLabel is text as the value of a label: without what a terminal or a page does not show
// as it is, and not long.
func shownLabel(text string) string {
	if len(text) > 8*mostLabel {
		text = text[:8*mostLabel]
	}
	runes := []rune(strings.Map(oneLine, host.Printable(text)))
	if len(runes) > mostLabel {
		runes = append(runes[:mostLabel-1], '…')
	}
	return string(runes)
}

func oneLine(r rune) rune {
	if r == '\n' || r == '\t' {
		return ' '
	}
	return r
}

// Describe is empty: which series there are depends on the host.
func (*samples) Describe(chan<- *prometheus.Desc) {}

// Collect gives the series out.
func (s *samples) Collect(ch chan<- prometheus.Metric) {
	for _, m := range s.list {
		ch <- m
	}
}
