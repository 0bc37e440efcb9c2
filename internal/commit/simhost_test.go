package commit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// The texts that a file of the simulated host may have.
const (
	old     = "old"
	good    = "good"    // works
	invalid = "invalid" // sshd -t refuses it, a daemon that loads it dies
	fatal   = "fatal"   // sshd -t accepts it, a daemon that loads it dies
	lockout = "lockout" // loads, and refuses every login
	foreign = "foreign" // edited by another process
)

// disk is what survives a reboot.
type disk struct {
	files    [2]string
	boot     string // the change that something at boot looks after
	pendings map[string]*pendingState
}

// pendingState is the directory of a pending change.
type pendingState struct {
	old                       [2]string
	armed, rolling, done      bool
	deadline                  time.Time
	bootID                    int
	watchdog, loading, loaded bool
	committed                 bool
}

// simHost is a host in memory. A process is cut off before its n-th operation.
type simHost struct {
	mu       sync.Mutex
	protocol protocol
	disk     disk
	bootID   int
	lock     *process
	staged   bool
	timers   map[string]*time.Timer
	running  string // what the daemon loaded, "" when it is dead
	wanted   string // what the candidate is
	ops      int
	cuts     map[int]string // operation -> kill, reboot
	unsound  bool           // an invalid text was in force
	takeback bool           // a committed change was taken back
}

func newSimHost(p protocol, wanted string) *simHost {
	return &simHost{
		protocol: p, running: old, wanted: wanted, timers: make(map[string]*time.Timer),
		disk: disk{files: [2]string{old, old}, pendings: make(map[string]*pendingState)},
	}
}

// process runs steps on the host until it is cut off.
type process struct {
	host    *simHost
	id      string
	dead    bool
	resumed bool
	busy    bool
	now     string // the step it is at
	atBoot  bool
	// watchdog is a process that is no part of a session. If it is killed as
	// well, nothing is left until the next boot or the next run.
	watchdog bool
	want     string
}

// do is one operation; nothing happens once the process is cut off.
func (p *process) do(f func()) bool {
	h := p.host
	if p.dead {
		return false
	}
	h.ops++
	cut := h.cuts[h.ops]
	switch {
	case cut == "kill" && !p.watchdog:
		p.dead = true
	case cut == "reboot":
		p.dead = true
		h.reboot()
	default:
		f()
	}
	return !p.dead
}

func (p *process) nap(d time.Duration) {
	p.host.mu.Unlock()
	time.Sleep(d)
	p.host.mu.Lock()
}

func (p *process) steps(list []step) bool {
	for _, s := range list {
		p.now = string(s)
		if !p.step(s) || p.dead {
			return false
		}
	}
	return !p.dead
}

func (p *process) step(s step) bool {
	return map[step]func() bool{
		lock: p.takeLock, compare: p.compare, stage: p.stage, validate: p.validate, arm: p.arm,
		swap: p.swap, reload: p.reload, disarm: p.disarm, acquire: p.acquire, restore: p.restore,
		restart: p.restart, tidy: p.tidy,
	}[s]()
}

func (p *process) state() *pendingState { return p.host.disk.pendings[p.id] }

func (p *process) takeLock() bool {
	for waited := 0; ; waited++ {
		if p.tryLock() && p.resolvePending() {
			return true
		}
		if p.dead || waited == 300 {
			p.busy = true
			return false
		}
		p.nap(100 * time.Millisecond)
	}
}

func (p *process) tryLock() bool {
	h := p.host
	if h.lock != nil && !h.lock.dead && h.lock != p {
		return false
	}
	return p.do(func() { h.lock = p; h.staged = false })
}

func (p *process) releaseLock() {
	if p.host.lock == p {
		p.host.lock = nil
	}
}

func (p *process) resolvePending() bool {
	h := p.host
	p.resumed = false
	for id, s := range h.disk.pendings {
		fresh := s.bootID == h.bootID && time.Now().Before(s.deadline)
		switch {
		case !s.watchdog || !s.armed && !s.rolling:
			p.clean(id)
		case s.armed && id == p.id && fresh:
			p.resumed = true
		case s.armed && s.bootID == h.bootID && time.Now().Before(s.deadline.Add(10*time.Second)):
			p.releaseLock()
			return false
		default:
			p.releaseLock()
			h.roll(id, false)
			return false
		}
		if p.dead {
			return false
		}
	}
	return true
}

