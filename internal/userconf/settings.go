package userconf

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func portNumber(text string) (int, error) {
	number, err := strconv.Atoi(text)
	if err != nil {
		number, err = net.LookupPort("tcp", text)
	}
	if err != nil || number < 1 || number > 65535 {
		return 0, fmt.Errorf("%q is not a port", text)
	}
	return number, nil
}

// route sets how the machine is reached: through jump hosts or a command. A ProxyJump
// before a ProxyCommand hides the command, but ProxyJump none does so only in
// releases before 10.3 that have no security update of 2026 (readconf.c, commit
// 0a0ef4515): Debian's 8.4 ignores the command, its 9.2p1-2+deb12u10 and
// 10.0p2-7+deb13u4 use it.
func (r *translator) route() {
	if hops := r.jumps(); len(hops) > 0 {
		r.throughHosts(hops)
		return
	}
	command, ok := r.result.Winner("ProxyCommand")
	jump, other := r.result.Winner("ProxyJump")
	if !ok || r.jumpNoneHidesCommand && other && jump.Order < command.Order || strings.EqualFold(command.Rest, "none") {
		return
	}
	r.used = append(r.used, "ProxyCommand")
	if command.Rest == "-" {
		r.failAt(command, "standard input is not a connection here")
	}
	line, err := r.proxyCommand(command.Rest)
	if err != nil {
		r.failAt(command, "%w", err)
	}
	r.layer.ProxyCommand = &line
}

func (r *translator) throughHosts(hops []sshconf.Jump) {
	s, _ := r.result.Winner("ProxyJump")
	for _, hop := range hops {
		settings, err := r.hop(hop)
		if err != nil {
			r.failAt(s, "%w", err)
		}
		settings.Names = host.Names{"host": wordAt(s), "user": wordAt(s), "port": wordAt(s)}
		r.layer.Jump = append(r.layer.Jump, settings)
	}
}

// hop knows the tokens of ProxyCommand, because ssh makes one of a ProxyJump.
func (r *translator) hop(hop sshconf.Jump) (host.Settings, error) {
	var settings host.Settings
	tokens := r.tokens.Only("hknpr")
	name, err := tokens.Expand(hop.Host, nil)
	if err != nil {
		return settings, err
	}
	settings.Host, settings.Place = &name, "jump host "+name
	if hop.User != "" {
		user, err := tokens.Expand(hop.User, nil)
		if err != nil {
			return settings, err
		}
		settings.User = &user
	}
	if hop.Port != "" {
		port, err := portNumber(hop.Port)
		if err != nil {
			return settings, err
		}
		settings.Port = &port
	}
	return settings, nil
}

// proxyCommand replaces the tokens that only we know. The others are replaced when
// the command is run, since the address may be another one by then.
func (r *translator) proxyCommand(text string) (string, error) {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "%")
		b.WriteString(before)
		switch {
		case !ok:
			return b.String(), nil
		case rest == "":
			return "", errors.New("% at the end of the text")
		case strings.IndexByte("nk", rest[0]) >= 0:
			value := r.tokens[rest[0]]
			if err := checkWord(rest[0], value); err != nil {
				return "", err
			}
			b.WriteString(strings.ReplaceAll(value, "%", "%%"))
		case strings.IndexByte("%hpr", rest[0]) >= 0:
			b.WriteString("%" + rest[:1])
		default:
			return "", fmt.Errorf("unknown token %%%c", rest[0])
		}
		text = rest[1:]
	}
}

// identities sets the key files and certificates to try.
func (r *translator) identities() {
	r.layer.IdentityFiles = r.files("IdentityFile")
	r.layer.CertificateFiles = r.files("CertificateFile")
	r.layer.IdentitiesOnly = r.flag("IdentitiesOnly")
	if arg, _, ok := r.first("PubkeyAuthentication"); ok && isNo(arg) {
		never := false
		r.layer.IdentityFiles, r.layer.Agent = []string{}, &never
	}
}

