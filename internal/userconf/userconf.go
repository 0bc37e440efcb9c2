// Package userconf looks up a host name in a user's ssh_config: the address to dial, the
// account, the keys, the jump hosts, and the expected host keys. The answer is what
// ssh -F FILE NAME would do, as the lowest layer of host.Settings, with the lines that it
// comes from.
//
// As for ssh -F, the system's own file is not read. A keyword that decides which
// host is reached or trusted and is not supported is an error, with file and line; keywords
// for terminals, forwards and algorithms are left out. The commands of Match
// exec are run as ssh runs them.
//
// The package knows ssh_config(5), the files of this machine and its commands. It
// must not know how layers are merged, how a machine is dialled, nor Terraform.
package userconf

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Reader answers from ssh_config files. It caches the files and the results of commands,
// so that one run reaches the same machines from its beginning to its end.
type Reader struct {
	version sshconf.Version // the release whose rules apply; zero is the newest
	// jumpNoneHidesCommand says that ProxyJump none hides a ProxyCommand after it. Debian's
	// security updates changed that without another version.
	jumpNoneHidesCommand bool

	mu      sync.Mutex
	files   map[string]source
	runs    map[string]*run
	answers map[string]Answer // a plan asks about each machine several times, and about a bastion for each
}

// New returns a reader that has read nothing.
func New() *Reader {
	return &Reader{files: map[string]source{}, runs: map[string]*run{}, answers: map[string]Answer{}}
}

// Answer is what a file says about a machine.
type Answer struct {
	Settings host.Settings
	// Trail lists the keywords that were found, each with file and line, and
	// whether it was used. It holds no values.
	Trail []string
}

// Lookup returns what file says about the machine of said; see host.Lookup. ctx ends
// the wait for a command of Match exec.
func (r *Reader) Lookup(ctx context.Context, file string, said host.Settings, user string) (Answer, error) {
	answer, err := r.lookup(ctx, file, said, user)
	if err != nil {
		return Answer{}, &host.SettingError{Name: said.Names.Written("ssh_config_file"), Err: fmt.Errorf("for %q: %w", *said.Host, err)}
	}
	return answer, nil
}

func (r *Reader) lookup(ctx context.Context, file string, said host.Settings, user string) (Answer, error) {
	if said.User != nil {
		user = *said.User
	}
	if err := host.CheckDestination(*said.Host, user); err != nil {
		return Answer{}, err
	}
	here, err := currentEnv()
	if err != nil {
		return Answer{}, err
	}
	q := query(said, here)
	main, err := mainFile(file)
	if err != nil {
		return Answer{}, err
	}
	translator := newTranslator(r.version, q, said, user, here.home)
	translator.jumpNoneHidesCommand = r.jumpNoneHidesCommand
	key := main + "\x00" + translator.key()
	if answer, ok := r.cached(key); ok {
		return answer, nil
	}
	if translator.result, err = r.evaluate(ctx, main, q); err != nil {
		return Answer{}, err
	}
	answer, err := translator.answer()
	if err == nil {
		r.store(key, answer)
	}
	return answer, err
}

func (r *Reader) cached(key string) (Answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer, ok := r.answers[key]
	return answer, ok
}

func (r *Reader) store(key string, answer Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[key] = answer
}

// query returns the ssh command line that said is equivalent to.
func query(said host.Settings, here localEnv) sshconf.ClientQuery {
	q := sshconf.ClientQuery{Host: *said.Host, LocalUser: here.user, Home: here.globHome, Local: here.local}
	if said.User != nil {
		q.User = *said.User
	}
	if said.Port != nil {
		q.Port = strconv.Itoa(*said.Port)
	}
	return q
}
