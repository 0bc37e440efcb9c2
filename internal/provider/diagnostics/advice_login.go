package diagnostics

import (
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// loginAdvice is what to do about a login that was refused.
func loginAdvice(e *host.Error) string {
	return loginStep(e) + " " + remedyOf(TriedOnce)
}

func loginStep(e *host.Error) string {
	f := e.Login
	switch {
	case f == nil:
		return remedyOf(CheckLogin)
	case f.Exhausted:
		return remedyOf(TooManyKeys)
	case len(f.Passed) > 0:
		return besidesAdvice(e)
	}
	for _, o := range f.Offers {
		if step := offerAdvice(e, o); step != "" {
			return step
		}
	}
	if slices.ContainsFunc(f.Offers, func(o host.Offer) bool { return o.Key != "" }) {
		return keyAdvice(e)
	}
	return noKeyAdvice(f)
}

// offerAdvice is about one thing that was tried and failed in a way of its own, "" for
// a key that was refused.
func offerAdvice(e *host.Error, o host.Offer) string {
	switch {
	case o.Outcome == host.OfferWithheld:
		return remedyOf(RSASignature)
	case o.Outcome == host.OfferUnsigned && o.Agent:
		return remedyOf(UnlockAgent)
	case o.Outcome == host.OfferUnsigned && o.Key == "":
		return askedAdvice(e)
	case o.Outcome == host.OfferRefused && o.Key == "" && e.Names["password"] != "":
		return remedyOf(WrongPassword, "setting", e.Names["password"])
	}
	return ""
}

// askedAdvice is about a question that was not answered.
func askedAdvice(e *host.Error) string {
	if e.Names["password"] == "" {
		return remedyOf(AskedForPassword)
	}
	return remedyOf(AskedForMore, "setting", e.Names["password"])
}

// besidesAdvice is about a server that wants more than one method.
func besidesAdvice(e *host.Error) string {
	switch wanted := e.Login.Allowed; {
	case slices.Contains(wanted, "publickey"):
		return remedyOf(KeyBesides)
	case e.Names["password"] == "":
		return remedyOf(PasswordBesides)
	}
	return remedyOf(MethodBesides, "setting", e.Names["password"])
}

// keyAdvice is about keys that were all refused.
func keyAdvice(e *host.Error) string {
	if allowed := e.Login.Allowed; len(allowed) > 0 && !slices.Contains(allowed, "publickey") {
		return remedyOf(NoKeysTaken, "methods", strings.Join(allowed, ", "))
	}
	other := remedyOf(SetUser)
	if as := e.Names["user"]; as != "" {
		other = remedyOf(CorrectUser, "setting", as)
	}
	step := remedyOf(AuthorizeKey, "user", e.User, "other", other)
	if slices.ContainsFunc(e.Login.Offers, func(o host.Offer) bool { return strings.HasPrefix(o.Algorithm, "rsa-") }) {
		step += " " + remedyOf(RSAToo)
	}
	if e.Login.CertProblem != "" {
		step = remedyOf(RenewCertificate, "problem", e.Login.CertProblem, "other", step)
	}
	return step
}

// noKeyAdvice is about a login without anything to offer.
func noKeyAdvice(f *host.LoginFacts) string {
	step := remedyOf(NothingToOffer)
	if slices.Contains(f.Allowed, "password") || slices.Contains(f.Allowed, "keyboard-interactive") {
		step += " " + remedyOf(PasswordIsTaken)
	}
	return step + " " + remedyOf(GuideListsFiles)
}
