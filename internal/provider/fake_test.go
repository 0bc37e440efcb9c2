package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"strings"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	clientkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/client"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/container"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/envfile"
	serverkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/server"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/sessions"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/sockets"
	systemkind "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/system"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/dotenv/dotenvtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// fakeEngine is an engine whose hosts are trees in memory and whose sshd is our
// own evaluator. It makes the real decisions and touches nothing.
type fakeEngine struct {
	mu                      sync.Mutex
	hosts                   map[string]*fakeHost // by the name that the user wrote
	specs                   []host.Spec          // of every call, in order
	watches                 []probe.IdleOptions
	looks, applies, removes int
}

const (
	dropIn    = "/etc/ssh/sshd_config.d/00-sshkeepalive.conf"
	mainFile  = "/etc/ssh/sshd_config"
	cloudFile = "/etc/ssh/sshd_config.d/50-cloud-init.conf"
)

type fakeHost struct {
	files     map[string]string
	machineID string
	hostKey   string
	keyType   string
	hops      []host.HostKey
	stale     bool
	noDaemon  bool
	invalid   string // what its sshd says against its files
	lookErr   error
	reach     probe.LoginResult
	sockets   sshclient.SocketFacts
	sessions  sshsession.Facts
	coolify   coolify.Installation
	idle      probe.IdleResult
	applyErr  error
	pending   []reconcile.Pending
	drift     map[string]string // values that were set by hand
	lacks     map[string]string
}

func cloudHost() *fakeHost {
	return &fakeHost{machineID: "m1", hostKey: "SHA256:one", files: map[string]string{
		mainFile:  "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n",
		cloudFile: "PasswordAuthentication no\nClientAliveInterval 120\n",
	}}
}

func engineOf(hosts map[string]*fakeHost) *fakeEngine { return &fakeEngine{hosts: hosts} }

func (e *fakeEngine) at(spec host.Spec) *fakeHost {
	e.specs = append(e.specs, spec)
	if h := e.hosts[spec.Name]; h != nil {
		return h
	}
	return &fakeHost{lookErr: unreachableError(spec.Name)}
}

func (e *fakeEngine) ProbeLogin(_ context.Context, spec host.Spec) (probe.LoginResult, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.at(spec)
	return h.reach, h.lookErr
}

func (e *fakeEngine) ProbeIdle(_ context.Context, spec host.Spec, w probe.IdleOptions) (probe.IdleResult, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.watches = append(e.watches, w)
	h := e.at(spec)
	return h.idle, h.lookErr
}

// engine returns what stands in for the engine that reaches machines.
func (e *fakeEngine) engine() session.Engine {
	return session.Engine{
		Prober:       e,
		Server:       fakeOf(e, serverkind.Kind, (*fakeHost).serverFacts),
		Client:       fakeOf(e, clientkind.Kind, (*fakeHost).clientFacts),
		Coolify:      fakeOf(e, envfile.Kind, (*fakeHost).coolifyFacts),
		System:       fakeOf(e, systemkind.Kind, (*fakeHost).systemFacts),
		Sockets:      fakeOf(e, sockets.Kind, func(h *fakeHost, _ reconcile.Target, _ struct{}) sshclient.SocketFacts { return h.sockets }),
		Sessions:     fakeOf(e, sessions.Kind, func(h *fakeHost, _ reconcile.Target, _ struct{}) sshsession.Facts { return h.sessions }),
		Installation: fakeOf(e, container.Kind, func(h *fakeHost, _ reconcile.Target, _ string) coolify.Installation { return h.coolify }),
		Live:         fakeOf(e, serverkind.Live(), (*fakeHost).serverFacts),
		Pruning:      fakeOf(e, sockets.Pruning, (*fakeHost).prune),
	}
}

// prune removes every socket but those whose names say that another has taken it over.
func (h *fakeHost) prune(_ reconcile.Target, dead []sshclient.ControlSocket) []sshclient.PrunedSocket {
	var pruned []sshclient.PrunedSocket
	for _, s := range dead {
		one := sshclient.PrunedSocket{Path: s.Path, Removed: !strings.Contains(s.Path, "taken")}
		if !one.Removed {
			one.Why = "another socket has its name"
		}
		pruned = append(pruned, one)
	}
	return pruned
}

// fakeReconciler decides as kind does, over the facts of hosts in memory.
type fakeReconciler[W, F, D any] struct {
	*fakeEngine
	kind  reconcile.Kind[W, F, D]
	facts func(h *fakeHost, t reconcile.Target, want W) F
}

func fakeOf[W, F, D any](e *fakeEngine, kind reconcile.Kind[W, F, D], facts func(*fakeHost, reconcile.Target, W) F) fakeReconciler[W, F, D] {
	return fakeReconciler[W, F, D]{e, kind, facts}
}

