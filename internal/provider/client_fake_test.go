package provider

import (
	"context"
	"errors"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// The client's side of fakeEngine: root's ssh, which is our own evaluator.

func (e *fakeEngine) atClient(t reconcile.ClientTarget) *fakeHost {
	return e.at(reconcile.Target{Spec: t.Spec})
}

func (e *fakeEngine) LookClient(_ context.Context, t reconcile.ClientTarget, want sshclient.Want) (reconcile.ClientSight, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.looks++
	h := e.atClient(t)
	return h.clientSight(t, want), h.lookErr
}

func (e *fakeEngine) ApplyClient(_ context.Context, t reconcile.ClientTarget, want sshclient.Want, _ reconcile.Record) (reconcile.ClientSight, keepalive.Plan, reconcile.Outcome, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.applies++
	h := e.atClient(t)
	plan := sshclient.Plan(want, h.clientSight(t, want).Facts)
	if err := errors.Join(h.lookErr, h.applyErr); err != nil {
		return reconcile.ClientSight{}, plan, reconcile.Unchanged, err
	}
	if hasErrors(plan.Problems) {
		return reconcile.ClientSight{}, plan, reconcile.Unchanged, &reconcile.Error{Host: t.Spec.Name, Step: "decide", Outcome: reconcile.Unchanged, Problems: plan.Problems}
	}
	h.change(plan.Changes)
	return h.clientSight(t, want), plan, reconcile.Applied, nil
}

func (e *fakeEngine) RemoveClient(_ context.Context, t reconcile.ClientTarget, want sshclient.Want, rec reconcile.Record) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.removes++
	h := e.atClient(t)
	if h.lookErr != nil {
		return true, h.lookErr
	}
	sight := h.clientSight(t, want)
	if rec.IsOther(sight.MachineID, sight.Identity) {
		return false, nil
	}
	if id := sshclient.Holder(want.Block(), sight.Facts); !want.Claim.Covers(id) {
		return true, &reconcile.OtherResourceError{ID: id}
	}
	h.change(sshclient.Restore(want.Block(), sight.Facts).Changes)
	return true, nil
}

func (e *fakeEngine) LookControl(_ context.Context, t reconcile.ClientTarget) (reconcile.ControlSight, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.looks++
	h := e.atClient(t)
	return h.sockets, h.lookErr
}

func (h *fakeHost) clientSight(t reconcile.ClientTarget, want sshclient.Want) reconcile.ClientSight {
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
	return reconcile.ClientSight{Facts: have, MachineID: h.machineID, Identity: host.Identity{HostKeySHA256: h.hostKey}}
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
