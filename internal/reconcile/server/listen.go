package server

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// endpoint is where sshd takes connections. An empty Address is any of the host's.
type endpoint struct {
	Address string
	Port    int
}

// newEndpoints returns the endpoints at which sshd listens after a change of the tree
// and did not before, as its Port and ListenAddress lines say.
func newEndpoints(before, after sshconf.Tree) []endpoint {
	was := endpoints(before)
	return slices.DeleteFunc(endpoints(after), func(e endpoint) bool { return slices.Contains(was, e) })
}

// endpoints follows sshd_config(5): an address without a port of its own is
// listened on at every Port, wherever these stand in the file.
func endpoints(t sshconf.Tree) []endpoint {
	result := sshconf.Evaluate(t, sshconf.Context{})
	var ports []int
	for _, s := range result.Winners("Port") {
		if port, err := strconv.Atoi(s.Args[0]); err == nil {
			ports = append(ports, port)
		}
	}
	if len(ports) == 0 {
		ports = []int{22}
	}
	addresses := result.Winners("ListenAddress")
	if len(addresses) == 0 {
		return atEach("", ports)
	}
	var list []endpoint
	for _, s := range addresses {
		address, port := splitListen(s.Args[0])
		if port == 0 {
			list = append(list, atEach(address, ports)...)
		} else {
			list = append(list, endpoint{address, port})
		}
	}
	return list
}

func atEach(address string, ports []int) []endpoint {
	var list []endpoint
	for _, port := range ports {
		list = append(list, endpoint{address, port})
	}
	return list
}

// splitListen reads the argument of ListenAddress: an address or name, bracketed
// or not, with or without a port. Without brackets a second colon makes it IPv6.
func splitListen(text string) (address string, port int) {
	address = text
	if inner, rest, ok := strings.Cut(strings.TrimPrefix(text, "["), "]"); ok {
		address = inner
		port, _ = strconv.Atoi(strings.TrimPrefix(rest, ":"))
	} else if strings.Count(text, ":") == 1 {
		name, number, _ := strings.Cut(text, ":")
		address = name
		port, _ = strconv.Atoi(number)
	}
	if ip, err := netip.ParseAddr(address); err == nil && ip.IsUnspecified() || address == "*" {
		address = ""
	}
	return address, port
}
