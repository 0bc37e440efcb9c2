package server

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell/shelltest"
)

// TestCommandLineFromTitle: in every shell, the title of a daemon is taken apart into
// program, file and options, and where it can be read in two ways, that is said.
func TestCommandLineFromTitle(t *testing.T) {
	t.Parallel()
	const program = "/usr/sbin/sshd"
	for title, want := range map[string]string{
		"":                         program + "||",
		" -D":                      program + "||",
		" -D -f /srv/conf":         program + "|/srv/conf|",
		" -Df /srv/conf":           program + "|/srv/conf|",
		" -De -f/srv/conf -4q":     program + "|/srv/conf| -4 -q",
		" -f /srv/my  conf -D":     program + "|/srv/my  conf|",
		" -f /srv/it's":            program + "|/srv/it's|",
		" -oBanner=none -p22 -p 3": program + "|| -o 'Banner=none' -p '22' -p '3'",
		" -g 30 -h /k -E /var/log/my log -u 0 -b 4 -k 1 -C x":                           program + "|| -g '30' -h '/k'",
		" -o AuthorizedKeysCommand /path %u  %f -o AuthorizedKeysCommandUser nobody -D": program + "|| -o 'AuthorizedKeysCommand /path %u  %f' -o 'AuthorizedKeysCommandUser nobody'",
		" -o MACs -hmac-sha1 -D":                      program + "|| -o 'MACs -hmac-sha1'",
		" -o KexAlgorithms = -ecdh* -f /srv/conf":     program + "|/srv/conf| -o 'KexAlgorithms = -ecdh*'",
		" -o Ciphers=-3des-cbc -D":                    program + "|| -o 'Ciphers=-3des-cbc'",
		" -o Subsystem sftp internal-sftp -l INFO -D": program + "|| -o 'Subsystem sftp internal-sftp -l INFO'",
		" -o TCPKeepAlive no -p 22":                   program + "|| -o 'TCPKeepAlive no' -p '22'",
		" -o GSSAPIAuthentication yes -p 22":          program + "|| -o 'GSSAPIAuthentication yes' -p '22'",
		" -D word":                                    "readings",
		" -o ForceCommand /bin/x -f /srv/conf":        "readings",
		" -o forcecommand=/bin/x -p 22":               "readings",
		" -o FORCECOMMAND /bin/x -o Banner=none":      "readings",
		" -o Subsystem sftp /x -f AUTHPRIV":           "readings",
		" -o AuthorizedKeysCommand /path -p 22":       "readings",
		" -o ForceCommand /bin/x -D":                  program + "|| -o 'ForceCommand /bin/x'",
	} {
		for _, command := range shelltest.Shells(t) {
			script := "NL='\n'; CFG=; FRESH=; " + shell.Pack(shell.Files+listenerSource) + " say() { printf '%s\n' \"${2%% *}\"; exit; };" +
				" ARGV=" + shell.Quote(program+title) + "; parsed; printf '%s|%s|%s\n' \"$SSHD\" \"$FILE\" \"$OPTS\""
			out, err := exec.Command(command[0], append(command[1:], "-c", script)...).CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != want {
				t.Errorf("%s: %q: got %q, %v, want %q", command, title, got, err, want)
			}
		}
	}
}

// TestCutTitleAndConfigFile: the user's file must be what the hidden end of the
// command line can have been, with no room for another option.
func TestCutTitleAndConfigFile(t *testing.T) {
	const file = "/srv/conf/sshd_config"
	whole := "/usr/sbin/sshd -D -f " + file
	combined := "/usr/sbin/sshd -Df " + file
	for _, c := range []struct {
		whole  string
		hidden int
		file   string
		want   bool
	}{
		{whole, 8, file, true},
		{combined, 8, file, true},
		{whole, 22, file, true},
		{whole, 25, file, false}, // another option may be there
		{whole, 8, "/etc/ssh/sshd_config", false},
		{whole, 8, "/srv/conf/other_config", false},
		{whole, 8, "sshd_config", false},
		{whole + " -p 22", 8, file, false},
		{"/usr/sbin/sshd -D " + file, 8, file, false},
	} {
		if got := completes(c.whole[:len(c.whole)-c.hidden], len(c.whole), c.file); got != c.want {
			t.Errorf("%s without %d bytes, %s: %t", c.whole, c.hidden, c.file, got)
		}
	}
}
