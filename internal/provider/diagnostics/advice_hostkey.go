package diagnostics

import (
	"cmp"
	"fmt"
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
		return fmt.Sprintf("A revoked key may be in other hands. Make a new key on the host: remove its files below /etc/ssh, run `ssh-keygen -A`, restart sshd, and record the new key. "+
			"Only if the key was revoked by mistake, remove the revocation at %s.", e.RecordedAt)
	case host.HostKeyChanged:
		return "Either the host was installed again, or another machine answers in its place. " + compare(facts) + replaceKey(e, facts)
	}
	if facts.Shared && e.RecordedAt != "" {
		return fmt.Sprintf("The keys in `%s` count for every host that has no keys of its own, so this host may be one that they were not meant for. %s"+
			"Then write the key of this host into `host_keys` of its entry in `hosts`, or of `ssh` of the resource.", facts.Given, compare(facts))
	}
	return fmt.Sprintf("`%s` prints the key. %sThen %s.", keyscan(e.Address, shortType(facts)), compare(facts), giveKey(facts)) + firstContact(facts)
}

// compare says how to find out which key is the right one.
func compare(facts *host.HostKeyFacts) string {
	return fmt.Sprintf("Compare the fingerprint with what `ssh-keygen -lf /etc/ssh/ssh_host_%s_key.pub` prints on the console of the machine. ", shortType(facts))
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
		return fmt.Sprintf("The old key was recorded in state at an earlier login. If the new one is right, %s: a key that is given wins over the recorded one.", giveKey(facts))
	case facts.Record:
		return fmt.Sprintf("The old key was recorded in state at an earlier login. If the new one is right, %s: a key that is given wins over the recorded one, "+
			"and can be taken out again after the next apply or refresh.", giveKey(facts))
	case e.RecordedAt == "":
		return "If the new key is right, record it in the place of the old one."
	}
	return fmt.Sprintf("If the new key is right, replace the one at %s.", e.RecordedAt)
}

// giveKey says where the user can write the key down.
func giveKey(facts *host.HostKeyFacts) string {
	switch {
	case facts.Lines:
		return fmt.Sprintf("add the key to `%s` as that of `%s`", facts.Given, facts.Name)
	case facts.Given != "":
		return fmt.Sprintf("write the key into `%s`", facts.Given)
	case !facts.JumpHost:
		return "write the key into `host_keys` of the host's entry in `hosts` or of `ssh` of the resource, or add it to a known_hosts file as that of `" + facts.Name + "`"
	case strings.HasSuffix(facts.Place, "]"):
		return fmt.Sprintf("write the key into `host_keys` of `%s`", facts.Place)
	case strings.HasSuffix(strings.ToLower(facts.Place), "bastion_host"):
		return fmt.Sprintf("write the key into `%s`", hostKeyBeside(facts.Place))
	}
	return "add the key to a known_hosts file as that of `" + facts.Name + "`"
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
		return " Or set `host_key_policy = \"accept-new\"` to trust the first key that is seen and record it in state."
	case strings.HasSuffix(facts.Place, "]"):
		return fmt.Sprintf(" Or set `host_key_policy = \"accept-new\"` in `%s` to trust the first key that is seen and record it in state: the policy of the host behind it does not count here.", facts.Place)
	}
	return " The policy of the host behind it does not count here: to give the jump host one, write it as an entry of `jump`."
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
