package pool

import (
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/knownhosts"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
)

// Host keys of real sshd, judged by the real ssh and by this package. These are
// the cases in which the two once differed; TestParityTrust looks for others.
func TestHostKeysBesideSSH(t *testing.T) {
	t.Parallel()
	keys := newParityKeys()
	ed25519, ecdsa, rsaOne, rsaTwo := keys.hosts[0], keys.hosts[1], keys.hosts[4], keys.hosts[9]
	authority := keys.authorities[0]
	r := mathrand.New(mathrand.NewPCG(0, 0))
	h := &parityHost{Machine: hosttest.Start(t, hosttest.Options{NoDaemon: true}), keys: keys}
	h.root = fmt.Sprintf("/proc/%d/root", h.Init())
	add := func(flaw string, own ...parityKey) parityServer {
		s := parityServer{number: len(h.servers) + 1, keys: own}
		s.port = 20000 + s.number
		if flaw != "none" {
			cert := keys.certify(r, s, own[0], flaw)
			signCert(cert, authority.signer, "")
			s.certs, s.flaws = []*ssh.Certificate{cert}, []string{flaw}
		}
		s.start(h.Machine)
		h.servers = append(h.servers, s)
		return s
	}
	plain, certified, expired, misnamed := add("none", ed25519), add("", ed25519), add("expired", ed25519), add("other principal", ed25519)
	old, grown, changed := add("none", rsaOne), add("none", ed25519, rsaOne), add("none", ed25519, rsaTwo)
	line := func(k parityKey) string { return sshtest.Authorized(k.signer) }

	for name, c := range map[string]struct {
		server parityServer
		then   *parityServer // stands in the place of the first one, which was recorded
		known  string        // {H} is the host's address
		more   string        // a second file
		port   int
		policy string
		want   host.Kind // "" is accepted
	}{
		"key revoked on the port":                    {server: plain, port: 2222, known: "@revoked [{H}]:2222 " + line(ed25519) + "\n{H} " + line(ed25519), want: host.HostKeyRevoked},
		"key revoked on the port, accept-new":        {server: plain, port: 2222, policy: host.PolicyAcceptNew, known: "@revoked [{H}]:2222 " + line(ed25519), want: host.HostKeyRevoked},
		"authority revoked on the port":              {server: certified, port: 2222, known: "@cert-authority {H} " + line(authority) + "\n@revoked [{H}]:2222 " + line(authority), want: host.HostKeyRevoked},
		"port that is not recorded":                  {server: plain, port: 2222, known: "{H} " + line(ecdsa), want: host.HostKeyUnknown},
		"port that is not recorded, accept-new":      {server: plain, port: 2222, policy: host.PolicyAcceptNew, known: "{H} " + line(ecdsa)},
		"key of the name without port":               {server: plain, port: 2222, known: "{H} " + line(ed25519)},
		"authority of the name without port":         {server: certified, port: 2222, known: "@cert-authority {H} " + line(authority) + "\n[{H}]:2222 " + line(ecdsa)},
		"certificate expired, key recorded":          {server: expired, known: "@cert-authority {H} " + line(authority) + "\n{H} " + line(ed25519)},
		"certificate misnamed, key recorded":         {server: misnamed, known: "@cert-authority {H} " + line(authority) + "\n{H} " + line(ed25519)},
		"certificate expired":                        {server: expired, known: "@cert-authority {H} " + line(authority), want: host.HostKeyUnknown},
		"recorded key has company of a better type":  {server: old, then: &grown, policy: host.PolicyAcceptNew},
		"recorded key changed":                       {server: old, then: &changed, policy: host.PolicyAcceptNew, want: host.HostKeyChanged},
		"key recorded, and other one given":          {server: old, then: &changed, policy: host.PolicyAcceptNew, more: "alias " + line(rsaOne), want: host.HostKeyChanged},
		"usual file is a directory, second one good": {server: plain, known: directoryFile, more: "{H} " + line(ed25519)},
	} {
		t.Run(name, func(t *testing.T) {
			address := strings.NewReplacer("{H}", c.server.ip())
			tc := trustCase{number: len(name), name: c.server.ip(), port: max(22, c.port), policy: c.policy, form: "usual files",
				user: []string{address.Replace(c.known), address.Replace(c.more)}, visits: []parityServer{c.server}}
			if tc.policy == "" {
				tc.policy = host.PolicyStrict
			}
			if c.then != nil {
				tc.alias, tc.visits = "alias", append(tc.visits, *c.then)
			}
			run := &trustRun{host: h, agreed: map[string]int{}}
			h.Sh("rm -rf /tmp/*")
			files := run.layOut(t, tc, t.TempDir())
			var last, recorded *host.Error
			for _, s := range tc.visits {
				said := run.ssh(t, tc, s)
				last = run.our(t, tc, s, files, recorded)
				if accepted := strings.Contains(said, "Permission denied ("); accepted != (last.Kind == host.Auth) && !(last.Kind == host.HostKeyRevoked && accepted) {
					t.Errorf("ssh accepts: %t, we: %v\nssh says: %s", accepted, last, said)
				}
				recorded = last
			}
			if c.want == "" && last.Kind != host.Auth || c.want != "" && last.Kind != c.want {
				t.Errorf("want %q, have %s: %v", c.want, last.Kind, last)
			}
		})
	}
}

