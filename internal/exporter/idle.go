package exporter

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
)

// mostIdle bounds the idle connections that are kept at once, and idleRound how long one is
// kept before it is asked whether it still works, and replaced.
const (
	mostIdle  = 1000
	idleRound = 4 * time.Hour
)

// idle starts an idle connection to h at the first probe, and tells at each what became of
// it. Without a probe for the time of the options it is ended.
func (e *Exporter) idle(_ context.Context, h *config.Host, s *samples) error {
	w, err := e.idleWatch(h) //nolint:contextcheck // the connection outlives the probe
	if err != nil {
		return err
	}
	return w.tell(s)
}

// idleWatch is what became of the idle connections to one host. One is open at a time.
type idleWatch struct {
	key    string // of the host, as it is reached
	forget *time.Timer
	cancel context.CancelFunc

	mu         sync.Mutex
	since      time.Time // of the open connection; zero without one
	err        error     // why there is none
	survived   time.Duration
	keepalives int
	closed     map[probe.CloseReason]int
	silence    time.Duration // at the last end
}

func (e *Exporter) idleWatch(h *config.Host) (*idleWatch, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if w := e.idles[h.Name]; w != nil {
		w.forget.Reset(e.idleForget)
		return w, nil
	}
	if len(e.idles) >= mostIdle {
		return nil, errors.New("there are as many idle connections as there may be at once")
	}
	ctx, cancel := context.WithCancel(e.ctx)
	w := &idleWatch{key: h.Spec.Key(), cancel: cancel, closed: map[probe.CloseReason]int{}}
	w.forget = time.AfterFunc(e.idleForget, func() { e.endIdle(h.Name, w) })
	e.idles[h.Name] = w
	e.running.Go(func() { w.run(ctx, e.observer, h) })
	return w, nil
}

// endIdle ends a watch that is not asked for any more.
func (e *Exporter) endIdle(name string, w *idleWatch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.idles[name] == w {
		delete(e.idles, name)
	}
	w.forget.Stop()
	w.cancel()
}

// run keeps one idle connection after the other.
func (w *idleWatch) run(ctx context.Context, o Observer, h *config.Host) {
	const least, most = time.Second, 5 * time.Minute
	for pause := least; ctx.Err() == nil; {
		began := time.Now()
		r, err := o.ProbeIdle(ctx, h.Spec, probe.IdleOptions{Idle: idleRound, Watch: &probe.IdleWatch{Began: w.began, Asked: w.asked}})
		if ctx.Err() != nil {
			return
		}
		w.ended(r, err)
		// A host that ends every connection at once is asked less and less often.
		pause = min(2*pause, most)
		if time.Since(began) > most {
			pause = least
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

func (w *idleWatch) began() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since, w.err = time.Now(), nil
}

func (w *idleWatch) asked() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keepalives++
}

func (w *idleWatch) ended(r probe.IdleResult, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.since.IsZero() {
		w.survived = max(w.survived, time.Since(w.since))
	}
	w.since, w.err = time.Time{}, err
	if err == nil && r.CloseReason != "" {
		w.closed[r.CloseReason]++
		w.silence = r.Silence
	}
}

func (w *idleWatch) tell(s *samples) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	survived := w.survived
	s.setIf("idle_connected", !w.since.IsZero())
	if !w.since.IsZero() {
		s.set("idle_silence_seconds", time.Since(w.since).Seconds())
		survived = max(survived, time.Since(w.since))
	}
	s.set("idle_survived_seconds", survived.Seconds())
	s.set("idle_keepalives_total", float64(w.keepalives))
	for _, reason := range []probe.CloseReason{probe.CloseEOF, probe.CloseDisconnect, probe.CloseReset, probe.CloseNoAnswer} {
		s.set("idle_closed_total", float64(w.closed[reason]), string(reason))
	}
	if w.silence > 0 {
		s.set("idle_last_closed_silence_seconds", w.silence.Seconds())
	}
	return w.err
}
