package provider

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// fakeEngine is an engine whose hosts are trees in memory and whose sshd is our
// own evaluator. It makes the real decisions and touches nothing.
type fakeEngine struct {
	mu                      sync.Mutex
	hosts                   map[string]*fakeHost // by the name that the user wrote
	specs                   []host.Spec          // of every call, in order
	watches                 []host.IdleProbeOptions
	looks, applies, removes int
}

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
	reach     host.LoginProbe
	sockets   reconcile.ControlSight
	vigil     host.IdleProbe
	applyErr  error
	pending   []reconcile.Pending
}

func cloudHost() *fakeHost {
	return &fakeHost{machineID: "m1", hostKey: "SHA256:one", files: map[string]string{
		mainFile:  "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n",
		cloudFile: "PasswordAuthentication no\nClientAliveInterval 120\n",
	}}
}

func engineOf(hosts map[string]*fakeHost) *fakeEngine { return &fakeEngine{hosts: hosts} }

func (e *fakeEngine) at(t reconcile.Target) *fakeHost {
	e.specs = append(e.specs, t.Spec)
	if h := e.hosts[t.Spec.Name]; h != nil {
		return h
	}
	return &fakeHost{lookErr: unreachableError(t.Spec.Name)}
}

func (e *fakeEngine) ProbeLogin(_ context.Context, spec host.Spec) (host.LoginProbe, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.at(reconcile.Target{Spec: spec})
	return h.reach, h.lookErr
}

func (e *fakeEngine) ProbeIdle(_ context.Context, spec host.Spec, w host.IdleProbeOptions) (host.IdleProbe, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.watches = append(e.watches, w)
	h := e.at(reconcile.Target{Spec: spec})
	return h.vigil, h.lookErr
}

func (e *fakeEngine) Look(_ context.Context, t reconcile.Target, want sshserver.Want) (reconcile.Sight, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.looks++
	h := e.at(t)
	return h.sight(want), h.lookErr
}

func (e *fakeEngine) Apply(_ context.Context, t reconcile.Target, want sshserver.Want, _ reconcile.Record) (reconcile.Sight, keepalive.Plan, reconcile.Outcome, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.applies++
	h := e.at(t)
	plan := sshserver.Plan(want, h.sight(want).Facts)
	if err := errors.Join(h.lookErr, h.applyErr); err != nil {
		return reconcile.Sight{}, plan, reconcile.Unchanged, err
	}
	if hasErrors(plan.Problems) {
		return reconcile.Sight{}, plan, reconcile.Unchanged, &reconcile.Error{Host: t.Spec.Name, Step: "decide", Outcome: reconcile.Unchanged, Problems: plan.Problems}
	}
	h.change(plan.Changes)
	h.stale = t.NoReload && (h.stale || len(plan.Changes) > 0)
	return h.sight(want), plan, reconcile.Applied, nil
}

func (e *fakeEngine) Remove(_ context.Context, t reconcile.Target, want sshserver.Want, rec reconcile.Record) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.removes++
	h := e.at(t)
	if h.lookErr != nil {
		return true, h.lookErr
	}
	if seen := h.sight(want); rec.IsOther(seen.MachineID, seen.Identity) {
		return false, nil
	}
	if id := sshserver.Holder(want.DropInName, h.sight(want).Facts); !want.Claim.Covers(id) {
		return true, &reconcile.OtherResourceError{ID: id}
	}
	h.change(sshserver.Restore(want.DropInName, h.sight(want).Facts).Changes)
	return true, nil
}

func (h *fakeHost) change(changes []keepalive.Change) {
	for _, c := range changes {
		if c.New == nil {
			delete(h.files, c.Path)
		} else {
			h.files[c.Path] = string(c.New)
		}
	}
}

func (h *fakeHost) sight(want sshserver.Want) reconcile.Sight {
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
	return reconcile.Sight{Facts: have, Pending: h.pending, MachineID: h.machineID, Identity: host.Identity{HostKeySHA256: h.hostKey, KeyType: h.keyType, Hops: h.hops}}
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
