package login

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
)

// candidate is a key, or a certificate, that may be offered.
type candidate struct {
	public ssh.PublicKey
	signer ssh.AlgorithmSigner // signs with the plain key
	held   bool                // the agent signs
	from   string              // where the key is from, for messages
	fault  error               // why signer is nil
	// publicUnknown says that ssh does not know the public half before it has read the
	// private one: an old PEM file without a .pub. It is not compared with others.
	publicUnknown bool
	tried         bool // since the last partial success
}

// algorithms are the signature algorithms that the key can be offered with, in ssh's
// order, and never SHA-1.
func (k *candidate) algorithms() []string {
	if plain := knownhosts.Plain(k.public).Type(); plain != ssh.KeyAlgoRSA {
		return []string{plain}
	}
	return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
}

// attempt is one thing that was tried in order to log in. For a key it is what
// x/crypto takes for the signer of that key: it knows one signature algorithm, so
// that x/crypto either uses that one or sends nothing.
type attempt struct {
	creds     *credentials
	method    string
	key       *candidate
	algorithm string
	forced    bool // use algorithm although the server does not list it

	shown  bool  // to the server
	asked  bool  // to sign: the server would accept the key
	fault  error // why it was not completed
	passed bool  // it was accepted, and the server wants more
	again  bool  // it was tried with another algorithm
	waited time.Duration
}

// shownKey notes that x/crypto sends the key: it asks for the type in order to
// choose an algorithm, and for the whole only when it has found one.
type shownKey struct {
	ssh.PublicKey
	attempt *attempt
}

func (k shownKey) Marshal() []byte {
	k.attempt.shown = true
	return k.PublicKey.Marshal()
}

// Type of a key whose algorithm is forced is that algorithm, for which x/crypto
// takes the type where the server lists no algorithm that is known for it.
func (k shownKey) Type() string {
	if k.attempt.forced {
		return k.attempt.algorithm
	}
	return k.PublicKey.Type()
}

func (a *attempt) PublicKey() ssh.PublicKey { return shownKey{a.key.public, a} }

func (a *attempt) Algorithms() []string { return []string{a.algorithm} }

func (a *attempt) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return a.SignWithAlgorithm(rand, data, a.algorithm)
}

func (a *attempt) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	a.asked = true
	signature, err := a.sign(rand, data, algorithm)
	if err == nil && signature.Format != algorithm {
		err = fmt.Errorf("the signature is %s, not the %s that was asked for", signature.Format, algorithm)
	}
	if err != nil {
		a.fault = err
		return nil, err
	}
	return signature, nil
}

func (a *attempt) sign(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	if !a.key.held {
		return a.key.signer.SignWithAlgorithm(rand, data, algorithm)
	}
	began := time.Now()
	defer a.creds.state.limit.pause()()
	defer func() { a.waited = time.Since(began) }()
	return a.creds.agent.sign(a.key.signer, data, algorithm)
}

var errNoAlgorithm = errors.New("the server accepts neither rsa-sha2-512 nor rsa-sha2-256 signatures, and SHA-1 is not used")