func (p *process) clean(id string) {
	h := p.host
	s := h.disk.pendings[id]
	if s == nil {
		return
	}
	p.do(func() { s.armed, s.rolling = false, false })
	p.do(func() { h.stopTimer(id) })
	p.do(func() {
		if h.disk.boot == id {
			h.disk.boot = ""
		}
	})
	p.do(func() { delete(h.disk.pendings, id) })
}

func (p *process) compare() bool {
	if p.resumed {
		return true
	}
	for _, f := range p.host.disk.files {
		if f != old && f != p.want {
			return false
		}
	}
	return true
}

func (p *process) stage() bool {
	return p.resumed || p.do(func() { p.host.staged = true })
}

func (p *process) validate() bool { return p.resumed || p.want != invalid }

func (p *process) arm() bool {
	h := p.host
	if p.resumed {
		return true
	}
	s := &pendingState{}
	p.do(func() { h.disk.pendings[p.id] = s })
	p.do(func() { s.old = h.disk.files })
	p.do(func() { h.disk.boot = p.id })
	p.do(func() { s.deadline, s.bootID, s.armed = time.Now().Add(window), h.bootID, true })
	p.do(func() { h.timers[p.id] = time.AfterFunc(window, func() { h.fire(p.id) }) })
	return p.do(func() { s.watchdog = true })
}

func (p *process) swap() bool {
	h := p.host
	for i := range h.disk.files {
		p.do(func() {
			h.disk.files[i] = p.want
			h.unsound = h.unsound || p.want == invalid
		})
	}
	return !p.dead
}

func (p *process) reload() bool {
	s := p.state()
	if s == nil {
		return p.do(p.host.load) && p.host.running != ""
	}
	if s.loaded {
		return true
	}
	p.do(func() { s.loading = true })
	p.do(p.host.load)
	if p.host.running == "" {
		return false
	}
	return p.do(func() { s.loaded = true })
}

func (p *process) disarm() bool {
	s := p.state()
	if s == nil || !s.armed && !s.done {
		return false
	}
	if !p.do(func() { s.armed, s.done, s.committed = false, true, true }) {
		return false
	}
	p.clean(p.id)
	return !p.dead
}

// acquire takes the lock, if necessary from a process that hangs, and the mark.
func (p *process) acquire() bool {
	h := p.host
	if h.lock != nil && h.lock != p {
		h.lock.dead = true
	}
	h.lock = p
	s := p.state()
	if s == nil || !s.armed && !s.rolling {
		return false
	}
	return p.do(func() { s.armed, s.rolling = false, true })
}

func (p *process) restore() bool {
	h, s := p.host, p.state()
	if s == nil {
		return false
	}
	h.takeback = h.takeback || s.committed
	for i := range h.disk.files {
		p.do(func() { h.disk.files[i] = s.old[i] })
	}
	return !p.dead
}

func (p *process) restart() bool {
	if p.atBoot {
		return !p.dead
	}
	return p.do(p.host.load)
}

func (p *process) tidy() bool {
	p.clean(p.id)
	return !p.dead
}

// load is the daemon reading its files; half a change is a file of its own.
func (h *simHost) load() {
	h.running = h.disk.files[0]
	if h.disk.files[1] != h.running {
		h.running = "mixed"
	}
	if h.running == invalid || h.running == fatal {
		h.running = ""
	}
}

func (h *simHost) stopTimer(id string) {
	if t := h.timers[id]; t != nil {
		t.Stop()
		delete(h.timers, id)
	}
}

func (h *simHost) fire(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.timers, id)
	h.roll(id, false)
}

func (h *simHost) roll(id string, atBoot bool) bool {
	p := &process{host: h, id: id, atBoot: atBoot, watchdog: true}
	done := p.steps(append(append([]step{}, h.protocol.acquire...), h.protocol.undo...))
	p.dead = true
	p.releaseLock()
	return done
}

