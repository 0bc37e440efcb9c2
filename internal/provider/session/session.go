// Package session holds what one configured provider knows: where hosts are, what reaches
// them, and what the resources of one run have to know of each other. It finds a host and
// does nothing there. It must not know which resources and data sources there are.
package session

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/spelling"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/userconf"
)

// LookTimeout is how long a look at a host may take unless timeouts says otherwise.
const LookTimeout = 2 * time.Minute

// Model is the provider block.
type Model struct {
	Connection    types.Object `tfsdk:"connection"`
	Hosts         types.Map    `tfsdk:"hosts"`
	OnUnreachable types.String `tfsdk:"on_unreachable"`
}

// Session is one configured provider: where hosts are, and what reaches them.
type Session struct {
	Engine Engine
	// Masker masks every secret of the provider block and the environment.
	Masker        *host.Masker
	OnUnreachable types.String

	// What resources of this run have to know of each other.
	Ownership ownership
	IDs       ids
	Pending   pendingChanges
	Walk      *applyWalk
	addresses addressBook

	connection   settingsLayer
	hosts        map[string]settingsLayer
	hostsUnknown bool
	environment  host.Settings
	configs      *userconf.Reader

	end func(context.Context)
	// inUse is read-locked by each call that reaches machines.
	inUse sync.RWMutex
}

// settingsLayer is one layer of settings and the first of them that is not known yet.
type settingsLayer struct {
	settings host.Settings
	unknown  string
}

// New reads the provider block.
func New(ctx context.Context, m Model) (*Session, diag.Diagnostics) {
	s := &Session{OnUnreachable: m.OnUnreachable, hosts: map[string]settingsLayer{}, hostsUnknown: m.Hosts.IsUnknown(), configs: userconf.New(), Walk: newApplyWalk()}
	var diags diag.Diagnostics
	var err error
	if s.environment, err = host.EnvSettings(os.LookupEnv, keepalive.ParseDuration); err != nil {
		diags.Append(diagnostics.New(diagnostics.BadEnvironment, "error", spelling.Sentence(spelling.Capital(err.Error()))))
	}
	if word := os.Getenv(diagnostics.OnUnreachableEnv); word != "" && !slices.Contains(diagnostics.PolicyWords(), word) {
		diags.Append(diagnostics.New(diagnostics.BadPolicyVariable, "name", diagnostics.OnUnreachableEnv, "value", fmt.Sprintf("%q", word), "words", fmt.Sprintf("%q", diagnostics.PolicyWords())))
	}
	s.connection = newLayer(ctx, path.Root("connection"), m.Connection, &diags)
	s.connection.settings.SharedKeys = true
	for name, value := range m.Hosts.Elements() {
		if object, ok := value.(types.Object); ok {
			s.hosts[name] = newLayer(ctx, path.Root("hosts").AtMapKey(name), object, &diags)
		}
	}
	s.Masker = s.collectSecrets()
	return s, diags
}

func newLayer(ctx context.Context, at path.Path, object types.Object, diags *diag.Diagnostics) settingsLayer {
	settings, err := connection.Layer(object, at.String())
	if err != nil {
		diags.Append(diagnostics.At(at, diagnostics.BadSettings, "error", spelling.Sentence(spelling.Capital(err.Error()))))
	}
	return settingsLayer{settings: settings, unknown: connection.UnknownIn(ctx, object)}
}

func (s *Session) collectSecrets() *host.Masker {
	layers := []host.Settings{s.environment, s.connection.settings}
	for _, entry := range s.hosts {
		layers = append(layers, entry.settings)
	}
	return host.MaskerOf(layers...)
}

// HostNames are the names in hosts, sorted; none where these are not known yet.
func (s *Session) HostNames() []string { return slices.Sorted(maps.Keys(s.hosts)) }

// AnyUnknown reports whether a value of the provider block is not known yet.
func (s *Session) AnyUnknown() bool {
	unknown := s.hostsUnknown || s.connection.unknown != ""
	for _, entry := range s.hosts {
		unknown = unknown || entry.unknown != ""
	}
	return unknown
}