// files are the arguments of all lines of a keyword, nil if there are none.
func (r *translator) files(keyword string) []string {
	var files []string
	for _, s := range r.result.Winners(keyword) {
		r.used = append(r.used, s.Keyword)
		if files == nil {
			files = []string{}
		}
		if len(s.Args) == 0 || strings.EqualFold(s.Args[0], "none") {
			continue
		}
		file, err := r.expand(s.Args[0])
		if err != nil {
			r.failAt(s, "%w", err)
		}
		files = append(files, file)
	}
	return files
}

func (r *translator) flag(keyword string) *bool {
	arg, _, ok := r.first(keyword)
	if !ok {
		return nil
	}
	yes := !isNo(arg)
	return &yes
}

func isNo(word string) bool { return strings.EqualFold(word, "no") || strings.EqualFold(word, "false") }

// agent is IdentityAgent: a socket, or the variable that names one.
func (r *translator) agent() {
	arg, s, ok := r.first("IdentityAgent")
	if !ok || arg == "SSH_AUTH_SOCK" {
		return
	}
	never := false
	if name, variable := strings.CutPrefix(arg, "$"); variable && !strings.HasPrefix(name, "{") {
		socket, set := os.LookupEnv(name)
		if set {
			r.layer.AgentSocket = &socket
		} else {
			r.layer.Agent = &never
		}
		return
	}
	if strings.EqualFold(arg, "none") {
		r.layer.Agent = &never
		return
	}
	socket, err := r.expand(arg)
	if err != nil {
		r.failAt(s, "%w", err)
	}
	r.layer.AgentSocket = &socket
}

// hostKeys sets the known_hosts files and the policy. StrictHostKeyChecking can weaken
// the policy only to accept-new; ask is strict, because there is no terminal to ask on.
func (r *translator) hostKeys() {
	if arg, _, ok := r.first("StrictHostKeyChecking"); ok && strings.EqualFold(arg, "accept-new") {
		policy := "accept-new"
		r.layer.HostKeyPolicy = &policy
	}
	r.layer.CheckHostIP = r.flag("CheckHostIP")
	own, mine := r.knownHosts("UserKnownHostsFile", r.expand)
	global, systems := r.knownHosts("GlobalKnownHostsFile", func(file string) (string, error) { return expandTilde(file, r.home) })
	if !mine && !systems {
		return
	}
	if !mine {
		own, _ = r.expanded([]string{"~/.ssh/known_hosts", "~/.ssh/known_hosts2"}, r.expand)
	}
	if !systems {
		global = []string{"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}
	}
	r.layer.DefaultKnownHosts = append(append([]string{}, own...), global...)
}

func (r *translator) knownHosts(keyword string, expand func(string) (string, error)) (files []string, ok bool) {
	first, s, ok := r.first(keyword)
	if !ok || strings.EqualFold(first, "none") {
		return nil, ok
	}
	files, err := r.expanded(s.Args, expand)
	if err != nil {
		r.failAt(s, "%w", err)
	}
	return files, true
}

func (r *translator) expanded(files []string, expand func(string) (string, error)) ([]string, error) {
	names := make([]string, len(files))
	for i, file := range files {
		name, err := expand(file)
		if err != nil {
			return nil, err
		}
		names[i] = name
	}
	return names, nil
}

// timeouts sets the timeouts. ssh without a ConnectTimeout waits without a limit, which
// this package does not; and a ServerAliveCountMax of 0, with which ssh cuts healthy
// sessions, is treated as 1.
func (r *translator) timeouts() {
	if d := r.duration("ConnectTimeout"); d != nil && *d > 0 {
		r.layer.ConnectTimeout = d
	}
	r.layer.KeepaliveInterval = r.duration("ServerAliveInterval")
	if arg, s, ok := r.first("ServerAliveCountMax"); ok {
		count, err := strconv.Atoi(arg)
		if err != nil {
			r.failAt(s, "%w", err)
		}
		count = max(count, 1)
		r.layer.KeepaliveCountMax = &count
	}
}

func (r *translator) duration(keyword string) *time.Duration {
	arg, s, ok := r.first(keyword)
	if !ok {
		return nil
	}
	seconds, err := sshconf.ParseTime(arg)
	if err != nil {
		r.failAt(s, "%w", err)
	}
	d := time.Duration(seconds) * time.Second
	return &d
}
