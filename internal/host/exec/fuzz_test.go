package exec

import (
	"errors"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/process"
)

// FuzzJudge: a machine knows the marks of its script and prints what it likes.
func FuzzJudge(f *testing.F) {
	f.Add("begin\nhello\n\n0 end\n", "begin\nend\n", 0)
	f.Add("login\nready\n", "prompt", 1)
	f.Add("noroot\n", "sudo: a password is required", 77)
	f.Add("begin\n99999999999999999999 end\n", "begin\n", -1)
	f.Fuzz(func(t *testing.T, out, errs string, exit int) {
		d := newExecution(prepare(host.Script{Text: "x", Root: true}, account{sudo: true, line: LineLimit}))
		m := d.program.marks
		words := strings.NewReplacer("begin", m.begin, "end", m.end, "login", m.login, "prompt", m.prompt, "ready", m.ready, "noroot", m.noRoot)
		_, _ = d.out.Write([]byte(words.Replace(out)))
		_, _ = d.errs.Write([]byte(words.Replace(errs)))
		for _, cause := range []error{nil, errors.New("x")} {
			result, failure := d.judge(process.Exit{Code: exit}, cause)
			if failure != nil {
				failure.Host = "web1"
				if told := failure.Error(); len(told) > 12_000 || host.Printable(told) != told {
					t.Fatalf("%d bytes: %.300q", len(told), told)
				}
			} else if len(result.Stdout) > len(words.Replace(out)) {
				t.Fatal("there is more than was printed")
			}
		}
	})
}
