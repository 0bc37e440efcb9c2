package examples

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

// exampleWorld is what the examples are run on: the user's machine, with the engine, the
// provider, a key and a known_hosts file, and behind it the hosts that they name.
type exampleWorld struct {
	here  *hosttest.Machine
	hosts map[string]*exampleHost // by short name
	// hereLock is held by blocks that change the user's machine itself.
	hereLock sync.Mutex
}

type exampleHost struct {
	*hosttest.Machine
	before map[string]hosttest.File
	lock   sync.Mutex
}

// exampleHosts are the names that examples use, and their Debian releases.
var exampleHosts = map[string]struct{ domain, release, behind string }{
	"web1":    {"example.com", "trixie", ""},
	"web2":    {"example.com", "trixie", ""},
	"web3":    {"example.com", "bookworm", ""},
	"web4":    {"example.com", "bullseye", ""},
	"bastion": {"example.com", "trixie", ""},
	"db1":     {"example.com", "trixie", "bastion"},
	"db2":     {"example.com", "bookworm", "bastion"},
	"gateway": {"example.com", "trixie", ""},
	"runner":  {"example.org", "trixie", ""},
	"laptop":  {"example.org", "trixie", ""},
	"coolify": {"example.org", "bookworm", ""},
}

// bobsConfig and coolifyEnv are there for the examples that import them.
const (
	bobsConfig = "Match host *.example.org user git\n\tServerAliveInterval 45\n"
	coolifyEnv = "APP_ID=1\nLATEST_IMAGE=4.3.9\nSSH_MAX_RETRIES=1\n"
)

// sshd removes its pid file when it is told to reload, and writes it again when it
// listens. What notes run before a block waits for that, as an earlier reload may just
// be under way.
const (
	takePID      = "#!/bin/sh\nfile=/run/sshd.pid\nuntil pid=$(cat $file 2>/dev/null) && [ -n \"$pid\" ]; do sleep 0.1; done\n"
	reloadScript = takePID + "rm $file\nkill -HUP $pid\nuntil [ -s $file ]; do sleep 0.1; done\n"
	stopScript   = takePID + "kill $pid\nwhile kill -0 $pid 2>/dev/null; do sleep 0.1; done\n"
)

// exampleDirs are compared before and after all examples.
var exampleDirs = []string{"/etc/ssh", "/home/bob/.ssh", "/data", "/srv"}

func newExampleWorld(t *testing.T) *exampleWorld {
	t.Helper()
	public, private := acceptance.LoginKey(t)
	w := &exampleWorld{hosts: map[string]*exampleHost{}}
	w.here = hosttest.Start(t, hosttest.Options{Release: "trixie", Packages: []string{"jq"}, Files: map[string]string{
		"/root/.ssh/id_ed25519": private, "/root/.ssh/id_ed25519.pub": public,
	}})
	options := func(release string) hosttest.Options {
		o := hosttest.Options{Release: release, Files: map[string]string{"/root/.ssh/authorized_keys": public}}
		for name, sudo := range map[string]string{"admin": "nopasswd", "deploy": "", "bob": "", "jump": ""} {
			o.Users = append(o.Users, hosttest.User{Name: name, Sudo: sudo})
			o.Files["/home/"+name+"/.ssh/authorized_keys"] = public
		}
		o.Files["/etc/ssh/sshd_config.d/10-port.conf"] = "Port 22\nPort 2222\n"
		o.Files["/usr/local/bin/reload-sshd"], o.Files["/usr/local/bin/stop-sshd"] = reloadScript, stopScript
		o.Files["/home/bob/.ssh/config"] = bobsConfig
		o.Files["/etc/ssh/ssh_config.d/10-keepalive.conf"] = "Host *\n\tServerAliveInterval 60\n"
		for _, dir := range []string{"/data", "/srv"} {
			o.Files[dir+"/coolify/source/.env"] = coolifyEnv
		}
		return o
	}
	for _, direct := range []bool{true, false} {
		for name, h := range exampleHosts {
			if direct != (h.behind == "") {
				continue
			}
			o := options(h.release)
			o.Behind = w.here
			if !direct {
				o.Behind = w.hosts[h.behind].Machine
			}
			w.hosts[name] = &exampleHost{Machine: hosttest.Start(t, o)}
		}
	}
	w.introduce()
	acceptance.Equip(t, w.here)
	for _, h := range w.hosts {
		h.before = h.Snapshot(exampleDirs...)
	}
	return w
}