// begin counts a call, and returns its host.
func (r fakeReconciler[W, F, D]) begin(count *int, t reconcile.Target) (*fakeHost, func()) {
	r.mu.Lock()
	*count++
	return r.at(t.Spec), r.mu.Unlock
}

func (r fakeReconciler[W, F, D]) snapshot(h *fakeHost, t reconcile.Target, want W) reconcile.Snapshot[F] {
	return reconcile.Snapshot[F]{
		Facts: r.facts(h, t, want), Pending: h.pending, MachineID: h.machineID,
		Identity: host.Identity{HostKeySHA256: h.hostKey, KeyType: h.keyType, Hops: h.hops},
	}
}

func (r fakeReconciler[W, F, D]) Look(_ context.Context, t reconcile.Target, want W) (reconcile.Snapshot[F], error) {
	h, end := r.begin(&r.looks, t)
	defer end()
	return r.snapshot(h, t, want), h.lookErr
}

func (r fakeReconciler[W, F, D]) Apply(_ context.Context, t reconcile.Target, want W, _ reconcile.Record) (reconcile.Snapshot[F], keepalive.Plan, reconcile.Outcome, error) {
	h, end := r.begin(&r.applies, t)
	defer end()
	var none reconcile.Snapshot[F]
	plan := r.kind.Plan(want, r.facts(h, t, want))
	if err := errors.Join(h.lookErr, h.applyErr); err != nil {
		return none, plan, reconcile.Unchanged, err
	}
	if keepalive.HasErrors(plan.Problems) {
		return none, plan, reconcile.Unchanged, &reconcile.Error{Host: t.Spec.Name, Step: "decide", Outcome: reconcile.Unchanged, Problems: plan.Problems}
	}
	outcome := reconcile.Unchanged
	if h.change(plan) {
		outcome = reconcile.Applied
	}
	if r.kind.Stale != nil {
		h.stale = t.NoReload && (h.stale || outcome == reconcile.Applied)
	}
	return r.snapshot(h, t, want), plan, outcome, nil
}

func (r fakeReconciler[W, F, D]) Remove(_ context.Context, t reconcile.Target, want W, rec reconcile.Record) (same, changed bool, err error) {
	h, end := r.begin(&r.removes, t)
	defer end()
	if h.lookErr != nil {
		return true, false, h.lookErr
	}
	s := r.snapshot(h, t, want)
	if rec.IsOther(s.MachineID, s.Identity) {
		return false, false, nil
	}
	if id := r.kind.Holder(want, s.Facts); !r.kind.Claim(want).Covers(id) {
		return true, false, &reconcile.OtherResourceError{ID: id}
	}
	return true, h.change(r.kind.Restore(want, s.Facts)), nil
}

// change carries plan out, and reports whether it changes a file.
func (h *fakeHost) change(plan keepalive.Plan) bool {
	for _, c := range plan.Changes {
		if c.New == nil {
			delete(h.files, c.Path)
		} else {
			h.files[c.Path] = string(c.New)
		}
	}
	for _, e := range plan.Edits {
		h.files[e.Path] = string(dotenv.Apply([]byte(h.files[e.Path]), e.Pieces))
	}
	return len(plan.Paths()) > 0
}

func (h *fakeHost) serverFacts(_ reconcile.Target, want sshserver.Want) sshserver.Facts {
	v := sshconf.Version{Major: 9, Minor: 2}
	want = want.ForRelease(v)
	tree := sshconf.Tree{Dialect: sshconf.Server, Version: v, Main: mainFile, Dir: "/etc/ssh", Files: map[string][]byte{}}
	for name, text := range h.files {
		tree.Files[name] = []byte(text)
	}
	have := sshserver.Facts{Version: v, VersionText: "OpenSSH_9.2p1 Debian-2", Tree: tree, Contexts: sshserver.ContextsOf(want),
		IncludeDirs: []string{"/etc/ssh/sshd_config.d"}, Daemon: sshserver.Daemon{PID: 1, ConfigFile: mainFile, Stale: h.stale}, Invalid: h.invalid}
	if h.noDaemon {
		have.Daemon.PID = 0
	}
	for _, c := range have.Contexts {
		have.Effective = append(have.Effective, dumpOf(sshconf.Evaluate(tree, c)))
	}
	for i, w := range sshserver.WantedTexts(want) {
		alone := sshconf.Tree{Dialect: sshconf.Server, Version: v, Main: "/want", Dir: "/",
			Files: map[string][]byte{"/want": []byte(strings.Join(w.Lines, "\n") + "\n")}}
		d := dumpOf(sshconf.Evaluate(alone, sshconf.Context{}))
		if i == 0 {
			have.Canonical = d
		} else {
			have.MatchCanonical = append(have.MatchCanonical, d)
		}
	}
	return have
}

