// Package hosttest makes machines for tests: real Debian hosts with a real sshd,
// each in namespaces of its own, and the sshd and ssh of a Debian release as an
// oracle.
//
// A [Machine] has its own root file system (an overlay over the unpacked packages
// of a Debian release, so every write is its own), its own /etc/ssh, users, sudo,
// /run, process tree, host name and network: a point-to-point link of its own, on
// which the stock sshd listens on port 22 with an unchanged command line. Nothing
// is installed on the machine that runs the tests, and nothing is left there: the
// namespaces end with the test process, even if that is killed.
//
//	m := hosttest.Start(t, hosttest.Options{Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}})
//	// dial m.Addr:m.Port with m.Key as root or admin; m.HostKeys are its host keys
//	m.Write("/etc/ssh/sshd_config.d/10-corp.conf", "ClientAliveInterval 7\n")
//	m.Effective("clientaliveinterval") // what its sshd -T says
//	before := m.Snapshot("/etc/ssh")   // compare with reflect.DeepEqual
//
// Start and [Binary] skip the test, or fail it when REQUIRE_SSHD=1 is set, where
// machines cannot be made: that needs Linux, root, apt, and a mirror of Debian the
// first time. The unpacked packages are kept in the user's cache directory.
// [Boot] is Start for programs that are not tests.
//
// It knows nothing of this provider: not its settings, nor its file names.
package hosttest
