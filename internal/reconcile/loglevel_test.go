package reconcile_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// TestLogLevelIsTheHosts: sshd is asked with -d, which is a LogLevel of its own and
// must not be taken for what the files say.
func TestLogLevelIsTheHosts(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"bullseye", "bookworm", "trixie", "sid"} {
		for what, c := range map[string]struct {
			file, text string
			args       []string
			want       string
		}{
			"nothing":           {want: "INFO"},
			"a drop-in, quoted": {file: "/etc/ssh/sshd_config.d/10-corp.conf", text: "  logLEVEL \"QUIET\"\n", want: "SILENT"},
			"a drop-in":         {file: "/etc/ssh/sshd_config.d/10-corp.conf", text: "LOGLEVEL ERROR\n", want: "ERROR"},
			"a Match block":     {file: mainFile, text: "\tLogLevel DEBUG\n", want: "DEBUG"},
			"another context":   {file: mainFile, text: "Match User git\n\tLogLevel DEBUG\n", want: "INFO"},
			"the command line":  {args: []string{"-o", "logLevel=FATAL"}, want: "FATAL"},
			"-q":                {args: []string{"-q"}, want: "SILENT"},
		} {
			t.Run(release+"/"+what, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, hosttest.Options{Release: release, NoDaemon: true, SSHDArgs: c.args}, "root")
				if c.file == mainFile {
					r.Write(mainFile, string(r.Read(mainFile))+"Match all\n"+c.text)
				} else if c.file != "" {
					r.Write(c.file, c.text)
				}
				r.StartSSHD()
				sight, err := r.walk().Look(t.Context(), r.target, wish("ClientAliveInterval", "77"))
				if err != nil {
					t.Fatal(err)
				}
				// As the program itself says it without -d.
				oracle := sshconf.ParseDump(r.Sh("/usr/sbin/sshd -T " + strings.Join(c.args, " ")))
				if got := sight.Facts.Effective[0]; !reflect.DeepEqual(got, oracle) || got["loglevel"][0] != c.want {
					t.Errorf("LogLevel %q, want %q; sshd -T says %q: %v, %v", got["loglevel"], c.want, oracle["loglevel"], got, oracle)
				}
			})
		}
	}
}