// dumpOf prints the keywords that are set, and sshd's own defaults for two.
func dumpOf(r sshconf.Result) sshconf.Dump {
	d := sshconf.Dump{"clientaliveinterval": {"0"}, "clientalivecountmax": {"3"}}
	for _, keyword := range r.Keywords() {
		if lines, ok := r.Printed(keyword); ok {
			d[strings.ToLower(keyword)] = lines
		}
	}
	return d
}

func (h *fakeHost) snapshot() map[string]string { return maps.Clone(h.files) }

func unreachableError(name string) error {
	return &host.Error{Kind: host.Unreachable, Phase: host.PhaseTCP, Host: name, Attempts: 1, Err: errors.New("connection refused")}
}

func authError(name string) error {
	return &host.Error{Kind: host.Auth, Phase: host.PhaseAuth, Host: name, User: "root", Attempts: 1, Err: errors.New("no method was accepted")}
}

// clientFacts are those of the ssh of root, which is our own evaluator.
func (h *fakeHost) clientFacts(t reconcile.Target, want sshclient.Want) sshclient.Facts {
	v := sshconf.Version{Major: 9, Minor: 2}
	tree := sshconf.Tree{Dialect: sshconf.Client, Version: v, Main: "/root/.ssh/config", System: "/etc/ssh/ssh_config", Dir: "/etc/ssh", Files: map[string][]byte{}}
	for name, text := range h.files {
		tree.Files[name] = []byte(text)
	}
	have := sshclient.Facts{Version: v, VersionText: "OpenSSH_9.2p1 Debian-2", Tree: tree, User: "root", Home: "/root", SocketName: 108,
		File: strings.Replace(t.File, "~", "/root", 1), Contexts: sshclient.ProbesOf(want), Stats: map[string]sshclient.Stat{"/root/.ssh": {Mode: 0o700}, "/root/.ssh/cm": {Mode: 0o700}}}
	alone := sshconf.Tree{Dialect: sshconf.Client, Version: v, Main: "/want", Dir: "/",
		Files: map[string][]byte{"/want": []byte(strings.Join(sshclient.Text(want).Lines, "\n") + "\n")}}
	for _, at := range have.Contexts {
		q := sshconf.ClientQuery{Host: at.Host, User: at.User, LocalUser: "root", Home: "/root"}
		have.Effective = append(have.Effective, clientDumpOf(sshconf.EvaluateClient(tree, q)))
		have.Canonical = append(have.Canonical, clientDumpOf(sshconf.EvaluateClient(alone, q)))
	}
	return have
}

func clientDumpOf(r sshconf.Result) sshconf.Dump {
	d := sshconf.Dump{"serveraliveinterval": {"0"}, "serveralivecountmax": {"3"}, "controlmaster": {"false"}}
	for _, keyword := range r.Keywords() {
		if lines, ok := r.Printed(keyword); ok {
			d[keyword] = lines
		}
	}
	return d
}

// coolifyFacts are masked as a host masks them.
func (h *fakeHost) coolifyFacts(t reconcile.Target, want coolify.Want) coolify.Facts {
	text := []byte(h.files[t.File])
	sum := sha256.Sum256(text)
	return coolify.Facts{File: t.File, Text: dotenvtest.Mask(text, coolify.Keys(want)), Digest: hex.EncodeToString(sum[:])}
}

// systemFacts are those of a host with systemd, whose kernel and logind use what is in
// drift, else what our drop-ins say, else their defaults.
func (h *fakeHost) systemFacts(reconcile.Target, system.Want) system.Facts {
	have := system.Facts{Init: "systemd", Files: map[string][]byte{}, Dirs: []string{"/etc/sysctl.d", "/etc/systemd/logind.conf.d"}, Lacks: h.lacks,
		Values: map[string]string{"net.ipv4.tcp_retries2": "15", "net.ipv4.tcp_keepalive_time": "7200", "net.ipv4.tcp_keepalive_intvl": "75", "net.ipv4.tcp_keepalive_probes": "9",
			"KillUserProcesses": "no", "KillExcludeUsers": "", "KillOnlyUsers": ""}}
	for name, text := range h.files {
		have.Files[name] = []byte(text)
		if strings.Contains(name, "logind") {
			have.Logind = append(have.Logind, name)
		} else {
			have.Sysctl = append(have.Sysctl, name)
		}
		for line := range strings.Lines(text) {
			if key, value, ok := strings.Cut(line, "="); ok && line[0] != '#' {
				have.Values[strings.TrimSpace(key)] = strings.TrimSpace(value)
			}
		}
	}
	maps.Copy(have.Values, h.drift)
	return have
}
