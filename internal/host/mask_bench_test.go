package host

import (
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/sshtest"
)

// BenchmarkMask masks what a state of one resource holds, for a provider with an RSA
// key of 4096 bits, a password and a proxy.
func BenchmarkMask(b *testing.B) {
	line := Secret("-----BEGIN OPENSSH PRIVATE KEY-----\n" + strings.Repeat("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAACFwAAAAdzc2gtcn\n", 49))
	password, proxy := Secret("hunter2-horse"), Secret("http://joe:s3cret-of-it@proxy:3128")
	m := MaskerOf(Settings{PrivateKey: &line, Password: &password, ProxyURL: &proxy})
	text := strings.Repeat("ClientAliveInterval 120 # from /etc/ssh/sshd_config.d/50-cloud-init.conf\n", 70)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		_ = Printable(m.Mask(text))
	}
}

func BenchmarkMaskerOf(b *testing.B) {
	text, _ := sshtest.KeyText(b)
	key := Secret(text)
	password := Secret("hunter2-horse")
	for b.Loop() {
		MaskerOf(Settings{PrivateKey: &key, Password: &password})
	}
}
