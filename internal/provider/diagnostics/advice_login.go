package diagnostics

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// loginAdvice is what to do about a login that was refused.
func loginAdvice(e *host.Error) string {
	return loginStep(e) + " We tried once: sshd locks addresses out that fail repeatedly."
}

func loginStep(e *host.Error) string {
	f := e.Login
	switch {
	case f == nil:
		return "Check the user and the key, and the user's authorized_keys on the host."
	case f.Exhausted:
		return "The server ended the login after too many keys. Set `agent_identity` to the comment or the fingerprint of the right key, or `private_key_path` to its file."
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
		return "The server does not take the signatures of an RSA key: " + takeRSA
	case o.Outcome == host.OfferUnsigned && o.Agent:
		return "Unlock or touch the key when the agent asks for it, and run Terraform again. Or set `private_key_path` to another key."
	case o.Outcome == host.OfferUnsigned && o.Key == "":
		return askedAdvice(e)
	case o.Outcome == host.OfferRefused && o.Key == "" && e.Names["password"] != "":
		return fmt.Sprintf("Correct `%s`, or log in with a key.", e.Names["password"])
	}
	return ""
}

const takeRSA = "log in with an Ed25519 key, or write `PubkeyAcceptedAlgorithms +rsa-sha2-512` into sshd_config of the host."

// askedAdvice is about a question that was not answered.
func askedAdvice(e *host.Error) string {
	if e.Names["password"] == "" {
		return "Set `password` to the user's password, or `private_key_path` to the file of a key that the server takes."
	}
	return fmt.Sprintf("Correct `%s`, or log in with a key: only one question, for the password, can be answered here.", e.Names["password"])
}

// besidesAdvice is about a server that wants more than one method.
func besidesAdvice(e *host.Error) string {
	switch wanted := e.Login.Allowed; {
	case slices.Contains(wanted, "publickey"):
		return "The server wants a key besides: set `private_key_path` to the file of one that it takes."
	case e.Names["password"] == "":
		return "The server wants more than a key: set `password` besides."
	}
	return fmt.Sprintf("The server wants another method besides. Correct `%s`; a code cannot be given here.", e.Names["password"])
}

func keyAdvice(e *host.Error) string {
	if allowed := e.Login.Allowed; len(allowed) > 0 && !slices.Contains(allowed, "publickey") {
		return fmt.Sprintf("The server takes no keys from this user, but %s: set `password`, or allow `PubkeyAuthentication` in its sshd_config.", strings.Join(allowed, ", "))
	}
	user := "set `user`, which is the local user's name if it is not given"
	if as := e.Names["user"]; as != "" {
		user = fmt.Sprintf("correct `%s`", as)
	}
	step := fmt.Sprintf("Add the public key to ~/.ssh/authorized_keys of %s on the host, or %s.", e.User, user)
	if slices.ContainsFunc(e.Login.Offers, func(o host.Offer) bool { return strings.HasPrefix(o.Algorithm, "rsa-") }) {
		step += " If the RSA key is there already, sshd may not take its signatures: " + takeRSA
	}
	if e.Login.CertProblem != "" {
		step = "Renew the certificate: " + e.Login.CertProblem + ". Or: " + step
	}
	return step
}

// noKeyAdvice is about a login without anything to offer.
func noKeyAdvice(f *host.LoginFacts) string {
	step := "Set `private_key_path` to the file of a key, or the variable SSHKEEPALIVE_PRIVATE_KEY_PATH, or start an agent that holds one."
	if slices.Contains(f.Allowed, "password") || slices.Contains(f.Allowed, "keyboard-interactive") {
		step += " The server also takes a password: set `password`."
	}
	return step + " The guide \"Ways in\" lists the files that are tried without a setting."
}
