package userconf

import (
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// localEnv is this machine and the account that runs the provider.
type localEnv struct {
	user string
	// home is the directory of the user database, where ssh looks for key files;
	// globHome is HOME, which it takes for the same thing in Include.
	home, globHome string
	local          *sshconf.Local
}

func currentEnv() (localEnv, error) {
	me, err := user.Current()
	if err != nil {
		return localEnv{}, fmt.Errorf("look up the local user: %w", err)
	}
	hostname, err := os.Hostname()
	if err != nil {
		return localEnv{}, fmt.Errorf("look up the name of this machine: %w", err)
	}
	here := localEnv{user: me.Username, home: me.HomeDir, globHome: me.HomeDir}
	if home, err := os.UserHomeDir(); err == nil {
		here.globHome = keyOf(home)
	}
	here.local = &sshconf.Local{Hostname: hostname, UID: me.Uid, Home: me.HomeDir, Addresses: addresses(), Env: os.LookupEnv, Word: checkWord}
	return here, nil
}

// checkWord returns an error if the value of a token must not become part of a command
// line. Values from the user database about the local account may contain blanks and
// backslashes, as home directories on Windows do; values from elsewhere may not.
func checkWord(token byte, value string) error {
	if strings.IndexByte("dui", token) >= 0 {
		value = strings.NewReplacer(" ", "_", `\`, "_").Replace(value)
	}
	if value == "" {
		return nil // as %j is without a jump host
	}
	return host.CheckToken(token, value)
}

// addresses returns those of the interfaces; without them no Match localnetwork matches.
func addresses() []string {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var texts []string
	for _, a := range found {
		if network, ok := a.(*net.IPNet); ok {
			texts = append(texts, network.IP.String())
		}
	}
	return texts
}

// expandTilde works as tilde_expand_filename (misc.c).
func expandTilde(path, home string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok {
		return path, nil
	}
	name, rest, _ := strings.Cut(rest, "/")
	if name != "" {
		other, err := user.Lookup(name)
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		home = other.HomeDir
	}
	return filepath.Join(home, rest), nil
}
