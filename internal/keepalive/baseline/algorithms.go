package baseline

import (
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// algorithm is a name in the lists of baselines and the releases that know it.
type algorithm struct {
	name  string
	since sshconf.Version
	until sshconf.Version // the first release without it; zero is none
}

func algorithms() []algorithm {
	at := func(major, minor int) sshconf.Version { return sshconf.Version{Major: major, Minor: minor} }
	always := at(5, 7) // older than every release that we meet
	return []algorithm{
		{name: "aes128-ctr", since: always},
		{name: "aes192-ctr", since: always},
		{name: "aes256-ctr", since: always},
		{name: "aes128-gcm@openssh.com", since: at(6, 2)},
		{name: "aes256-gcm@openssh.com", since: at(6, 2)},
		{name: "chacha20-poly1305@openssh.com", since: at(6, 5)},

		{name: "curve25519-sha256", since: at(7, 4)},
		{name: "curve25519-sha256@libssh.org", since: at(6, 5)},
		{name: "diffie-hellman-group-exchange-sha256", since: always},
		{name: "diffie-hellman-group14-sha256", since: at(7, 3)},
		{name: "diffie-hellman-group16-sha512", since: at(7, 3)},
		{name: "diffie-hellman-group18-sha512", since: at(7, 3)},
		{name: "ecdh-sha2-nistp256", since: always},
		{name: "ecdh-sha2-nistp384", since: always},
		{name: "ecdh-sha2-nistp521", since: always},
		{name: "mlkem768x25519-sha256", since: at(9, 9)},
		{name: "sntrup4591761x25519-sha512@tinyssh.org", since: at(8, 0), until: at(8, 5)},
		{name: "sntrup761x25519-sha512", since: at(9, 9)},
		{name: "sntrup761x25519-sha512@openssh.com", since: at(8, 5)},

		{name: "hmac-sha2-256", since: at(5, 9)},
		{name: "hmac-sha2-512", since: at(5, 9)},
		{name: "hmac-sha2-256-etm@openssh.com", since: at(6, 2)},
		{name: "hmac-sha2-512-etm@openssh.com", since: at(6, 2)},
		{name: "umac-128-etm@openssh.com", since: at(6, 2)},

		{name: "rsa-sha2-256", since: at(7, 2)},
		{name: "rsa-sha2-512", since: at(7, 2)},
		{name: "rsa-sha2-256-cert-v01@openssh.com", since: at(7, 8)},
		{name: "rsa-sha2-512-cert-v01@openssh.com", since: at(7, 8)},
		{name: "sk-ssh-ed25519@openssh.com", since: at(8, 2)},
		{name: "sk-ssh-ed25519-cert-v01@openssh.com", since: at(8, 2)},
		{name: "ssh-ed25519", since: at(6, 5)},
		{name: "ssh-ed25519-cert-v01@openssh.com", since: at(6, 5)},
	}
}

// algorithmsOf returns the part of a list that release v knows; "" if there is
// none. A list of removals is taken whole since 7.5, whatever it names, and is
// not known before.
func algorithmsOf(list string, v sshconf.Version) string {
	if v.IsZero() {
		return list
	}
	if strings.HasPrefix(list, "-") {
		if !v.AtLeast(7, 5) {
			return ""
		}
		return list
	}
	known := algorithms()
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(known, func(a algorithm) bool { return a.name == name })
		if i >= 0 && known[i].in(v) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

func (a algorithm) in(v sshconf.Version) bool {
	gone := !a.until.IsZero() && v.AtLeast(a.until.Major, a.until.Minor)
	return v.AtLeast(a.since.Major, a.since.Minor) && !gone
}
