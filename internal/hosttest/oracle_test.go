package hosttest

import (
	"strings"
	"testing"
)

var releases = map[string]string{"bullseye": "OpenSSH_8.4p1", "bookworm": "OpenSSH_9.2p1", "trixie": "OpenSSH_10.0p"}

func TestOracle(t *testing.T) {
	for release, version := range releases {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			b := Binary(t, release)
			if _, got, exit := b.Run(nil, "ssh", "-V"); exit != 0 || !strings.HasPrefix(got, version) {
				t.Errorf("ssh -V: got %q, exit %d, want %s", got, exit, version)
			}
			files := map[string][]byte{
				"/etc/ssh/sshd_config":                []byte("Include /etc/ssh/sshd_config.d/*.conf\nClientAliveInterval 7\n"),
				"/etc/ssh/sshd_config.d/deep/not.txt": []byte("x"),
				"/etc/ssh/sshd_config.d/1.conf":       []byte("ClientAliveInterval 9\n"),
				"/etc/hostname":                       []byte("other\n"),
			}
			out, stderr, exit := b.Run(files, "sshd", "-T")
			if exit != 0 || !strings.Contains(out, "\nclientaliveinterval 9\n") {
				t.Errorf("sshd -T: got exit %d, %q, want clientaliveinterval 9", exit, stderr)
			}
			before := b.machine.Snapshot("/etc")
			if _, _, exit := b.Run(files, "sshd", "-T", "-C", "nonsense"); exit == 0 {
				t.Error("sshd -T with a bad -C: got exit 0")
			}
			after := b.machine.Snapshot("/etc")
			if diff := Differences(before, after); diff != "" {
				t.Errorf("a run left traces: %s", diff)
			}
			if _, ok := after["/etc/ssh/sshd_config"]; ok || string(b.machine.Read("/etc/hostname")) != "host\n" {
				t.Error("a run left its files")
			}
		})
	}
}

func BenchmarkOracle(b *testing.B) {
	o := Binary(b, "bookworm")
	files := map[string][]byte{"/etc/ssh/sshd_config": []byte("ClientAliveInterval 7\n")}
	for b.Loop() {
		if _, stderr, exit := o.Run(files, "sshd", "-T"); exit != 0 {
			b.Fatal(stderr)
		}
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		m, err := Boot(Options{}, func(err error) { b.Fatal(err) })
		if err != nil {
			b.Fatal(err)
		}
		m.Close()
	}
}
