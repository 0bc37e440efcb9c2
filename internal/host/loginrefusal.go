package host

import (
	"slices"
	"time"

	"golang.org/x/crypto/ssh"
)

func (a *attempt) offer() Offer {
	o := Offer{Method: a.method, Outcome: OfferRefused}
	if a.key != nil {
		o.Key, o.Algorithm = a.key.public.Type()+" "+ssh.FingerprintSHA256(a.key.public), a.algorithm
		o.From, o.Agent = a.key.from, a.key.held
	}
	if a.fault != nil {
		o.Reason = a.fault.Error()
	}
	switch {
	case a.passed:
		o.Outcome = OfferPartial
	case a.method == methodKey && !a.shown:
		o.Outcome = OfferWithheld
	case a.fault != nil:
		o.Outcome = OfferUnsigned
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
func (h *handshake) loginFacts(exhausted bool) *LoginFacts {
	c := h.creds
	f := &LoginFacts{Allowed: h.allowed, Passed: h.passed, Unused: slices.Clone(c.unused), Exhausted: exhausted}
	for _, a := range c.state.attempts {
		if a.method == methodInteractive && !a.shown {
			continue // a server that lists it and does not do it
		}
		f.Offers = append(f.Offers, a.offer())
		if cert := a.refusedCertificate(); cert != nil && f.CertProblem == "" {
			f.CertProblem = doubt(cert, h.spec.User, time.Now())
		}
	}
	if c.password != "" && c.state.withheld != nil {
		f.Unused = append(f.Unused, c.state.withheld.Error())
	}
	return f
}
