package host

import (
	"context"
	"errors"
	"fmt"
	"os/user"
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
func ResolveWith(lookup Lookup, name string, layers ...Settings) (Spec, error) {
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
	fill(&m.Transport, l.Transport)
	fill(&m.Root, l.Root)
	fill(&m.Host, l.Host)
	fill(&m.Port, l.Port)
	fill(&m.User, l.User)
	m.fillCredentials(l)
	m.fillHostKeys(l)
	m.fillRoute(l)
	fill(&m.Sudo, l.Sudo)
	fill(&m.SudoPassword, l.SudoPassword)
	fill(&m.SudoUser, l.SudoUser)
	m.fillLimits(l)
}

func (m *Settings) fillCredentials(l Settings) {
	if m.PrivateKey == nil && m.PrivateKeyPath == nil {
		m.PrivateKey, m.PrivateKeyPath = l.PrivateKey, l.PrivateKeyPath
	}
	if m.PrivateKey == nil && m.PrivateKeyPath == nil && m.AgentIdentity == nil && m.IdentityFiles == nil {
		m.IdentityFiles = l.IdentityFiles
	}
	if m.Certificate == nil && m.CertificateFiles == nil {
		m.CertificateFiles = l.CertificateFiles
	}
	fill(&m.PrivateKeyPassphrase, l.PrivateKeyPassphrase)
	fill(&m.Certificate, l.Certificate)
	fill(&m.Password, l.Password)
	fill(&m.Agent, l.Agent)
	fill(&m.AgentIdentity, l.AgentIdentity)
	fill(&m.AgentSocket, l.AgentSocket)
	fill(&m.IdentitiesOnly, l.IdentitiesOnly)
}

func (m *Settings) fillHostKeys(l Settings) {
	if m.HostKeys == nil && m.KnownHosts == nil && m.KnownHostsFiles == nil {
		m.HostKeys, m.KnownHosts, m.KnownHostsFiles = l.HostKeys, l.KnownHosts, l.KnownHostsFiles
		if l.HostKeys != nil || l.KnownHosts != nil || l.KnownHostsFiles != nil {
			m.HostKeyNames = l.HostKeyNames
		}
	}
	if m.UsualKnownHosts == nil {
		m.UsualKnownHosts = l.UsualKnownHosts
	}
	fill(&m.HostKeyPolicy, l.HostKeyPolicy)
	fill(&m.HostKeyAlias, l.HostKeyAlias)
	fill(&m.CheckHostIP, l.CheckHostIP)
	fill(&m.PinnedHostKey, l.PinnedHostKey)
}

func (m *Settings) fillRoute(l Settings) {
	if m.Jump == nil {
		m.Jump = l.Jump
	}
	if m.ProxyCommand == nil && m.ProxyURL == nil {
		m.ProxyCommand, m.ProxyURL = l.ProxyCommand, l.ProxyURL
	}
	fill(&m.AddressFamily, l.AddressFamily)
	fill(&m.SSHConfigFile, l.SSHConfigFile)
}

func (m *Settings) fillLimits(l Settings) {
	fill(&m.ConnectTimeout, l.ConnectTimeout)
	fill(&m.HandshakeTimeout, l.HandshakeTimeout)
	fill(&m.CommandTimeout, l.CommandTimeout)
	fill(&m.ConnectWait, l.ConnectWait)
	fill(&m.KeepaliveInterval, l.KeepaliveInterval)
	fill(&m.KeepaliveCountMax, l.KeepaliveCountMax)
	fill(&m.MaxSessions, l.MaxSessions)
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

func (m Settings) values(name string) Spec {
	return Spec{
		Name:      name,
		Place:     m.Place,
		JumpHost:  m.JumpHost,
		Transport: or(m.Transport, transportSSH),
		Root:      or(m.Root, ""),
		Host:      or(m.Host, ""),
		Port:      or(m.Port, 22),
		User:      or(m.User, ""),

		PrivateKey:           or(m.PrivateKey, ""),
		PrivateKeyPath:       or(m.PrivateKeyPath, ""),
		PrivateKeyPassphrase: or(m.PrivateKeyPassphrase, ""),
		Certificate:          or(m.Certificate, ""),
		Password:             or(m.Password, ""),
		Agent:                m.Agent,
		AgentIdentity:        or(m.AgentIdentity, ""),
		AgentSocket:          or(m.AgentSocket, ""),
		IdentitiesOnly:       or(m.IdentitiesOnly, m.AgentIdentity != nil),
		IdentityFiles:        m.IdentityFiles,
		CertificateFiles:     m.CertificateFiles,

		HostKeys:        m.HostKeys,
		KnownHosts:      or(m.KnownHosts, ""),
		KnownHostsFiles: m.KnownHostsFiles,
		UsualKnownHosts: m.UsualKnownHosts,
		HostKeyNames:    m.HostKeyNames,
		HostKeyPolicy:   or(m.HostKeyPolicy, policyStrict),
		HostKeyAlias:    or(m.HostKeyAlias, ""),
		CheckHostIP:     or(m.CheckHostIP, false),
		PinnedHostKey:   or(m.PinnedHostKey, ""),

		ProxyCommand:  unlessNone(or(m.ProxyCommand, "")),
		ProxyURL:      or(m.ProxyURL, ""),
		AddressFamily: or(m.AddressFamily, ""),

		Sudo:         or(m.Sudo, false),
		SudoPassword: or(m.SudoPassword, ""),
		SudoUser:     or(m.SudoUser, ""),

		ConnectTimeout:    or(m.ConnectTimeout, 10*time.Second),
		HandshakeTimeout:  or(m.HandshakeTimeout, 30*time.Second),
		CommandTimeout:    or(m.CommandTimeout, 60*time.Second),
		ConnectWait:       or(m.ConnectWait, 0),
		KeepaliveInterval: or(m.KeepaliveInterval, 15*time.Second),
		KeepaliveCountMax: or(m.KeepaliveCountMax, 3),
		MaxSessions:       or(m.MaxSessions, 5),
	}
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
		return errors.New("proxy_command and proxy_url exclude each other")
	}
	if _, err := proxyLine(s, s.Address()); err != nil {
		return fmt.Errorf("proxy_command: %w", err)
	}
	if s.ProxyURL != "" {
		_, err := parseProxy(s.ProxyURL)
		return err
	}
	return nil
}

func (s Spec) check() error {
	if err := checkHost(s.Host); err != nil {
		return err
	}
	if err := checkPort(s.Port); err != nil {
		return err
	}
	if err := checkLogin(s.User); err != nil {
		return err
	}
	switch s.HostKeyPolicy {
	case policyStrict, policyAcceptNew, policyInsecure:
	default:
		return fmt.Errorf(`host_key_policy = %q is unknown: it is "strict", "accept-new" or "insecure"`, s.HostKeyPolicy)
	}
	if _, err := parseHostKeys(s.HostKeys, s.HostKeyNames); err != nil {
		return err
	}
	if err := s.checkRoute(); err != nil {
		return err
	}
	return s.checkLimits()
}

func (s Spec) checkLimits() error {
	for _, limit := range []struct {
		name  string
		value time.Duration
	}{
		{"connect_timeout", s.ConnectTimeout},
		{"handshake_timeout", s.HandshakeTimeout},
		{"command_timeout", s.CommandTimeout},
	} {
		if limit.value <= 0 {
			return fmt.Errorf("%s = %q must be longer than nothing", limit.name, limit.value)
		}
	}
	switch {
	case s.KeepaliveInterval < 0 || s.ConnectWait < 0:
		return errors.New("keepalive_interval and connect_wait must not be negative")
	case s.KeepaliveCountMax < 1:
		return fmt.Errorf("keepalive_count_max = %d must be at least 1", s.KeepaliveCountMax)
	case s.MaxSessions < 1:
		return fmt.Errorf("max_sessions = %d must be at least 1", s.MaxSessions)
	}
	return nil
}
