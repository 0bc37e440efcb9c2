package userconf

import (
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// refusal is a keyword that decides in an unsupported way which host is reached or
// trusted. It is not an error if the provider's own settings decide instead.
type refusal struct {
	keyword string
	// harmless values change nothing.
	harmless   []string
	overridden func(r *translator) bool
	reason     string
}

var refusals = []refusal{
	{"CanonicalizeHostname", []string{"no", "false"}, nil, "host names are not canonicalised: write the full name"},
	{"CanonicalizePermittedCNAMEs", []string{"none"}, nil, "host names are not canonicalised: write the full name"},
	{"BindAddress", nil, nil, "binding to a local address is not supported"},
	{"BindInterface", nil, nil, "binding to an interface is not supported"},
	{"ProxyUseFdpass", []string{"no", "false"}, nil, "a proxy that passes a file descriptor is not supported"},
	{"RevokedHostKeys", []string{"none"}, nil, "revoked keys are read only from @revoked lines in known_hosts"},
	{"KnownHostsCommand", []string{"none"}, (*translator).knowsHostKeys, "commands that print host keys are not supported: set `host_keys`, `known_hosts` or `known_hosts_files`"},
	{"PKCS11Provider", []string{"none"}, (*translator).hasCredentials, "PKCS#11 keys are supported only through an agent: set `agent = true`"},
	{"RefuseConnection", nil, nil, "the file refuses connections to this host"},
	{"StrictHostKeyChecking", []string{"yes", "true", "ask", "accept-new"}, (*translator).hasPolicy,
		"it would accept any host key: set `host_key_policy` to `\"strict\"` or `\"accept-new\"`, or to `\"insecure\"` to accept any key"},
}

func (r *translator) refuse() {
	for _, no := range refusals {
		s, ok := r.result.Winner(no.keyword)
		if !ok || len(s.Args) == 0 || slices.Contains(no.harmless, strings.ToLower(s.Args[0])) || no.overridden != nil && no.overridden(r) {
			continue
		}
		r.failAt(s, "%s", no.reason)
	}
	for _, d := range r.result.Depends {
		if !d.Pos.IsZero() {
			r.failAt(sshconf.Setting{Pos: d.Pos, Keyword: "cannot be evaluated here"}, "%s", d.Text)
		}
	}
}

func (r *translator) knowsHostKeys() bool {
	return r.said.GivesHostKeys() || r.said.PinnedHostKey != nil
}

func (r *translator) hasCredentials() bool { return r.said.OwnsCredentials() }

// hasPolicy is also true for a jump host: only a policy of its own makes it less than
// strict, and what a file says for all hosts is not its own.
func (r *translator) hasPolicy() bool { return r.said.HostKeyPolicy != nil || r.said.JumpHost }