// introduce makes names and host keys known.
func (w *exampleWorld) introduce() {
	var names, known strings.Builder
	for name, h := range w.hosts {
		full := name + "." + exampleHosts[name].domain
		fmt.Fprintf(&names, "%s %s %s\n", h.Addr, full, name)
		for _, key := range h.HostKeys {
			fmt.Fprintf(&known, "%s,%s,%s %s\n", full, name, h.Addr, strings.TrimSpace(key))
		}
	}
	w.here.Write("/root/.ssh/known_hosts", known.String())
	w.here.Write("/root/.ssh/config", "Host web1\n\tHostName web1.example.com\n\tUser admin\n")
	w.here.Sh("chmod 600 /root/.ssh/id_ed25519; mkdir /mnt/image; mount --bind / /mnt/image")
	for _, m := range append([]*hosttest.Machine{w.here}, w.machines()...) {
		m.Write("/etc/hosts", "127.0.0.1 localhost\n"+names.String())
	}
}

func (w *exampleWorld) machines() (all []*hosttest.Machine) {
	for _, name := range slices.Sorted(maps.Keys(w.hosts)) {
		all = append(all, w.hosts[name].Machine)
	}
	return all
}

// run runs a shell script in a directory of a machine, and returns what it printed and
// its exit code.
func (w *exampleWorld) run(m *hosttest.Machine, dir, script string) (string, int) {
	out, err := m.Exec("sh", "-c", `mkdir -p "$0" && cd "$0" && export CHECKPOINT_DISABLE=1 && exec timeout 150 sh -ec "$1" 2>&1`, dir, script)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return out, exit.ExitCode()
	case err != nil:
		return out + err.Error(), -1
	}
	return out, 0
}

var hostKeyPattern = regexp.MustCompile(`ssh-ed25519 AAAA[A-Za-z0-9+/]{64} (?:root@)?(\w+)`)

// withKeys gives each host key in the text the value of the host that its comment names.
func (w *exampleWorld) withKeys(text string) (string, error) {
	var unknown error
	text = hostKeyPattern.ReplaceAllStringFunc(text, func(key string) string {
		name := hostKeyPattern.FindStringSubmatch(key)[1]
		h := w.hosts[name]
		if name == "ca" {
			return key
		}
		if h == nil {
			unknown = fmt.Errorf("the key's comment names %q, which is not a host of the examples", name)
			return key
		}
		return strings.TrimSpace(h.HostKeys[0]) + " root@" + name
	})
	if regexp.MustCompile(`ssh-ed25519 AAAA[A-Za-z0-9+/]+"`).MatchString(text) {
		unknown = errors.New("a host key has no comment that names its host")
	}
	return text, unknown
}

// machine is a host by its short name, or the user's own as "here".
func (w *exampleWorld) machine(name string) *hosttest.Machine {
	if h := w.hosts[name]; h != nil {
		return h.Machine
	}
	return w.here
}

// hold locks the machines that a group of blocks is about, in one order, so that other
// groups can run meanwhile.
func (w *exampleWorld) hold(group []block) (release func()) {
	text := ""
	for _, b := range group {
		text += b.text + fmt.Sprint(b.notes)
	}
	var held []*sync.Mutex
	if strings.Contains(text, `"local"`) || strings.Contains(text, `"image"`) {
		held = append(held, &w.hereLock)
	}
	for _, name := range slices.Sorted(maps.Keys(w.hosts)) {
		if regexp.MustCompile(`\b` + name + `\b`).MatchString(text) {
			held = append(held, &w.hosts[name].lock)
		}
	}
	for _, l := range held {
		l.Lock()
	}
	return func() {
		for _, l := range held {
			l.Unlock()
		}
	}
}
