package pool

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/hostkey"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// TestSharedErrorsCallSettingsByTheirOwnNames: machines that share a jump host, and what
// is known of it, hear of settings under the names that each of them has for it.
func TestSharedErrorsCallSettingsByTheirOwnNames(t *testing.T) {
	hop := func(db string) host.Spec {
		place := `hosts["` + db + `"].jump[0]`
		s, err := host.Resolve(db, host.Settings{Host: sshtest.Ptr(db), Jump: []host.Settings{{
			Host: sshtest.Ptr("b"), Place: place, PrivateKeyPath: sshtest.Ptr("/nowhere"), HostKeys: []string{sshtest.Authorized(sshtest.RSAHostKey)},
			Names: host.Names{"host": place + ".host", "private_key_path": place + ".private_key_path", "host_keys": place + ".host_keys"},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		return s.Jump[0]
	}
	pool, key := brisk(t), sshtest.NewEd25519()
	for _, db := range []string{"db1", "db2"} {
		_, err := pool.Acquire(t.Context(), hop(db))
		if e := failure(t, err); !strings.Contains(e.Names["private_key_path"], db) {
			t.Errorf("%s: %+v", db, e)
		}
	}
	met, asked := hop("db1"), hop("db2")
	keys, err := met.ParseHostKeys()
	if err != nil {
		t.Fatal(err)
	}
	shown := hostkey.New(met, hostkey.Records{Keys: keys}).Check(sshtest.Signer(key).PublicKey())
	e := failure(t, shown)
	e.Host = met.Label()
	for _, at := range []*host.Error{e.Named(asked, met), (&host.Error{Host: met.Label(), Err: met.Invalid("host", fmt.Errorf("x"))}).Named(asked, met)} {
		if text := at.Error() + at.RecordedAt + at.Setting(); strings.Contains(text, "db1") || !strings.Contains(text, "db2") {
			t.Errorf("have %s", text)
		}
	}
	if e = e.Named(asked, met); e.HostKey.Place != `hosts["db2"].jump[0]` || e.HostKey.Given != `hosts["db2"].jump[0].host_keys` {
		t.Errorf("have %+v", e.HostKey)
	}
}
