//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// target is what the exporter is asked about.
type target struct {
	Name    string
	modules []string
	silent  bool
	Address string
}

// farm is the targets of one run.
type farm struct {
	targets   []target
	config    string
	key       string // path
	hostKey   string
	listeners []net.Listener
}

func newFarm(work string, n int, machines []*hosttest.Machine) (*farm, error) {
	f := &farm{config: filepath.Join(work, "exporter.yml"), key: filepath.Join(work, "key")}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(f.key, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, err
	}
	host, err := ssh.NewSignerFromKey(private)
	if err != nil {
		return nil, err
	}
	f.hostKey = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(host.PublicKey())))
	var hosts strings.Builder
	for i, m := range machines {
		name := fmt.Sprintf("real%d", i)
		fmt.Fprintf(&hosts, "  %s: { host: %s, port: %d, user: root, private_key_path: %s, host_keys: [%q], server: { client_alive_interval: 1m } }\n", name, m.Addr, m.Port, m.KeyPath, strings.TrimSpace(m.HostKeys[0]))
		f.targets = append(f.targets, target{Name: name, modules: []string{"login", "server"}})
	}
	for i := len(machines); i < n; i++ {
		t := target{Name: fmt.Sprintf("host%d", i), modules: []string{"login"}, silent: i%10 == 9}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		f.listeners = append(f.listeners, l)
		t.Address = l.Addr().String()
		go serve(l, host, t.silent)
		_, port, err := net.SplitHostPort(t.Address)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&hosts, "  %s: { host: 127.0.0.1, port: %s, user: root, private_key_path: %s, host_keys: [%q] }\n", t.Name, port, f.key, f.hostKey)
		f.targets = append(f.targets, t)
	}
	beside := fmt.Sprintf("modules:\n  default: { user: root, private_key: %s, known_hosts: %s, timeout: 5 }\n", f.key, f.knownHosts())
	if err := os.WriteFile(f.config+".beside", []byte(beside), 0o600); err != nil {
		return nil, err
	}
	var known strings.Builder
	for _, t := range f.targets {
		if host, port, err := net.SplitHostPort(t.Address); err == nil {
			fmt.Fprintf(&known, "[%s]:%s %s\n", host, port, f.hostKey)
		}
	}
	if err := os.WriteFile(f.knownHosts(), []byte(known.String()), 0o600); err != nil {
		return nil, err
	}
	return f, os.WriteFile(f.config, []byte("connection: { connect_timeout: 5s }\nhosts:\n"+hosts.String()), 0o600)
}

func (f *farm) knownHosts() string { return f.config + ".known" }

func (f *farm) close() {
	for _, l := range f.listeners {
		l.Close()
	}
}

// serve lets everyone in, or accepts connections and says nothing.
func serve(l net.Listener, host ssh.Signer, silent bool) {
	config := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, nil }} //nolint:nilnil // no restriction
	config.AddHostKey(host)
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if silent {
			continue // it is closed with the process
		}
		go func() {
			defer c.Close()
			server, channels, requests, err := ssh.NewServerConn(c, config)
			if err != nil {
				return
			}
			go ssh.DiscardRequests(requests)
			for channel := range channels {
				go succeed(channel)
			}
			_ = server.Wait()
		}()
	}
}

// succeed is a session in which every command succeeds at once.
func succeed(asked ssh.NewChannel) {
	session, requests, err := asked.Accept()
	if err != nil {
		return
	}
	defer session.Close()
	for r := range requests {
		_ = r.Reply(true, nil)
		if r.Type == "exec" || r.Type == "shell" {
			_, _ = session.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{}))
			return
		}
	}
}

// living are the addresses of the servers of this process that answer.
func (f *farm) living() (list []string) {
	for _, t := range f.targets {
		if !t.silent && t.Address != "" {
			list = append(list, t.Address)
		}
	}
	return list
}

// ssh is the cores that as many logins a second cost as programs of their own.
func (f *farm) ssh(ctx context.Context, perSecond float64) (float64, error) {
	const logins = 50
	took := 0.0
	for i := range logins {
		host, port, err := net.SplitHostPort(f.living()[i%len(f.living())])
		if err != nil {
			return 0, err
		}
		run := exec.CommandContext(ctx, "ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile="+f.knownHosts(), "-i", f.key, "-p", port, "root@"+host, "true")
		if out, err := run.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("ssh did not log in: %w: %s", err, out)
		}
		took += (run.ProcessState.UserTime() + run.ProcessState.SystemTime()).Seconds()
	}
	return took / logins * perSecond, nil
}

// floor is the cores that as many logins a second cost in a program that does nothing else.
func (f *farm) floor(ctx context.Context, program string, perSecond float64) (float64, error) {
	asked, err := json.Marshal(map[string]any{"Addresses": f.living(), "Key": f.key, "HostKey": f.hostKey, "Logins": 500})
	if err != nil {
		return 0, err
	}
	run := exec.CommandContext(ctx, program)
	run.Stdin, run.Stderr = bytes.NewReader(asked), os.Stderr
	if err := run.Run(); err != nil {
		return 0, err
	}
	each := (run.ProcessState.UserTime() + run.ProcessState.SystemTime()).Seconds() / 500
	return each * perSecond, nil
}
