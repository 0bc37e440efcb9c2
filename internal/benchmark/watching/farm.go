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
	return f, os.WriteFile(f.config, []byte("connection: { connect_timeout: 5s }\nhosts:\n"+hosts.String()), 0o600)
}

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
				_ = channel.Reject(ssh.Prohibited, "logins only")
			}
			_ = server.Wait()
		}()
	}
}

// floor is the cores that as many logins a second cost in a program that does nothing else.
func (f *farm) floor(ctx context.Context, program string, perSecond float64) (float64, error) {
	var living []string
	for _, t := range f.targets {
		if !t.silent && t.Address != "" {
			living = append(living, t.Address)
		}
	}
	asked, err := json.Marshal(map[string]any{"Addresses": living, "Key": f.key, "HostKey": f.hostKey, "Logins": 500})
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
