package envfile

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

var (
	//go:embed open.sh
	openSource string
	//go:embed gather.sh
	gatherSource string
)

func gatherScript(t reconcile.Target, want coolify.Want) string {
	return "KEYS=" + shell.Quote(" "+strings.Join(coolify.Keys(want), " ")+" ") + "; " +
		open(t.File) + " " + shell.Pack(shell.Sum, gatherSource)
}

// open is the beginning of a script that reads file: under the name in F.
func open(file string) string {
	return "FILE=" + shell.Quote(file) + "; " + shell.Pack(shell.Files, commit.OwnedSource(), shell.Exposed, openSource)
}

func script(t reconcile.Target, want coolify.Want) host.Script {
	return host.Script{Name: "gather", Text: gatherScript(t, want), Root: true, Convergent: true}
}

func parse(t reconcile.Target, _ coolify.Want, stdout string) (seen, error) {
	r := report{Report: shell.NewReport(stdout, t.Spec.Masker)}
	r.seen.Facts.File = t.File
	if err := r.ReadToEnd(r.section); err != nil {
		return seen{}, err
	}
	r.seen.MachineID, r.seen.Facts.Mounts = r.MachineID, r.Mounts
	return r.seen, nil
}

// report is what gather.sh printed, on its way to being a look.
type report struct {
	shell.Report
	seen seen
}

func (r *report) section(word, arg string) error {
	file := r.seen.Facts.File
	switch word {
	case "nofile":
		return shell.NewMissing(reconcile.NoEnvFile, "%s is not there: no Coolify was installed on this host, or its environment file is elsewhere", file)
	case "exchanged":
		return fmt.Errorf("%s was exchanged while it was opened, by the owner of its directory or of one above it", file)
	case "unreadable":
		return shell.NewMissing(reconcile.NoEnv, "%s is not a file that can be read", file)
	case "toobig":
		return shell.NewMissing(reconcile.NoEnv, "%s has %s bytes, which is not an environment file", file, arg)
	case "binary":
		return shell.NewMissing(reconcile.NoEnv, "%s has zero bytes in it, which is not an environment file", file)
	case "before":
		r.seen.Facts.Digest, _, _ = strings.Cut(arg, " ")
	case "changed":
		if arg != "" { // stat of BSD does not say it
			return shell.Number(arg, &r.seen.Facts.Changed)
		}
	case "text":
		return r.text(arg)
	case "after":
		if sum, _, _ := strings.Cut(arg, " "); sum != r.seen.Facts.Digest {
			return &shell.ChangedError{Text: file + " changed while it was read"}
		}
	default:
		return fmt.Errorf("unexpected section %q in the report of facts", word)
	}
	return nil
}

// text takes the masked file. awk ends its last line too.
func (r *report) text(size string) error {
	var n int
	if err := shell.Number(size, &n); err != nil {
		return err
	}
	if n > len(r.Rest) {
		return shell.ErrCutShort
	}
	r.seen.Facts.Text = []byte(r.Rest[:n])
	rest := r.Rest[n:]
	r.Rest = strings.TrimLeft(rest, "\n")
	if !strings.HasPrefix(rest, "\n") || !strings.HasPrefix(r.Rest, "@after ") {
		return &shell.ChangedError{Text: r.seen.Facts.File + " changed while it was read, or this awk cannot mask it"}
	}
	return nil
}

// stageDigest has the machine compose the new text, whose secrets only it knows, and say
// its digest: by it the protocol knows the file that it has written.
func stageDigest(ctx context.Context, h host.Host, t reconcile.Target, before coolify.Facts, edit keepalive.Edit) (commit.Edit, error) {
	e := commit.Edit{Path: edit.Path, Old: before.Digest}
	for _, p := range edit.Pieces {
		e.Pieces = append(e.Pieces, commit.Piece(p))
	}
	text := open(edit.Path) + "\n" + shell.Sum + "new() {\n" + e.PrintCommand("$F") + "\n}\nsum <\"$F\"\nnew | sum\n"
	res, err := shell.Run(ctx, h, host.Script{Name: "stage", Text: text, Root: true, Convergent: true})
	if err != nil {
		return e, err
	}
	sums := strings.Split(strings.TrimSpace(res.Stdout), "\n")
	if strings.HasPrefix(res.Stdout, "@") {
		r := report{Report: shell.NewReport(res.Stdout, t.Spec.Masker)}
		r.seen.Facts.File = edit.Path
		return e, shell.WithStderr(cmp.Or(r.Read(r.section), shell.ErrCutShort), res)
	}
	if len(sums) != 2 {
		return e, shell.WithStderr(shell.ErrCutShort, res)
	}
	if old, _, _ := strings.Cut(sums[0], " "); old != before.Digest {
		return e, &reconcile.ConflictError{Path: edit.Path}
	}
	e.New, _, _ = strings.Cut(sums[1], " ")
	return e, nil
}
