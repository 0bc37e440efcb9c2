// Package userconf says what a user's ssh_config makes of a host name: where to
// dial, as whom, with which keys, through which machines, and which host keys to
// expect. The answer is what ssh -F FILE NAME would do, as the lowest layer of
// host.Settings, and it comes with the lines that it is from.
//
// As for ssh -F, the system's own file is not read. What decides who is reached
// or who is trusted and is not supported is refused, with file and line; what is
// about terminals, forwards and algorithms is left out. The commands of Match
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

// Reader answers from ssh_config files. What it has read and what commands have
// said stays, so that one run of Terraform reaches the same machines from its
// beginning to its end.
type Reader struct {
	version sshconf.Version // whose reading of the text counts; zero is the newest
	// noneHides says that ProxyJump none hides a ProxyCommand after it. Debian's
	// security updates changed that without another version.
	noneHides bool

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

// Lookup says what file makes of the machine of said; see host.Lookup. ctx ends
// the wait for a command of Match exec.
func (r *Reader) Lookup(ctx context.Context, file string, said host.Settings, user string) (Answer, error) {
	answer, err := r.about(ctx, file, said, user)
	if err != nil {
		return Answer{}, &host.SettingError{Name: said.Names.Written("ssh_config_file"), Err: fmt.Errorf("for %q: %w", *said.Host, err)}
	}
	return answer, nil
}

func (r *Reader) about(ctx context.Context, file string, said host.Settings, user string) (Answer, error) {
	if said.User != nil {
		user = *said.User
	}
	if err := host.CheckDestination(*said.Host, user); err != nil {
		return Answer{}, err
	}
	here, err := whereabouts()
	if err != nil {
		return Answer{}, err
	}
	q := query(said, here)
	main, err := mainFile(file)
	if err != nil {
		return Answer{}, err
	}
	reading := newReading(r.version, q, said, user, here.home)
	reading.noneHides = r.noneHides
	key := main + "\x00" + reading.key()
	if answer, ok := r.recall(key); ok {
		return answer, nil
	}
	if reading.result, err = r.evaluate(ctx, main, q); err != nil {
		return Answer{}, err
	}
	answer, err := reading.answer()
	if err == nil {
		r.keep(key, answer)
	}
	return answer, err
}

func (r *Reader) recall(key string) (Answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	answer, ok := r.answers[key]
	return answer, ok
}

func (r *Reader) keep(key string, answer Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[key] = answer
}

// query is the command line that said amounts to.
func query(said host.Settings, here place) sshconf.ClientQuery {
	q := sshconf.ClientQuery{Host: *said.Host, LocalUser: here.user, Home: here.globHome, Local: here.local}
	if said.User != nil {
		q.User = *said.User
	}
	if said.Port != nil {
		q.Port = strconv.Itoa(*said.Port)
	}
	return q
}
