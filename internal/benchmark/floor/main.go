// Command floor is the least that looking at hosts over SSH can cost in Go: one
// connection to each, one command, the end. It reads from standard input how they
// are reached and what they are asked, and insists that every one answers. It has
// no pool, no keepalive, no retries, and knows nothing of what it asks.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"

	"golang.org/x/crypto/ssh"
)

// host is how one host is reached.
type host struct {
	Address string // with the port
	Key     string // PEM
	HostKey string // as in authorized_keys
}

func main() {
	parallel := flag.Int("parallel", 1, "how many hosts are asked at a time")
	flag.Parse()
	if err := run(*parallel); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(parallel int) error {
	var asked struct {
		Command string
		Hosts   []host
	}
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return fmt.Errorf("read what is asked: %w", err)
	}
	var (
		wg     sync.WaitGroup
		errs   = make([]error, len(asked.Hosts))
		places = make(chan struct{}, parallel)
	)
	for i, h := range asked.Hosts {
		places <- struct{}{}
		wg.Go(func() {
			errs[i] = h.ask(asked.Command)
			<-places
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (h host) ask(command string) error {
	client, err := h.connect()
	if err != nil {
		return fmt.Errorf("connect to %s: %w", h.Address, err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return fmt.Errorf("open a session at %s: %w", h.Address, err)
	}
	if _, err := session.Output(command); err != nil {
		return fmt.Errorf("run the command at %s: %w", h.Address, err)
	}
	return nil
}

func (h host) connect() (*ssh.Client, error) {
	signer, err := ssh.ParsePrivateKey([]byte(h.Key))
	if err != nil {
		return nil, err
	}
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(h.HostKey))
	if err != nil {
		return nil, err
	}
	return ssh.Dial("tcp", h.Address, &ssh.ClientConfig{
		User:              "root",
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyAlgorithms: []string{hostKey.Type()},
		HostKeyCallback:   ssh.FixedHostKey(hostKey),
	})
}
