package host

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ConfigLookup says what an ssh_config file makes of a machine. said is what is known
// about it already: its Host is the name to look up, as typed after ssh, and its
// User and Port are those that ssh would be given. user is who logs in if the
// file does not say. The answer is what the file says and said does not, and as
// its Host where to dial.
type ConfigLookup func(file string, said Settings, user string) (Settings, error)

// none is the word for no file, as for ssh -F, and for no command.
const none = "none"

// maxJumps ends chains of jump hosts, where a file gives each another one.
const maxJumps = 16

// resolver makes specs out of merged settings.
type resolver struct {
	lookup ConfigLookup
}

func (r resolver) target(name string, own Settings) (Spec, error) {
	said, err := r.ask(own, "")
	if err != nil {
		return Spec{}, err
	}
	spec, err := r.machine(name, own, own.over(said), nil)
	return spec.outward(), err
}

// ask consults the file that said names about its machine.
func (r resolver) ask(said Settings, user string) (Settings, error) {
	file := or(said.SSHConfigFile, none)
	if strings.EqualFold(file, none) || file == "" || or(said.Transport, TransportSSH) != TransportSSH {
		return Settings{}, nil
	}
	if r.lookup == nil {
		return Settings{}, &SettingError{Name: said.Names.Written("ssh_config_file"), Err: errors.New("nothing here reads it")}
	}
	if err := CheckDestination(or(said.Host, ""), or(said.User, user)); err != nil {
		return Settings{}, err
	}
	return r.lookup(file, said, user)
}

// over is own with what a file says about the same machine. The file's HostName
// takes the place of the name that was looked up. An own way to the machine
// silences the file's: one may go through jump hosts or through a command.
func (own Settings) over(said Settings) Settings {
	if own.Jump != nil || own.ProxyCommand != nil {
		said.Jump, said.ProxyCommand = nil, nil
	}
	if own.ProxyURL != nil {
		said.ProxyCommand = nil
	}
	fill(&said.Host, own.Host)
	own.Host, own.Names = said.Host, own.Names.with(said.Names, "host")
	own.fill(said)
	return own
}

// machine fills in the defaults of full and checks it. own is what full was
// before a file was asked: what its jump hosts inherit. chain is the machines
// that are reached through this one.
func (r resolver) machine(name string, own, full Settings, chain []string) (Spec, error) {
	s := full.values(name)
	switch s.Transport {
	case TransportLocal:
		s.Host, s.Port, s.User = "", 0, ""
		return s, s.checkLimits()
	case TransportSSH:
	case TransportImage:
		s.Host, s.Port, s.User = "", 0, ""
		return s, s.checkImage()
	default:
		return Spec{}, s.Invalid("transport", fmt.Errorf(`%q is unknown: it is "ssh", "local" or "image"`, s.Transport))
	}
	if own.User != nil {
		if err := checkUser(*own.User); err != nil {
			return Spec{}, s.wrongIfWritten("user", err)
		}
	}
	if err := s.fillUser(); err != nil {
		return Spec{}, err
	}
	if err := s.check(); err != nil {
		return Spec{}, err
	}
	// What is written down by hand has an end, and a machine that needs no jump host
	// is one, even if it is met twice: the bastion itself is managed like the others.
	if own.Jump != nil {
		chain = nil
	} else if len(full.Jump) > 0 && (slices.Contains(chain, s.String()) || len(chain) > maxJumps) {
		return Spec{}, fmt.Errorf("the chain of jump hosts does not end: %s -> %s", strings.Join(chain, " -> "), s)
	}
	chain = append(slices.Clip(chain), s.String())
	for i, hop := range full.Jump {
		via, err := r.hop(i, own, hop, chain)
		if err != nil {
			return Spec{}, fmt.Errorf("%s: %w", cmp.Or(hop.Place, fmt.Sprintf("jump[%d]", i)), err)
		}
		s.Jump = append(s.Jump, via.hops()...)
	}
	return s, nil
}

