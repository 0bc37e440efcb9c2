package sshconf

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Local is what ssh knows of the machine and the environment that it runs in.
type Local struct {
	Hostname  string   // gethostname(2)
	UID, Home string   // of ClientQuery.LocalUser, in the user database
	Addresses []string // of the machine's interfaces, for Match localnetwork
	// Env looks up a variable of the environment.
	Env func(name string) (string, bool)
	// Exec runs the command of a Match exec and says whether it succeeded. While
	// it is nil, a Match exec depends on its command.
	Exec func(command string) (bool, error)
	// Word refuses values that must not become part of such a command.
	Word func(token byte, value string) error
}

// Tokens are the percent tokens of ssh_config(5) and what they stand for.
type Tokens map[byte]string

// Destination is where ssh goes once it has read its files.
type Destination struct {
	HostName, Port, User string
	Alias                string // HostKeyAlias
	Jump                 string // the host of the last jump host
}

// Tokens returns those that most keywords accept. Up to 9.5 there was no %j,
// and the hash of %C did not have the jump host in it.
func (q ClientQuery) Tokens(v Version, d Destination) Tokens {
	var local Local
	if q.Local != nil {
		local = *q.Local
	}
	short, _, _ := strings.Cut(local.Hostname, ".")
	alias := d.Alias
	if alias == "" {
		alias = q.Host
	}
	jump := d.Jump
	if !atLeast(v, Version{9, 6}) {
		jump = ""
	}
	hash := sha1.Sum([]byte(local.Hostname + d.HostName + d.Port + d.User + jump))
	t := Tokens{
		'C': hex.EncodeToString(hash[:]), 'L': short, 'd': local.Home, 'h': d.HostName, 'i': local.UID, 'j': jump,
		'k': alias, 'l': local.Hostname, 'n': q.Host, 'p': d.Port, 'r': d.User, 'u': q.LocalUser,
	}
	if !atLeast(v, Version{9, 6}) {
		delete(t, 'j')
	}
	return t
}

// Only returns the tokens with the given letters.
func (t Tokens) Only(letters string) Tokens {
	some := Tokens{}
	for i := range len(letters) {
		if value, ok := t[letters[i]]; ok {
			some[letters[i]] = value
		}
	}
	return some
}

// Expand replaces the tokens in text, and ${NAME} by what env says unless it is
// nil. What is put in is not expanded again.
func (t Tokens) Expand(text string, env func(string) (string, bool)) (string, error) {
	return t.expand(text, env, nil)
}

// expand is Expand with a check of each value that it puts in; nil accepts all.
func (t Tokens) expand(text string, env func(string) (string, bool), accept func(token byte, value string) error) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		name, variable := "", false
		if env != nil {
			name, variable = bracedName(text[i:])
		}
		switch {
		case variable:
			value, ok := env(name)
			if !ok {
				return "", fmt.Errorf("the environment variable %s is not set", name)
			}
			b.WriteString(value)
			i += len(name) + len("${}") - 1
		case strings.HasPrefix(text[i:], "${") && env != nil:
			return "", errors.New("a ${ has no name and closing brace")
		case text[i] != '%':
			b.WriteByte(text[i])
		default:
			i++
			value, err := t.token(text[i:])
			if err == nil && accept != nil && text[i] != '%' {
				err = accept(text[i], value)
			}
			if err != nil {
				return "", err
			}
			b.WriteString(value)
		}
	}
	return b.String(), nil
}

// bracedName is the NAME of a ${NAME} at the start of text.
func bracedName(text string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(text, "${")
	if !ok {
		return "", false
	}
	name, _, ok = strings.Cut(rest, "}")
	return name, ok && name != ""
}

func (t Tokens) token(text string) (string, error) {
	switch {
	case text == "":
		return "", errors.New("a % ends the text")
	case text[0] == '%':
		return "%", nil
	}
	value, ok := t[text[0]]
	if !ok {
		return "", fmt.Errorf("token %%%c is unknown here", text[0])
	}
	return value, nil
}

// tokens returns those that hold at this point of the reading.
func (c *client) tokens() Tokens {
	d := Destination{HostName: c.hostname(), Port: c.first["port"], User: c.first["user"], Alias: c.first["hostkeyalias"]}
	if d.Port == "" {
		d.Port = "22"
	}
	if d.User == "" {
		d.User = c.query.LocalUser
	}
	if d.Alias == "" {
		d.Alias = d.HostName // in Match exec, unlike later
	}
	if hops, err := ParseJump(c.first["proxyjump"]); err == nil && len(hops) > 0 {
		d.Jump = hops[len(hops)-1].Host
	}
	return c.query.Tokens(c.tree.Version, d)
}
