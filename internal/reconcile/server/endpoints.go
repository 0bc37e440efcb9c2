package server

import (
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// mostEndpoints is how many other addresses of a host are tried: each that does not
// answer costs a connect timeout.
const mostEndpoints = 8

// withNewEndpoints is spec with the addresses at which the machine may answer once its
// sshd listens at opened too: where a changed Port or ListenAddress moves it. That is
// a guess, since a port forwarding or a socket unit may stand in between; who
// answers there is asked the same as ever. The addresses are the host's word: what is
// neither an IP address nor a host name is left out, and so is what exceeds
// mostEndpoints.
func withNewEndpoints(spec host.Spec, before seen, opened []endpoint) host.Spec {
	spec.ExpectedHostKey = before.Identity.HostKeySHA256
	at, _, err := net.SplitHostPort(before.Identity.Address)
	if err != nil {
		return spec // not dialled
	}
	spec.AlternateAddresses = slices.Clone(spec.AlternateAddresses)
	for _, e := range opened {
		address := e.Address
		switch {
		case address == "":
			address = at
		case foreignLoopback(address, at):
			continue
		}
		there := net.JoinHostPort(address, strconv.Itoa(e.Port))
		if host.CheckEndpoint(there) != nil || len(spec.AlternateAddresses) == mostEndpoints {
			continue
		}
		if there != spec.Address() && !slices.Contains(spec.AlternateAddresses, there) {
			spec.AlternateAddresses = append(spec.AlternateAddresses, there)
		}
	}
	return spec
}

// foreignLoopback reports whether address is the machine's own loopback, which
// from here is another machine.
func foreignLoopback(address, at string) bool {
	ip, err := netip.ParseAddr(address)
	return address != at && (address == "localhost" || err == nil && ip.IsLoopback())
}
