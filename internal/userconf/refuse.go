package userconf

import (
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// refusal is a keyword that decides who is reached or who is trusted in a way that
// we do not have. What the user's own settings decide is not refused.
type refusal struct {
	keyword string
	// harmless values leave things as they are.
	harmless []string
	settled  func(r *reading) bool
	reason   string
}

var refusals = []refusal{
	{"CanonicalizeHostname", []string{"no", "false"}, nil, "host names are not canonicalised here: give the full name"},
	{"CanonicalizePermittedCNAMEs", []string{"none"}, nil, "host names are not canonicalised here: give the full name"},
	{"BindAddress", nil, nil, "connections are not bound to an address here"},
	{"BindInterface", nil, nil, "connections are not bound to an interface here"},
	{"ProxyUseFdpass", []string{"no", "false"}, nil, "a proxy that passes a file descriptor is not supported here"},
	{"RevokedHostKeys", []string{"none"}, nil, "revoked keys are only known from @revoked in known_hosts here"},
	{"KnownHostsCommand", []string{"none"}, (*reading).knowsHostKeys, "host keys are not asked of a command here: give host_keys, known_hosts or known_hosts_files"},
	{"PKCS11Provider", []string{"none"}, (*reading).hasCredentials, "keys of PKCS#11 are used through an agent only: give agent = true"},
	{"RefuseConnection", nil, nil, "connections to this host are to be refused"},
	{"StrictHostKeyChecking", []string{"yes", "true", "ask", "accept-new"}, (*reading).hasPolicy,
		`it would accept any host key: say host_key_policy = "strict" or "accept-new", or "insecure" if that is what is wanted`},
}

func (r *reading) refuse() {
	for _, no := range refusals {
		s, ok := r.result.Winner(no.keyword)
		if !ok || len(s.Args) == 0 || slices.Contains(no.harmless, strings.ToLower(s.Args[0])) || no.settled != nil && no.settled(r) {
			continue
		}
		r.fail(s, "%s", no.reason)
	}
	for _, d := range r.result.Depends {
		if !d.Pos.IsZero() {
			r.fail(sshconf.Setting{Pos: d.Pos, Keyword: "cannot be decided here"}, "%s", d.Text)
		}
	}
}

func (r *reading) knowsHostKeys() bool {
	return r.said.GivesHostKeys() || r.said.PinnedHostKey != nil
}

func (r *reading) hasCredentials() bool { return r.said.OwnsCredentials() }

// hasPolicy is also true of a jump host: no policy but its own makes it less than
// strict, and what a file says for all hosts is not its own.
func (r *reading) hasPolicy() bool { return r.said.HostKeyPolicy != nil || r.said.JumpHost }
