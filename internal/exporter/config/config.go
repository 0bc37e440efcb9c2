// Package config reads what the exporter watches: a YAML file in the provider's own terms,
// and what `terraform show -json` prints of a state or a plan. A file is taken as a whole or
// not at all.
//
// Secrets come from files of their own and from the environment. The package dials nothing,
// and must not know what is measured.
package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/userconf"
)

// Files are the paths of what to read; "" is none. One of them has to be there.
type Files struct{ Config, State string }

// Config is what is watched.
type Config struct{ hosts map[string]*Host }

// Host is a machine and what is watched there.
type Host struct {
	Name     string
	Spec     host.Spec
	Servers  []Server
	Clients  []Client
	Coolify  []Coolify
	Sockets  []Sockets
	Profiles []string // the baselines to audit it by
}

// Server is what is wanted of an sshd.
type Server struct {
	File string // its main file; "" is that of the sshd that lets us in
	Want sshserver.Want
	// Resource says that a resource of Terraform manages it, so that its lines have to be
	// there, and not its values alone.
	Resource bool
	// Accepted are the lines of other Match blocks that were there at the last apply.
	Accepted []keepalive.Override
}

// Client is what is wanted of a block of an ssh_config.
type Client struct {
	File, User string
	Want       sshclient.Want
	Resource   bool
}

// Coolify is what is wanted of a Coolify.
type Coolify struct {
	File, Container string
	Want            coolify.Want
	Resource        bool
}

// Sockets is a place of control sockets, and whose ssh has them.
type Sockets struct{ Path, User string }

// Host is the machine that is called target.
func (c *Config) Host(target string) (*Host, bool) {
	h, ok := c.hosts[target]
	return h, ok
}

// Names are those of all machines, in order.
func (c *Config) Names() []string { return slices.Sorted(maps.Keys(c.hosts)) }

// Most bytes that are read of the files.
const (
	mostConfig = 4 << 20
	mostState  = 64 << 20
)

// Load reads the files. env is the environment, such as os.LookupEnv.
func Load(ctx context.Context, f Files, env func(string) (string, bool)) (*Config, error) {
	if f.Config == "" && f.State == "" {
		return nil, errors.New("nothing says which hosts to watch: name a YAML file, or one that `terraform show -json` printed")
	}
	l := &loader{config: &Config{map[string]*Host{}}, entries: map[string]host.Settings{}, configs: userconf.New(), ctx: ctx}
	var err error
	if l.environment, err = host.EnvSettings(env, keepalive.ParseDuration); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		path string
		most int64
		read func([]byte) error
	}{{f.Config, mostConfig, l.yaml}, {f.State, mostState, l.state}} {
		if part.path == "" {
			continue
		}
		text, err := readFile(part.path, part.most)
		if err == nil {
			err = part.read(text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.path, err)
		}
	}
	if len(l.config.hosts) == 0 {
		return nil, fmt.Errorf("%s: no host is named", strings.Trim(f.Config+" and "+f.State, " and"))
	}
	for _, h := range l.config.hosts {
		h.settle()
	}
	return l.config, nil
}

// settle leaves of two that want something of the same lines the resource, and looks at the
// sshd also where nothing is wanted of it.
func (h *Host) settle() {
	h.Servers = withoutRivals(h.Servers, func(s Server) (string, bool) { return s.File + " " + s.Want.DropInName, s.Resource })
	h.Clients = withoutRivals(h.Clients, func(c Client) (string, bool) { return c.File + " " + c.User + " " + c.Want.Block(), c.Resource })
	h.Coolify = withoutRivals(h.Coolify, func(c Coolify) (string, bool) { return c.File, c.Resource })
	if len(h.Servers) == 0 {
		h.Servers = []Server{{Want: sshserver.Want{DropInName: sshserver.DefaultDropIn, Placement: sshserver.Auto}}}
	}
}

// withoutRivals is list with one element for each key: the first resource, else the first.
func withoutRivals[T any](list []T, key func(T) (string, bool)) (kept []T) {
	at := map[string]int{}
	for _, e := range list {
		name, resource := key(e)
		i, twice := at[name]
		switch {
		case !twice:
			at[name] = len(kept)
			kept = append(kept, e)
		case resource:
			if _, first := key(kept[i]); !first {
				kept[i] = e
			}
		}
	}
	return kept
}

func readFile(path string, most int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(text)) > most:
		return nil, fmt.Errorf("the file is larger than %d MiB", most>>20)
	}
	return text, nil
}

// loader holds what is read so far.
type loader struct {
	ctx         context.Context
	config      *Config
	environment host.Settings
	connection  host.Settings
	entries     map[string]host.Settings // of hosts, by their names
	configs     *userconf.Reader
}

func (l *loader) yaml(text []byte) error {
	top, err := fromYAML(text)
	if err != nil {
		return err
	}
	if err := top.only("connection", "defaults", "hosts"); err != nil {
		return err
	}
	connection, err := top.object("connection")
	if err != nil {
		return err
	}
	if connection != nil {
		if err := connection.only(settingNames(host.InConnection)...); err != nil {
			return err
		}
	}
	if l.connection, err = layer(connection, host.InConnection); err != nil {
		return err
	}
	l.connection.SharedKeys = true
	defaults, err := top.object("defaults")
	if err != nil {
		return err
	}
	if defaults == nil {
		defaults = &object{}
	}
	if err := defaults.only(watchedNames...); err != nil {
		return err
	}
	hosts, err := top.object("hosts")
	if hosts == nil || err != nil {
		return err
	}
	for _, name := range hosts.keys {
		o, err := hosts.object(name)
		if err != nil {
			return err
		}
		if o == nil {
			o = &object{item: hosts.fields[name]}
		}
		if err := l.host(name, o, defaults); err != nil {
			return err
		}
	}
	return nil
}

