package pool

import (
	"bytes"
	"context"
	"encoding/pem"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// lockedBuffer is written to by the goroutines of connections, too.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

// No secret is in a log or an error, whether the login works or not; and the log
// that is searched has the lines in which one could be.
func TestSecretsAreInNoLog(t *testing.T) {
	const password, passphrase, sudo = "hunter2-password", "hunter2-passphrase", "hunter2-sudo"
	private := sshtest.NewEd25519()
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(block))
	good := serve(t, sshtest.Signer(private).PublicKey(), nil)
	bad, _ := passwordServer(t, true, false)
	var log lockedBuffer
	ctx := host.LogContext(context.Background(), slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), nil)
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	change := func(l *host.Settings) {
		l.PrivateKeyPassphrase, l.Password = sshtest.Ptr(host.Secret(passphrase)), sshtest.Ptr(host.Secret(password))
		l.Sudo, l.SudoPassword, l.User = sshtest.Ptr(true), sshtest.Ptr(host.Secret(sudo)), sshtest.Ptr("admin")
	}
	said := ""
	for _, s := range []*server{good, bad} {
		h, err := brisk(t).Acquire(ctx, s.spec(host.Secret(text), change))
		if err != nil {
			said += err.Error()
			continue
		}
		s.env = []string{"PATH=" + fakeSudo(t)}
		_, err = h.Run(ctx, host.Script{Name: "gather", Text: "echo " + sudo, Timeout: 200 * time.Millisecond, Root: true})
		if err != nil {
			said += err.Error()
		}
		h.Release()
	}
	all := log.text() + said
	for _, want := range []string{"connected", "attempt failed", "gather", "refused"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in %s", want, all)
		}
	}
	for _, secret := range []string{password, passphrase, sudo, strings.Split(text, "\n")[3]} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is in %s", secret, all)
		}
	}
}
