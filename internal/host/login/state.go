package login

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// loginState is how far one login has come: what was tried, and what comes next. It
// follows ssh (sshconnect2.c): the method none, which x/crypto tries by itself, then keys,
// then keyboard-interactive, then the password. After a partial success all of them
// are tried again, beginning with the keys that were not used yet.
type loginState struct {
	limit    *limit
	server   string // its identification
	withheld error  // why the password is kept from this machine

	order    []string
	queue    []*candidate
	attempts []*attempt
	passed   int // partial successes

	passwordRefused bool
	// Since the last partial success:
	passwordSent     bool
	interactiveTried bool
	asked            string // the question that the password answered
}

// begin starts a login over a new connection.
func (c *credentials) begin(l *limit, passwordFirst bool) {
	c.state = loginState{limit: l, order: []string{host.MethodPublicKey, host.MethodInteractive, host.MethodPassword}, queue: slices.Clone(c.keys)}
	if passwordFirst {
		c.state.order = []string{host.MethodInteractive, host.MethodPassword, host.MethodPublicKey}
	}
	for _, key := range c.keys {
		key.tried = false
	}
}

// next is the method to try after the server said what it allows and which methods
// it has accepted, nil if nothing is left to try.
func (c *credentials) next(a *ssh.ClientAuthContext) ssh.AuthMethod {
	c.settle(len(a.PartialSuccessMethods))
	for _, method := range c.state.order {
		// A server that names no method may take any, as for ssh.
		if len(a.AllowedMethods) > 0 && !slices.Contains(a.AllowedMethods, method) {
			continue
		}
		if m := c.try(method); m != nil {
			return m
		}
	}
	if len(a.AllowedMethods) == 0 || slices.Contains(a.AllowedMethods, host.MethodPublicKey) {
		return c.trySHA256()
	}
	return nil
}

// settle notes what became of the latest attempt.
func (c *credentials) settle(passed int) {
	last := c.last()
	if last == nil {
		return
	}
	switch {
	case passed > c.state.passed:
		last.passed = true
		c.state.passed, c.state.passwordSent, c.state.interactiveTried, c.state.asked = passed, false, false, ""
		for _, key := range c.keys {
			key.tried = false
		}
	case last.method != host.MethodPublicKey && c.state.passwordSent:
		c.state.passwordRefused = true
	}
}

func (c *credentials) last() *attempt {
	if len(c.state.attempts) == 0 {
		return nil
	}
	return c.state.attempts[len(c.state.attempts)-1]
}

func (c *credentials) try(method string) ssh.AuthMethod {
	switch {
	case method == host.MethodPublicKey:
		return c.tryKey()
	case method == host.MethodInteractive && !c.state.interactiveTried && c.state.withheld == nil:
		c.state.interactiveTried = true
		c.start(&attempt{method: method})
		return ssh.KeyboardInteractive(c.answer)
	case method == host.MethodPassword && c.maySendPassword():
		c.start(&attempt{method: method, shown: true})
		return ssh.PasswordCallback(c.typePassword)
	}
	return nil
}

func (c *credentials) start(a *attempt) *attempt {
	a.creds = c
	c.state.attempts = append(c.state.attempts, a)
	return a
}

// tryKey offers the next key, nil if all were offered. x/crypto ends a login after 64
// attempts, most servers after six.
func (c *credentials) tryKey() ssh.AuthMethod {
	if last := c.last(); last != nil && last.method == host.MethodPublicKey && !last.shown {
		// x/crypto sent nothing: the server does not list the algorithm.
		if rest := after(last.key.algorithms(), last.algorithm); len(rest) > 0 {
			last.algorithm = rest[0]
			return ssh.PublicKeys(last)
		}
		last.fault = errNoAlgorithm
	}
	for len(c.state.queue) > 0 && !c.state.queue[0].tried {
		key := c.state.queue[0]
		c.state.queue = append(c.state.queue[1:], key)
		if key.tried = true; !c.refused(key) {
			return c.offer(key, key.algorithms()[0])
		}
	}
	return nil
}

// refused reports whether the server has refused the same key from another place since
// the last partial success.
func (c *credentials) refused(key *candidate) bool {
	for _, a := range slices.Backward(c.state.attempts) {
		if a.passed {
			return false
		}
		if a.key != nil && a.key != key && a.shown && !a.asked && knownhosts.SameKey(a.key.public, key.public) {
			return true
		}
	}
	return false
}

func (c *credentials) offer(key *candidate, algorithm string) ssh.AuthMethod {
	next := c.start(&attempt{method: host.MethodPublicKey, key: key, algorithm: algorithm})
	next.forced = c.acceptsSHA2Silently(key)
	return ssh.PublicKeys(next)
}

