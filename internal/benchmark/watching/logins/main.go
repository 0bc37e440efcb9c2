// Command logins logs in to SSH servers one after the other, by x/crypto and nothing else:
// the least that logins can cost in Go. It reads from standard input where and how often.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"golang.org/x/crypto/ssh"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "logins:", err)
		os.Exit(1)
	}
}

func run() error {
	var asked struct {
		Addresses    []string
		Key, HostKey string
		Logins       int
	}
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		return err
	}
	text, err := os.ReadFile(asked.Key)
	if err != nil {
		return err
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return err
	}
	host, _, _, _, err := ssh.ParseAuthorizedKey([]byte(asked.HostKey))
	if err != nil {
		return err
	}
	config := &ssh.ClientConfig{User: "root", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.FixedHostKey(host), Timeout: 5 * time.Second}
	for i := range asked.Logins {
		client, err := ssh.Dial("tcp", asked.Addresses[i%len(asked.Addresses)], config)
		if err != nil {
			return err
		}
		client.Close()
	}
	return nil
}