// watchedNames are the keys that say what is watched on a host.
var watchedNames = []string{"server", "client", "coolify", "control_sockets", "audit"}

func (l *loader) host(name string, o, defaults *object) error {
	if err := o.only(append(settingNames(host.InHosts), watchedNames...)...); err != nil {
		return err
	}
	entry, err := layer(o, host.InHosts)
	if err != nil {
		return err
	}
	if entry.Host == nil {
		entry.Host = &name
	}
	l.entries[name] = entry
	h, err := l.add(name, host.Settings{}, "")
	if err != nil {
		return o.errorf("%v", err)
	}
	if h == nil {
		if slices.ContainsFunc(watchedNames, func(key string) bool { return o.fields[key].value != nil }) {
			return o.errorf("an image is not a machine that can be watched: leave out what is wanted of it")
		}
		return nil // it is named so that a resource of it is passed over
	}
	merged := &object{item: o.item, fields: map[string]item{}}
	for _, key := range watchedNames {
		merged.fields[key] = o.fields[key]
		if _, given := o.fields[key]; !given {
			merged.fields[key] = defaults.fields[key]
		}
	}
	return watched(h, merged)
}

// watched reads what is watched on h.
func watched(h *Host, o *object) (err error) {
	if h.Profiles, err = o.texts("audit"); err != nil {
		return err
	}
	for _, p := range h.Profiles {
		if !slices.Contains(baseline.Names(), p) {
			return o.fields["audit"].errorf("%q is not a profile: write one of %s", p, strings.Join(baseline.Names(), ", "))
		}
	}
	if h.Servers, err = each(o, "server", serverNames(), server, func(s Server) []keepalive.Problem { return sshserver.Check(s.Want) }); err != nil {
		return err
	}
	if h.Clients, err = each(o, "client", clientNames(), client, func(c Client) []keepalive.Problem { return sshclient.Check(c.Want) }); err != nil {
		return err
	}
	if h.Coolify, err = each(o, "coolify", coolifyNames(), installation, func(c Coolify) []keepalive.Problem {
		return append(coolify.Check(c.Want), coolify.CheckFile(c.File)...)
	}); err != nil {
		return err
	}
	list, err := o.objects("control_sockets")
	for _, place := range list {
		s, err := sockets(place)
		if err != nil {
			return err
		}
		h.Sockets = append(h.Sockets, s)
	}
	return err
}

// each reads the mapping under key, or those of the list there.
func each[T any](o *object, key string, names []string, read func(*object) (T, error), check func(T) []keepalive.Problem) (all []T, err error) {
	var list []*object
	if one, ok := o.fields[key].value.(*object); ok {
		list = []*object{one}
	} else if list, err = o.objects(key); err != nil {
		return nil, err
	}
	for _, inner := range list {
		if err := inner.only(names...); err != nil {
			return nil, err
		}
		is, err := read(inner)
		if err != nil {
			return nil, err
		}
		for _, p := range check(is) {
			if !p.Warning && p.Code != keepalive.NothingWanted {
				return nil, inner.errorf("%s%s", attributeOf(p), p.Text)
			}
		}
		all = append(all, is)
	}
	return all, nil
}

// attributeOf names what a problem is about, where it is about one attribute.
func attributeOf(p keepalive.Problem) string {
	if p.Attribute == "" {
		return ""
	}
	return p.Attribute + ": "
}

// add finds the machine that name means, as the provider does: an entry of hosts, or an
// address. It is nil for an image, which cannot be watched. pin is the fingerprint of a host
// key that was recorded under accept-new.
//
// A resource whose own settings lead to another port than that of the host of this name
// means another sshd, which is a host of its own, NAME:PORT. Another way to the same sshd is
// not one: the file of the exporter says how the exporter gets there.
func (l *loader) add(name string, own host.Settings, pin string) (*Host, error) {
	spec, err := l.resolve(name, own)
	if err != nil || spec.Transport == host.TransportImage {
		return nil, err
	}
	spec.ConnectWait = 0 // a probe waits for no machine to boot
	if spec.HostKeyPolicy == host.PolicyAcceptNew {
		spec.PinnedHostKey = pin
	}
	targets := []string{name, net.JoinHostPort(name, strconv.Itoa(spec.Port))}
	for _, target := range targets {
		h := l.config.hosts[target]
		if h == nil {
			h = &Host{Name: target, Spec: spec}
			l.config.hosts[target] = h
		}
		if h.Spec.Address() == spec.Address() {
			return h, nil
		}
	}
	return nil, fmt.Errorf("port %d of %s is watched as %s, and `hosts` has that name at another address: rename it there", spec.Port, name, targets[1])
}

func (l *loader) resolve(name string, own host.Settings) (host.Spec, error) {
	where, entry, _, err := host.FindEntry(l.entries, name)
	if err != nil {
		return host.Spec{}, err
	}
	return host.ResolveWith(l.lookup, name, own, where, entry, l.connection, l.environment)
}

func (l *loader) lookup(file string, said host.Settings, user string) (host.Settings, error) {
	answer, err := l.configs.Lookup(l.ctx, file, said, user)
	return answer.Settings, err
}
