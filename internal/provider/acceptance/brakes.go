//go:build unix

package acceptance

import "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"

// brakeFile names a step of a change. The first process that comes to the step removes it.
const brakeFile = "/run/brake"

// BrakedFile is there for as long as that change is stopped.
const BrakedFile = "/run/braked"

// brakes are programs that a change runs at its steps, and that stop there. The
// change is live when its mark says that the daemon has loaded it.
const brakes = `#!/bin/sh
step=
case ${0##*/}:$* in
mv:*/lock.*\ */lock) step=lock ;;
mv:-f\ new\ ../*) step=swap ;;
mv:*/armed\ */done) step=disarm ;;
stat:*) for f in /var/lib/sshkeepalive/*/loaded; do [ ! -e "$f" ] || step=confirm; done ;;
esac
if [ -n "$step" ] && [ "$(cat ` + brakeFile + ` 2>/dev/null)" = "$step" ]; then
	rm ` + brakeFile + `
	: >` + BrakedFile + `
	while [ -e ` + BrakedFile + ` ]; do sleep 0.1; done
fi
exec "/usr/bin/${0##*/}" "$@"
`

// WithBrakes are the options of a host whose changes can be stopped: see StoppedAt.
func WithBrakes() hosttest.Options {
	return hosttest.Options{Files: map[string]string{"/usr/local/bin/mv": brakes, "/usr/local/bin/stat": brakes}}
}

// StoppedAt runs an apply as far as a step: lock, swap, confirm or disarm. The host was
// started WithBrakes.
func (c *CLI) StoppedAt(m *hosttest.Machine, step string) *Running {
	c.T.Helper()
	m.Write(brakeFile, step+"\n")
	r := c.Start("apply", "-no-color", "-auto-approve")
	Eventually(c.T, "the change to come to "+step, func() bool {
		if r.Ended() {
			c.T.Fatalf("it ended before it came to %s: %s", step, r.Said())
		}
		_, err := m.Exec("test", "-e", BrakedFile)
		return err == nil
	})
	return r
}