// Begin counts a call in, so that the session outlives it, and masks every
// secret in what the call logs: a context does not survive from Configure.
func (s *Session) Begin(ctx context.Context) (context.Context, func()) {
	s.inUse.RLock()
	return logContext(ctx, s.Masker), s.inUse.RUnlock
}

// Open has the session reach machines by e, until end ends that.
func (s *Session) Open(e Engine, end func(context.Context)) { s.Engine, s.end = e, end }

// Close closes the connections once no call uses them.
func (s *Session) Close(ctx context.Context) {
	s.inUse.Lock()
	defer s.inUse.Unlock()
	s.end(ctx)
}

// Address is what a resource says about where its host is.
type Address struct {
	Host types.String
	SSH  types.Object
	// Pin is the fingerprint that an earlier run recorded, "" if none.
	Pin string
}

// Location is the answer: a machine, or why it is not known yet, and what the resource
// may call its own there.
type Location struct {
	Spec    host.Spec
	Unknown string // what has to become known first; "" when spec is complete
	last    LastAddress
	Claim   keepalive.Claim
}

// Record completes what state says of a machine by where it answered last.
func (w Location) Record(rec reconcile.Record) reconcile.Record {
	if rec.HostKeySHA256 == w.last.HostKey {
		rec.HostKeyType = w.last.HostKeyType
	}
	rec.Address = w.last.Address
	return rec
}

// resolve merges what the resource, the named host, the connection block, the
// environment and an ssh_config file say, the first to say something winning. It
// dials nothing, reads the file only once everything else is known, and
// what is not known yet it does not replace by a guess: an empty host must
// never become the machine that runs Terraform.
func (s *Session) resolve(ctx context.Context, a Address) (Location, error) {
	switch {
	case a.Host.IsNull() || a.Host.IsUnknown() || a.Host.ValueString() == "":
		return Location{Unknown: "host"}, nil
	case s.hostsUnknown:
		return Location{Unknown: "hosts of the provider"}, nil
	}
	own, err := connection.Layer(a.SSH, "ssh")
	if err != nil {
		return Location{}, err
	}
	where, entry, name, err := host.FindEntry(s.hosts, a.Host.ValueString())
	if err != nil {
		return Location{}, err
	}
	if name != "" && entry.settings.Host == nil {
		entry.settings.Host = &name
	}
	if missing := s.missing(ctx, a, entry); missing != "" {
		return Location{Unknown: missing}, nil
	}
	spec, err := host.ResolveWith(s.lookup(ctx), a.Host.ValueString(), own, where, entry.settings, s.connection.settings, s.environment)
	// Under the strict policy the known keys decide, and a record of an earlier run
	// must not stand in their way.
	if spec.HostKeyPolicy == "accept-new" {
		spec.PinnedHostKey = a.Pin
	}
	return Location{Spec: spec}, err
}

// lookup reads ssh_config files and logs which of their lines were used.
func (s *Session) lookup(ctx context.Context) host.ConfigLookup {
	return func(file string, said host.Settings, user string) (host.Settings, error) {
		answer, err := s.configs.Lookup(ctx, file, said, user)
		if err == nil {
			LogDebug(ctx, "ssh_config", map[string]any{"file": file, "host": *said.Host, "lines": answer.Trail})
		}
		return answer.Settings, err
	}
}

func (s *Session) missing(ctx context.Context, a Address, entry settingsLayer) string {
	if name := connection.UnknownIn(ctx, a.SSH); name != "" {
		return "ssh." + name
	}
	if entry.unknown != "" {
		return "hosts[" + a.Host.String() + "]." + entry.unknown
	}
	if s.connection.unknown != "" {
		return "connection." + s.connection.unknown
	}
	return ""
}

// Locate finds the host of a, or says what has to become known first.
func (s *Session) Locate(ctx context.Context, a Address) (Location, diag.Diagnostics) {
	where, err := s.resolve(ctx, a)
	if err != nil {
		return where, diagnostics.Failures(a.Host.ValueString(), "find", err)
	}
	if where.Unknown == "" {
		logSpec(ctx, where.Spec)
	}
	return where, nil
}
