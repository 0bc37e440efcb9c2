package hosttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
)

// link is the point-to-point connection between the test's network and one
// machine. Its addresses are out of 198.18.0.0/15, which RFC 2544 sets aside for
// tests of networks, so that no real host is shadowed.
type link struct {
	name      string // of the near end
	near, far netip.Addr
	nearMAC   string
	farMAC    string
}

// newLink is the nth of 32768 links. The name of the interface is what makes a
// number ours: the kernel refuses a second one, in whichever process.
func newLink(n int) link {
	addr := func(low byte) netip.Addr {
		return netip.AddrFrom4([4]byte{198, byte(18 + n>>15), byte(n >> 7), byte(n<<1) | low})
	}
	mac := func(low int) string { return fmt.Sprintf("02:73:6b:%02x:%02x:%02x", n>>8, n&0xff, low) }
	return link{name: fmt.Sprintf("ska%04x", n), near: addr(0), far: addr(1), nearMAC: mac(0), farMAC: mac(1)}
}

// connect makes the machine's link. It vanishes with the machine's network
// namespace.
func (m *Machine) connect() error {
	var err error
	for range 20 {
		m.link = newLink(rand.IntN(1 << 15))
		// A path and no process number: ip of trixie looks the number up in /proc,
		// where the machine's numbers are, and the kernel in ours.
		_, err = run(m.near("ip", "link", "add", m.link.name, "address", m.link.nearMAC, "type", "veth",
			"peer", "name", "eth0", "address", m.link.farMAC, "netns", "/proc/1/ns/net"))
		if err == nil || !strings.Contains(err.Error(), "File exists") {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("make its network link: %w", err)
	}
	m.Addr = m.link.far.String()
	_, nearErr := run(m.near("sh", "-ec", "ip addr add $0/31 dev $1; ip link set $1 up", m.link.near.String(), m.link.name))
	_, farErr := m.Exec("sh", "-ec", "ip link set lo up; ip addr add $0/31 dev eth0; ip link set eth0 up", m.Addr)
	return errors.Join(nearErr, farErr)
}

// near returns a command that runs where the near end of the link is, with the
// machine's own programs: the test's machine may have no ip(8).
func (m *Machine) near(args ...string) *exec.Cmd {
	enter := []string{"--target", strconv.Itoa(m.init.Process.Pid), "--mount", "--root", "--wdns=/"}
	if m.opts.Behind != nil {
		enter = append(enter, fmt.Sprintf("--net=/proc/%d/ns/net", m.opts.Behind.init.Process.Pid))
	}
	return exec.Command("nsenter", append(append(enter, "--"), args...)...)
}

// Unplug makes all packets between the test and the machine vanish, in both
// directions and without an error, as a NAT that forgot its table does.
func (m *Machine) Unplug() { m.must(m.readdress("02:73:6b:ff:ff:ff", "02:73:6b:ff:ff:ff")) }

// Plug undoes Unplug.
func (m *Machine) Plug() { m.must(m.readdress(m.link.nearMAC, m.link.farMAC)) }

// readdress sends packets to the given hardware addresses; those to an address
// that no interface has are dropped where they arrive.
func (m *Machine) readdress(nearMAC, farMAC string) error {
	const replace = "ip neigh replace $0 lladdr $1 dev $2 nud permanent"
	_, nearErr := run(m.near("sh", "-ec", replace, m.Addr, farMAC, m.link.name))
	_, farErr := m.Exec("sh", "-ec", replace, m.link.near.String(), nearMAC, "eth0")
	return errors.Join(nearErr, farErr)
}
