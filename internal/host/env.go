package host

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// EnvPrefix begins the name of every environment variable that stands in for a
// connection attribute; the rest is the attribute in upper case.
const EnvPrefix = "SSHKEEPALIVE_"

// environ reads variables and keeps the first complaint about one.
type environ struct {
	lookup func(string) (string, bool)
	err    error
}

// EnvSettings is the layer of settings that the environment gives. A variable
// that is empty says nothing. Lists have one element per line, or hops separated
// by commas in SSHKEEPALIVE_JUMP.
func EnvSettings(lookup func(string) (string, bool)) (Settings, error) {
	e := &environ{lookup: lookup}
	s := Settings{
		Transport: e.text("TRANSPORT"),
		Root:      e.text("ROOT"),
		Host:      e.text("HOST"),
		Port:      e.number("PORT"),
		User:      e.text("USER"),

		PrivateKey:           e.secret("PRIVATE_KEY"),
		PrivateKeyPath:       e.text("PRIVATE_KEY_PATH"),
		PrivateKeyPassphrase: e.secret("PRIVATE_KEY_PASSPHRASE"),
		Certificate:          e.text("CERTIFICATE"),
		Password:             e.secret("PASSWORD"),
		Agent:                e.flag("AGENT"),
		AgentIdentity:        e.text("AGENT_IDENTITY"),
		AgentSocket:          e.text("AGENT_SOCKET"),
		IdentitiesOnly:       e.flag("IDENTITIES_ONLY"),

		KnownHosts:      e.text("KNOWN_HOSTS"),
		KnownHostsFiles: e.lines("KNOWN_HOSTS_FILES"),
		HostKeyPolicy:   e.text("HOST_KEY_POLICY"),
		PinnedHostKey:   nil, // belongs to one machine, and is recorded in state
		// What only an ssh_config can say has no attribute, and so no variable.

		Jump:          e.hops("JUMP"),
		ProxyCommand:  e.text("PROXY_COMMAND"),
		ProxyURL:      e.secret("PROXY_URL"),
		SSHConfigFile: e.text("SSH_CONFIG_FILE"),

		Sudo:         e.flag("SUDO"),
		SudoPassword: e.secret("SUDO_PASSWORD"),
		SudoUser:     e.text("SUDO_USER"),

		ConnectTimeout:    e.duration("CONNECT_TIMEOUT"),
		HandshakeTimeout:  e.duration("HANDSHAKE_TIMEOUT"),
		CommandTimeout:    e.duration("COMMAND_TIMEOUT"),
		ConnectWait:       e.duration("CONNECT_WAIT"),
		KeepaliveInterval: e.duration("KEEPALIVE_INTERVAL"),
		KeepaliveCountMax: e.number("KEEPALIVE_COUNT_MAX"),
		MaxSessions:       e.number("MAX_SESSIONS"),
	}
	var name string
	s.HostKeys, name = e.eitherLines("HOST_KEYS", "HOST_KEY")
	// They count for every host.
	s.HostKeyNames = KeyNames{HostKeys: EnvPrefix + name, KnownHosts: EnvPrefix + "KNOWN_HOSTS", Shared: true}
	if e.err != nil {
		return Settings{}, e.err
	}
	return s, nil
}

func (e *environ) text(name string) *string {
	value, ok := e.lookup(EnvPrefix + name)
	if !ok || value == "" {
		return nil
	}
	return &value
}

func (e *environ) secret(name string) *Secret {
	value := e.text(name)
	if value == nil {
		return nil
	}
	secret := Secret(*value)
	return &secret
}

func (e *environ) lines(name string) []string {
	var lines []string
	for line := range strings.Lines(or(e.text(name), "")) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// eitherLines reads the lines of the first name that has any: one setting may have
// two names.
func (e *environ) eitherLines(names ...string) (lines []string, name string) {
	for _, name = range names {
		if lines = e.lines(name); lines != nil {
			return lines, name
		}
	}
	return nil, names[0]
}

// hops are those of name, or the one that the names beginning with BASTION_ make,
// which unlike those can have host keys and a way to log in of its own.
func (e *environ) hops(name string) []Settings {
	if hops := e.jump(name); hops != nil {
		return hops
	}
	hop := Settings{
		Place: EnvPrefix + "BASTION_HOST", HostKeyNames: KeyNames{HostKeys: EnvPrefix + "BASTION_HOST_KEY"},
		Host: e.text("BASTION_HOST"), Port: e.number("BASTION_PORT"), User: e.text("BASTION_USER"), Password: e.secret("BASTION_PASSWORD"),
		PrivateKey: e.secret("BASTION_PRIVATE_KEY"), Certificate: e.text("BASTION_CERTIFICATE"), HostKeys: e.lines("BASTION_HOST_KEY"),
	}
	if hop.Host == nil {
		return nil
	}
	return []Settings{hop}
}

func (e *environ) jump(name string) []Settings {
	var hops []Settings
	for hop := range strings.SplitSeq(or(e.text(name), ""), ",") {
		if hop = strings.TrimSpace(hop); hop == "" {
			continue
		}
		settings, err := ParseAddress(hop)
		e.complain(name, err)
		settings.Place = EnvPrefix + name
		hops = append(hops, settings)
	}
	return hops
}

func (e *environ) number(name string) *int {
	return parsed(e, name, strconv.Atoi, "a whole number")
}

func (e *environ) flag(name string) *bool {
	return parsed(e, name, strconv.ParseBool, "true or false")
}

func (e *environ) duration(name string) *time.Duration {
	return parsed(e, name, parseDuration, `a duration such as "10s"`)
}

// parseDuration takes a number without unit for seconds, as the attributes do.
func parseDuration(text string) (time.Duration, error) {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	return time.ParseDuration(text)
}

func parsed[T any](e *environ, name string, parse func(string) (T, error), want string) *T {
	text := e.text(name)
	if text == nil {
		return nil
	}
	value, err := parse(*text)
	if err != nil {
		e.complain(name, errors.New(strconv.Quote(*text)+" is not "+want))
		return nil
	}
	return &value
}

func (e *environ) complain(name string, err error) {
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("environment variable %s: %w", EnvPrefix+name, err)
	}
}
