package host

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Resolve merges layers, the first to say something wins, fills in defaults and
// checks that the result can be dialled. name is what the user wrote.
//
// Attributes that mean one thing together come from one layer together: a layer
// that names a key silences the keys of later ones, and a layer that names host
// keys in any form silences the host keys of later ones.
//
// An ssh_config_file is refused here; see ResolveWith.
func Resolve(name string, layers ...Settings) (Spec, error) {
	return ResolveWith(nil, name, layers...)
}

// ResolveWith is Resolve with lookup as the last layer, for the machine and for
// each of its jump hosts, if a layer names an ssh_config_file.
func ResolveWith(lookup ConfigLookup, name string, layers ...Settings) (Spec, error) {
	spec, err := resolver{lookup}.target(name, merge(layers))
	if err != nil {
		label := name
		if label == "" {
			label = "host"
		}
		kind := Config
		if errors.Is(err, context.Canceled) {
			kind = Canceled
		}
		return Spec{}, &Error{Kind: kind, Phase: PhaseResolve, Host: label, Err: err}
	}
	return spec, nil
}

func merge(layers []Settings) Settings {
	var m Settings
	for _, l := range layers {
		m.fill(l)
	}
	return m
}

// fill takes from l what m does not say itself.
func (m *Settings) fill(l Settings) {
	before := *m
	for _, d := range settingTable() {
		if !d.given(&l) || d.silenced(&before) {
			continue
		}
		d.take(m, &l)
		if as := l.Names[d.Name]; as != "" {
			m.name(d.Name, as)
		}
		if d.group == hostKeyGroup {
			m.SharedKeys = l.SharedKeys
		}
	}
	if m.Jump == nil {
		m.Jump = l.Jump
	}
}

// silenced reports whether m says d, or what makes d of no use.
func (d Setting) silenced(m *Settings) bool {
	if d.given(m) {
		return true
	}
	for _, other := range settingTable() {
		if (d.group != "" && other.group == d.group || slices.Contains(d.behind, other.Name)) && other.given(m) {
			return true
		}
	}
	return false
}

func fill[T any](to **T, from *T) {
	if *to == nil {
		*to = from
	}
}

// or is the value p points to, or fallback for nil.
func or[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}

// values is m with the defaults.
func (m Settings) values(name string) Spec {
	s := Spec{Name: name, Place: m.Place, JumpHost: m.JumpHost, Names: m.Names, SharedKeys: m.SharedKeys}
	for _, d := range settingTable() {
		d.resolve(&m, &s)
	}
	s.IdentitiesOnly = or(m.IdentitiesOnly, m.AgentIdentity != nil)
	s.ProxyCommand = unlessNone(s.ProxyCommand)
	return s
}

// unlessNone reads a command as ssh does, where none is no command.
func unlessNone(command string) string {
	if strings.EqualFold(command, none) {
		return ""
	}
	return command
}

// fillUser falls back to the local user, as ssh does.
func (s *Spec) fillUser() error {
	if s.User != "" {
		return nil
	}
	me, err := user.Current()
	if err != nil || me.Username == "" {
		return errors.New("user is not set, and the local user has no name to use instead")
	}
	s.User = me.Username
	return nil
}

// checkRoute refuses ways that exclude each other.
func (s Spec) checkRoute() error {
	if s.ProxyCommand != "" && s.ProxyURL != "" {
		return fmt.Errorf("%s and %s exclude each other", s.Quoted("proxy_command"), s.Quoted("proxy_url"))
	}
	if _, err := ProxyCommandLine(s, s.Address()); err != nil {
		return s.Invalid("proxy_command", err)
	}
	if s.ProxyURL != "" {
		_, err := ParseProxyURL(s.ProxyURL)
		return s.Invalid("proxy_url", err)
	}
	return nil
}

func (s Spec) check() error {
	if err := checkHost(s.Host); err != nil {
		return s.wrongIfWritten("host", err)
	}
	if err := checkPort(s.Port); err != nil {
		return s.wrongIfWritten("port", err)
	}
	if err := checkLogin(s.User); err != nil {
		return s.wrongIfWritten("user", err)
	}
	switch s.HostKeyPolicy {
	case PolicyStrict, PolicyAcceptNew, PolicyInsecure:
	default:
		return s.Invalid("host_key_policy", fmt.Errorf(`%q is unknown: it is "strict", "accept-new" or "insecure"`, s.HostKeyPolicy))
	}
	if _, err := s.ParseHostKeys(); err != nil {
		return err
	}
	if err := s.checkRoute(); err != nil {
		return err
	}
	return s.checkLimits()
}

// checkLimits refuses numbers and times that the table does not allow.
func (s Spec) checkLimits() error {
	for _, d := range settingTable() {
		if d.Name == "port" {
			continue // a machine that is not dialled has none
		}
		if err := d.checkLimit(d.value(&s)); err != nil {
			return s.Invalid(d.Name, err)
		}
	}
	return nil
}

func (d Setting) checkLimit(value any) error {
	switch v := value.(type) {
	case int:
		if d.Min != 0 && (int64(v) < d.Min || int64(v) > d.Max) {
			return fmt.Errorf("%d is not between %d and %d", v, d.Min, d.Max)
		}
	case time.Duration:
		if v < 0 {
			return fmt.Errorf("%q must not be negative", v)
		}
		if v == 0 && !d.zero {
			return fmt.Errorf("%q must be longer than zero", v)
		}
	}
	return nil
}

func (s Spec) checkImage() error {
	switch {
	case s.Root == "":
		return errors.New(`transport = "image" needs root, the directory in which the image is mounted`)
	case !filepath.IsAbs(s.Root):
		return fmt.Errorf("root = %q is not an absolute path", s.Root)
	case filepath.Clean(s.Root) == "/":
		return errors.New(`root = "/" is this machine: that is transport = "local"`)
	}
	return s.checkLimits()
}