// hops is the way to s and s itself as hops for another machine. A proxy stands
// at the first of them.
func (s Spec) hops() []Spec {
	before := s.Jump
	s.Jump = nil
	if len(before) > 0 && s.proxied() {
		before[0].ProxyCommand, before[0].ProxyURL = s.ProxyCommand, s.ProxyURL
		before[0].Names = before[0].Names.with(s.Names, "proxy_command", "proxy_url")
		s.ProxyCommand, s.ProxyURL = "", ""
	}
	return append(before, s)
}

func (s Spec) proxied() bool { return s.ProxyCommand != "" || s.ProxyURL != "" }

// outward moves the proxy of the first hop to where hop looks for it.
func (s Spec) outward() Spec {
	if len(s.Jump) == 0 {
		return s
	}
	first := &s.Jump[0]
	if !s.proxied() {
		s.ProxyCommand, s.ProxyURL = first.ProxyCommand, first.ProxyURL
		s.Names = s.Names.with(first.Names, "proxy_command", "proxy_url")
	}
	first.ProxyCommand, first.ProxyURL = "", ""
	return s
}

// hop resolves a jump host. What it says about itself comes first, then what the
// file says about logging in there, then the target's way of logging in, then the
// rest of the file: a User that the file has for the jump host is about it, the
// target's is not.
func (r resolver) hop(i int, target, hop Settings, chain []string) (Spec, error) {
	if i > 0 && (hop.ProxyCommand != nil || hop.ProxyURL != nil) {
		return Spec{}, errors.New("a proxy is only possible on the way to the first hop")
	}
	inherited := target.inheritance()
	asked := hop
	asked.JumpHost = true
	asked.fill(inherited.withoutLogin())
	if asked.SSHConfigFile == nil {
		asked.SSHConfigFile, asked.Names = target.SSHConfigFile, asked.Names.with(target.Names, "ssh_config_file")
	}
	said, err := r.ask(asked, or(inherited.User, ""))
	if err != nil {
		return Spec{}, err
	}
	// Only the first hop has a way of its own, as under ssh -J.
	if i > 0 || target.ProxyCommand != nil {
		said.Jump, said.ProxyCommand = nil, nil
	}
	if target.ProxyURL != nil {
		said.ProxyCommand = nil
	}
	own := asked.inherit(inherited, hop.OwnsCredentials())
	full := asked
	fill(&full.User, said.User)
	full.fill(said.credentials())
	full = full.inherit(inherited, hop.OwnsCredentials() || said.IdentityFiles != nil)
	// Several machines may share the jump host, and its errors: no name of one of them.
	return r.machine("", own, full.over(said), chain)
}

// inherit fills m, without the credentials if m has its own.
func (m Settings) inherit(from Settings, owns bool) Settings {
	if owns {
		from = from.withoutCredentials()
	}
	m.fill(from)
	return m
}

// inheritance is what a jump host takes from the machine behind it. Never its
// host keys, which would let the target stand in for the jump host, nor its policy
// about them: trust in one machine is not trust in another. Nor its port, root or
// route, nor what only a file said.
func (m Settings) inheritance() Settings {
	m = m.cleared(func(d Setting) bool { return d.use == ofMachine })
	m.Jump = nil
	return m
}

func (m Settings) withoutLogin() Settings {
	m = m.withoutCredentials()
	m.User = nil
	return m
}

func (m Settings) withoutCredentials() Settings {
	return m.cleared(func(d Setting) bool { return d.use == ofLogin || d.use == asLogin })
}

// credentials is what m says about logging in, but for the user.
func (m Settings) credentials() Settings {
	m = m.cleared(func(d Setting) bool { return d.use != ofLogin && d.use != asLogin && d.behind == nil })
	m.Jump = nil
	return m
}

// cleared is m without some settings.
func (m Settings) cleared(which func(Setting) bool) Settings {
	for _, d := range settingTable() {
		if which(d) {
			d.clear(&m)
		}
	}
	return m
}

// OwnsCredentials reports whether m says itself how to log in.
func (m Settings) OwnsCredentials() bool {
	return slices.ContainsFunc(settingTable(), func(d Setting) bool { return d.use == asLogin && d.given(&m) })
}

// GivesHostKeys reports whether m says which host keys to accept.
func (m Settings) GivesHostKeys() bool {
	return slices.ContainsFunc(settingTable(), func(d Setting) bool { return d.group == hostKeyGroup && d.given(&m) })
}
