package exporter

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/exporter/config"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/probe"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshsession"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/observe"
)

// The modules.
const (
	Login          = "login"
	Server         = "server"
	Client         = "client"
	ControlSockets = "control_sockets"
	Sessions       = "sessions"
	Idle           = "idle"
	Coolify        = "coolify"
)

// Observer looks at hosts; *observe.Observer is one.
type Observer interface {
	ProbeLogin(ctx context.Context, spec host.Spec) (probe.LoginResult, error)
	ProbeIdle(ctx context.Context, spec host.Spec, w probe.IdleOptions) (probe.IdleResult, error)
	Server(ctx context.Context, spec host.Spec, file string, want sshserver.Want) (observe.Snapshot[sshserver.Facts], error)
	Client(ctx context.Context, spec host.Spec, file, user string, want sshclient.Want) (observe.Snapshot[sshclient.Facts], error)
	EnvFile(ctx context.Context, spec host.Spec, file string, want coolify.Want) (observe.Snapshot[coolify.Facts], error)
	Coolify(ctx context.Context, spec host.Spec, file, container string) (observe.Snapshot[coolify.Installation], error)
	Sockets(ctx context.Context, spec host.Spec, path, user string) (observe.Snapshot[sshclient.SocketFacts], error)
	Sessions(ctx context.Context, spec host.Spec) (observe.Snapshot[sshsession.Facts], error)
}

// module measures one thing of a host.
type module func(e *Exporter, ctx context.Context, h *config.Host, s *samples) error

var modules = map[string]module{
	Login: (*Exporter).login, Server: (*Exporter).server, Client: (*Exporter).client, ControlSockets: (*Exporter).controlSockets,
	Sessions: (*Exporter).sessions, Idle: (*Exporter).idle, Coolify: (*Exporter).coolify,
}

// Modules are the names of all modules, in order.
func Modules() []string {
	return []string{Login, Server, Client, ControlSockets, Sessions, Idle, Coolify}
}

// ModulesOf are those that have something to measure on h.
func ModulesOf(h *config.Host) []string {
	local := h.Spec.Transport != host.TransportSSH
	return slices.DeleteFunc(Modules(), func(name string) bool {
		return local && (name == Login || name == Idle) || name == Client && len(h.Clients) == 0 || name == ControlSockets && len(h.Sockets) == 0 || name == Coolify && len(h.Coolify) == 0
	})
}

// lookFailure is the kind of an error that is not one of a connection.
const lookFailure = "look"

func label(words string) string { return strings.ReplaceAll(words, " ", "_") }

// failureOf is the kind of err as a label, "" for none.
func failureOf(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*host.Error](err); ok {
		return label(string(e.Kind))
	}
	return lookFailure
}
