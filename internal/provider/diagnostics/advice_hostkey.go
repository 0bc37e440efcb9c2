package diagnostics

import (
	"cmp"
	"net"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// hostKeyAdvice is what to do about a host key that was refused.
func hostKeyAdvice(e *host.Error) string {
	facts := e.HostKey
	if facts == nil {
		facts = &host.HostKeyFacts{}
	}
	switch e.Kind {
	case host.HostKeyRevoked:
		return remedyOf(KeyRevoked, "place", e.RecordedAt)
	case host.HostKeyChanged:
		return remedyOf(KeyChanged, "compare", compare(facts), "replace", replaceKey(e, facts))
	default: // not known
	}
	if facts.Shared && e.RecordedAt != "" {
		return remedyOf(KeyOfAnotherHost, "setting", facts.Given, "compare", compare(facts))
	}
	return remedyOf(KeyUnknown, "keyscan", keyscan(e.Address, shortType(facts)), "compare", compare(facts), "give", giveKey(facts), "accept", firstContact(facts))
}

// compare says how to find out which key is the right one.
func compare(facts *host.HostKeyFacts) string {
	return remedyOf(CompareKey, "type", shortType(facts))
}

// shortType is the type of the shown key as files and programs call it: ed25519,
// ecdsa, rsa.
func shortType(facts *host.HostKeyFacts) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(facts.OfferedType, "ssh-"), "-")
	return cmp.Or(kind, "ed25519")
}

// replaceKey says how to record the new key in the place of the old one.
func replaceKey(e *host.Error, facts *host.HostKeyFacts) string {
	switch {
	case facts.Record && facts.JumpHost:
		return remedyOf(RecordedHopKey, "give", giveKey(facts))
	case facts.Record:
		return remedyOf(RecordedKey, "give", giveKey(facts))
	case e.RecordedAt == "":
		return remedyOf(RecordNewKey)
	}
	return remedyOf(ReplaceKeyAt, "place", e.RecordedAt)
}

// giveKey says where the user can write the key down.
func giveKey(facts *host.HostKeyFacts) string {
	switch {
	case facts.Lines:
		return remedyOf(AddToLines, "setting", facts.Given, "name", facts.Name)
	case facts.Given != "":
		return remedyOf(WriteInto, "setting", facts.Given)
	case !facts.JumpHost:
		return remedyOf(WriteForHost, "name", facts.Name)
	case strings.HasSuffix(facts.Place, "]"):
		return remedyOf(WriteForHop, "place", facts.Place)
	case strings.HasSuffix(strings.ToLower(facts.Place), "bastion_host"):
		return remedyOf(WriteInto, "setting", hostKeyBeside(facts.Place))
	}
	return remedyOf(AddToKnownHosts, "name", facts.Name)
}

// hostKeyBeside is the name of the setting for the host key of a bastion.
func hostKeyBeside(place string) string {
	if place == strings.ToUpper(place) {
		return place[:len(place)-len("HOST")] + "HOST_KEY"
	}
	return place + "_key"
}

// firstContact says how to accept the first key that is seen.
func firstContact(facts *host.HostKeyFacts) string {
	switch {
	case !facts.JumpHost:
		return remedyOf(AcceptFirst)
	case strings.HasSuffix(facts.Place, "]"):
		return remedyOf(AcceptFirstOfHop, "place", facts.Place)
	}
	return remedyOf(HopNeedsEntry)
}

// keyscan is the command that shows the host key of a type at address.
func keyscan(address, keyType string) string {
	command := "ssh-keyscan -t " + keyType
	name, port, err := net.SplitHostPort(address)
	switch {
	case err != nil:
		return command
	case port == "22":
		return command + " " + name
	}
	return command + " -p " + port + " " + name
}