// acceptsSHA2Silently knows the one release that takes RSA keys with SHA-2 and does not say so
// (SSH_BUG_SIGTYPE74 in compat.c): that of Debian 9.
func (c *credentials) acceptsSHA2Silently(key *candidate) bool {
	return strings.HasPrefix(c.state.server, "SSH-2.0-OpenSSH_7.4") && key.public.Type() == ssh.KeyAlgoRSA
}

// trySHA256 offers RSA keys that were refused with SHA-512 with SHA-256. OpenSSH lists
// at first what it knows and not what PubkeyAcceptedAlgorithms allows. Since 9.6 it
// corrects the list, for ssh, which asks for that (ext-info-in-auth@openssh.com), and
// not for x/crypto, which does not. Before 9.6 ssh has no second try, and neither do we.
// It comes last, so that it takes no try from anything else.
func (c *credentials) trySHA256() ssh.AuthMethod {
	if !c.correctsList() {
		return nil
	}
	for _, a := range c.state.attempts {
		if a.method == host.MethodPublicKey && a.shown && !a.asked && !a.again {
			a.again = true
			if rest := after(a.key.algorithms(), a.algorithm); len(rest) > 0 {
				return c.offer(a.key, rest[0])
			}
		}
	}
	return nil
}

var openSSHVersion = regexp.MustCompile(`^SSH-2\.0-OpenSSH_(\d{1,4})\.(\d{1,4})`)

func (c *credentials) correctsList() bool {
	m := openSSHVersion.FindStringSubmatch(c.state.server)
	if m == nil {
		return false
	}
	major, _ := strconv.Atoi(m[1]) // four digits at most
	minor, _ := strconv.Atoi(m[2])
	return major > 9 || major == 9 && minor >= 6
}

func after(list []string, word string) []string {
	return list[slices.Index(list, word)+1:]
}

// maySendPassword reports whether the password is sent. It is sent once: a second try counts
// towards locking the account.
func (c *credentials) maySendPassword() bool {
	return c.password != "" && c.state.withheld == nil && !c.state.passwordRefused && !c.state.passwordSent
}

func (c *credentials) typePassword() (string, error) {
	c.state.passwordSent = true
	return c.password.Reveal(), nil
}

// answer gives the password to the one question that hides its answer. A round
// without questions, such as that of a PAM module that asks on another way, needs
// none. What is asked after the password is another question, such as for a code,
// or for a new password because the old one has expired.
func (c *credentials) answer(_, instruction string, questions []string, echos []bool) ([]string, error) {
	last := c.last()
	last.shown = true
	if len(questions) == 0 {
		return nil, nil
	}
	asked := strings.TrimSpace(strings.TrimSpace(instruction) + " " + strings.Join(questions, ""))
	if last.fault = c.answerFault(asked, questions, echos); last.fault != nil {
		return nil, last.fault
	}
	c.state.asked, c.state.passwordSent, last.asked = asked, true, true
	return []string{c.password.Reveal()}, nil
}

func (c *credentials) answerFault(asked string, questions []string, echos []bool) error {
	switch {
	case c.state.passwordRefused, c.state.passwordSent && c.state.asked == asked:
		return errors.New("the server refused the password")
	case c.state.passwordSent:
		return fmt.Errorf("after the password the server asks %q, which we cannot answer", asked)
	case len(questions) > 1 || echos[0]:
		return fmt.Errorf("the server asks %q, which a password does not answer", asked)
	case c.password == "":
		return fmt.Errorf("the server asks %q, and no password is set", asked)
	}
	return c.state.withheld
}

// latest is the method that was used last, none before any of ours.
func (c *credentials) latest() string {
	if last := c.last(); last != nil {
		return last.method
	}
	return "none"
}

// offering reports whether the server was shown anything.
func (c *credentials) offering() bool {
	return slices.ContainsFunc(c.state.attempts, func(a *attempt) bool { return a.shown })
}

// signedSlowly reports whether a person may have been waited for last. Such a login
// is not tried again: that would ask the same person again.
func (c *credentials) signedSlowly() bool {
	const patience = 5 * time.Second
	last := c.last()
	return last != nil && last.waited > patience
}

// hungUpAfter says after which attempt the connection ended, "" if there was none. An
// account that PAM refuses, such as one that has expired, is let down like that after
// a key that was good.
func (c *credentials) hungUpAfter() string {
	last := c.last()
	switch {
	case last == nil || !last.shown:
		return ""
	case last.asked && last.fault == nil:
		return fmt.Sprintf("the server closed the connection after it had accepted %s: PAM may refuse the account: ", last.offer())
	}
	return fmt.Sprintf("the server closed the connection after %s was offered: ", last.offer())
}
