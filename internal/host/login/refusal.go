package login

import (
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

func (a *attempt) offer() host.Offer {
	o := host.Offer{Method: a.method, Outcome: host.OfferRefused}
	if a.key != nil {
		o.Key, o.Algorithm = a.key.public.Type()+" "+ssh.FingerprintSHA256(a.key.public), a.algorithm
		o.From, o.Agent = a.key.from, a.key.held
	}
	if a.fault != nil {
		o.Reason = a.fault.Error()
	}
	switch {
	case a.passed:
		o.Outcome = host.OfferPartial
	case a.method == host.MethodPublicKey && !a.shown:
		o.Outcome = host.OfferWithheld
	case a.fault != nil:
		o.Outcome = host.OfferUnsigned
	}
	return o
}

// refusedCertificate is the certificate that the server did not accept, nil if the
// attempt was another one.
func (a *attempt) refusedCertificate() *ssh.Certificate {
	if a.key == nil || !a.shown || a.passed {
		return nil
	}
	cert, _ := a.key.public.(*ssh.Certificate)
	return cert
}

// loginFacts is what is known when a login was refused.
func (h *handshake) loginFacts(exhausted bool) *host.LoginFacts {
	c := h.creds
	f := &host.LoginFacts{Allowed: h.allowed, Passed: h.passed, Unused: slices.Clone(c.unused), Exhausted: exhausted}
	for _, a := range c.state.attempts {
		if a.method == host.MethodInteractive && !a.shown {
			continue // a server that lists it and does not do it
		}
		f.Offers = append(f.Offers, a.offer())
		if cert := a.refusedCertificate(); cert != nil && f.CertProblem == "" {
			f.CertProblem = certProblem(cert, h.spec.User, time.Now())
		}
	}
	if c.password != "" && c.state.withheld != nil {
		f.Unused = append(f.Unused, c.state.withheld.Error())
	}
	return f
}