// CheckHostIP of an ssh_config has the address looked up beside the name.
func TestCheckHostIPBesideSSH(t *testing.T) {
	t.Parallel()
	keys := newParityKeys()
	h := &parityHost{Machine: hosttest.Start(t, hosttest.Options{NoDaemon: true}), keys: keys}
	h.root = fmt.Sprintf("/proc/%d/root", h.Init())
	s := parityServer{number: 1, port: 20001, keys: keys.hosts[:1]}
	s.start(h.Machine)
	key := keys.hosts[0].public()
	named := s.name() + " " + sshtest.Authorized(keys.hosts[0].signer) + "\n"
	same, other := s.ip()+" "+sshtest.Authorized(keys.hosts[0].signer)+"\n", s.ip()+" "+sshtest.Authorized(keys.hosts[1].signer)+"\n"
	for name, c := range map[string]struct {
		known   string
		refused bool
	}{
		"address not recorded":      {known: named},
		"address with the same key": {known: named + same},
		"address with another key":  {known: named + other, refused: true},
		"address with both":         {known: named + other + same},
		"address with another port": {known: named + strings.Replace(other, s.ip(), "["+s.ip()+"]:2222", 1)},
		"authority of the address":  {known: named + "@cert-authority " + other},
		"name not recorded":         {known: same, refused: true},
	} {
		h.write(t, "/tmp/known", c.known)
		_, err := h.Exec("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "PubkeyAuthentication=no",
			"-o", "UserKnownHostsFile=/tmp/known", "-o", "GlobalKnownHostsFile=none", "-o", "CheckHostIP=yes", "root@"+s.name(), "true")
		if refused := !strings.Contains(err.Error(), "Permission denied ("); refused != c.refused {
			t.Errorf("%s: ssh says %v", name, err)
		}
		recorded, _ := knownhosts.Parse(c.known, "f")
		spec := host.Spec{Host: s.name(), Port: 22, HostKeyPolicy: host.PolicyStrict, CheckHostIP: true}
		if err := hostkey.New(spec, hostkey.Records{Keys: recorded}).Check(key, s.ip()); (err != nil) != c.refused {
			t.Errorf("%s: have %v", name, err)
		}
		spec.CheckHostIP = false
		if err := hostkey.New(spec, hostkey.Records{Keys: recorded}).Check(key, s.ip()); (err != nil) != (name == "name not recorded") {
			t.Errorf("%s, CheckHostIP no: have %v", name, err)
		}
	}
}