func (h *simHost) reboot() {
	for id := range h.timers {
		h.stopTimer(id)
	}
	h.lock, h.staged = nil, false
	h.bootID++
	if h.disk.boot != "" {
		h.roll(h.disk.boot, true)
	}
	h.load()
}

func (h *simHost) reachable() bool { return h.running != "" && h.running != lockout }

var errCut = errors.New("connection lost")

// script is one phase from its start to its answer.
func (h *simHost) script(id, want string, ph phase) (report, error) {
	p := &process{host: h, id: id, want: want}
	defer p.releaseLock()
	r := report{step: "?"}
	switch ph {
	case begin:
		r.answer = p.begin()
	case finish:
		r.answer = p.endedAs("applied", p.steps(h.protocol.finish))
	case rollback:
		r.answer = p.endedAs("rolledback", p.steps(append(append([]step{}, h.protocol.acquire...), h.protocol.undo...)))
	}
	r.step = p.now
	if s := p.state(); s != nil {
		r.left = time.Until(s.deadline)
	} else {
		r.left = window
	}
	if p.dead {
		return report{}, fmt.Errorf("script cut: %w", errCut)
	}
	p.dead = true
	return r, nil
}

func (p *process) begin() string {
	h := p.host
	if p.steps(h.protocol.begin) {
		p.do(func() { h.staged = false })
		return "live"
	}
	at := p.now
	defer func() { p.now = at }()
	switch s := p.state(); {
	case p.dead:
		return ""
	case p.busy:
		return "busy"
	case s != nil && (s.loading || h.disk.files != s.old):
		s.armed, s.rolling = false, true
		if p.steps(h.protocol.undo) {
			p.do(func() { h.staged = false })
			return "rolledback"
		}
		return "stuck"
	}
	p.do(func() { h.staged = false })
	p.clean(p.id)
	return "failed"
}

func (p *process) endedAs(word string, done bool) string {
	s := p.state()
	switch {
	case done:
		return word
	case s != nil && (s.armed || s.rolling):
		return "stuck"
	case p.host.disk.files == [2]string{p.want, p.want}:
		return "applied"
	case p.host.disk.files == [2]string{old, old}:
		return "rolledback"
	}
	return "unclear"
}

// simLink is the way to the host: one connection that may be lost, and a network
// that may be away for the next attempts.
type simLink struct {
	host *simHost
	id   string
	want string
	lost bool
	away int // attempts that fail; -1 is all of them
	call int
	// faults by the number of the call: request, reply, late.
	faults map[int]string
	back   int // attempts that fail after a fault
}

func (l *simLink) dial() error {
	if l.away != 0 {
		if l.away > 0 {
			l.away--
		}
		return errors.New("network is unreachable")
	}
	if l.host.running == "" {
		return fmt.Errorf("dial: %w", ErrRefused)
	}
	if !l.host.reachable() {
		return errors.New("permission denied")
	}
	return nil
}

func (l *simLink) perform(_ context.Context, ph phase) (report, error) {
	h := l.host
	h.mu.Lock()
	defer h.mu.Unlock()
	l.call++
	if l.lost {
		if err := l.dial(); err != nil {
			return report{}, fmt.Errorf("%w: %w", ErrNotRun, err)
		}
		l.lost = false
	}
	fault := l.faults[l.call]
	switch fault {
	case "request":
		return report{}, l.lose()
	case "late":
		time.AfterFunc(200*time.Second, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			_, _ = h.script(l.id, l.want, ph)
		})
		return report{}, l.lose()
	}
	boots := h.bootID
	r, err := h.script(l.id, l.want, ph)
	if fault == "reply" || err != nil || boots != h.bootID {
		return report{}, l.lose()
	}
	return r, nil
}

func (l *simLink) lose() error {
	l.lost = true
	l.away = l.back
	return errCut
}

// confirm logs in over a new connection and checks what the daemon runs.
func (l *simLink) confirm(context.Context, Pending) error {
	h := l.host
	h.mu.Lock()
	defer h.mu.Unlock()
	l.call++
	if l.faults[l.call] != "" {
		return l.lose()
	}
	if err := l.dial(); err != nil {
		return err
	}
	if h.running != l.want {
		return errors.New("the daemon runs something else")
	}
	return nil
}
