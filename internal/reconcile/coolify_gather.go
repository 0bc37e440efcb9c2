package reconcile

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
)

var (
	//go:embed sum.sh
	sumSource string
	//go:embed coolify_open.sh
	coolifyOpenSource string
	//go:embed coolify_gather.sh
	coolifyGatherSource string
)

func coolifyGatherScript(t Target, want coolify.Want) string {
	return "KEYS=" + quote(" "+strings.Join(coolify.Keys(want), " ")+" ") + "; " +
		coolifyOpen(t.File) + " " + oneLine(sumSource+coolifyGatherSource)
}

// coolifyOpen is the beginning of a script that reads file: under the name in F.
func coolifyOpen(file string) string {
	return "FILE=" + quote(file) + "; " + oneLine(filesSource+commit.OwnedSource()+exposedSource+coolifyOpenSource)
}

func coolifyScript(t Target, want coolify.Want) host.Script {
	return host.Script{Name: "gather", Text: coolifyGatherScript(t, want), Root: true, Convergent: true}
}

func parseCoolify(t Target, _ coolify.Want, stdout string) (coolifySeen, error) {
	r := coolifyReport{sections: newSections(stdout)}
	r.seen.Facts.File = t.File
	if err := r.read(r.section); err != nil {
		return coolifySeen{}, err
	}
	if !r.ended {
		return coolifySeen{}, errCutShort
	}
	return r.seen, nil
}

// coolifyReport is what coolify_gather.sh printed, on its way to being a coolifySeen.
type coolifyReport struct {
	sections
	seen    coolifySeen
	exposed exposure
	ended   bool
}

func (r *coolifyReport) section(word, arg string) error {
	file := r.seen.Facts.File
	switch word {
	case "machine":
		r.seen.MachineID = arg
	case "nofile":
		return fmt.Errorf("%s is not there: no Coolify was installed on this host, or its environment file is elsewhere", file)
	case "exposed", "whose", "path":
		return r.exposed.read(word, arg)
	case "exchanged":
		return fmt.Errorf("%s was exchanged while it was opened, by the owner of its directory or of one above it", file)
	case "unreadable":
		return fmt.Errorf("%s is not a file that can be read", file)
	case "toobig":
		return fmt.Errorf("%s has %s bytes, which is no environment file", file, arg)
	case "binary":
		return fmt.Errorf("%s has zero bytes in it, which is no environment file", file)
	case "mount":
		r.seen.Facts.Mounts = append(r.seen.Facts.Mounts, mountPoint(arg))
	case "before":
		r.seen.Facts.Digest, _, _ = strings.Cut(arg, " ")
	case "text":
		return r.text(arg)
	case "after":
		if sum, _, _ := strings.Cut(arg, " "); sum != r.seen.Facts.Digest {
			return fmt.Errorf("%s changed while it was read", file)
		}
	case "end":
		r.ended = true
	default:
		return fmt.Errorf("unexpected section %q in the report of facts", word)
	}
	return nil
}

// text takes the masked file, of which awk ends the last line too.
func (r *coolifyReport) text(size string) error {
	var n int
	if err := number(size, &n); err != nil {
		return err
	}
	if n > len(r.rest) {
		return errCutShort
	}
	r.seen.Facts.Text = []byte(r.rest[:n])
	rest := r.rest[n:]
	r.rest = strings.TrimLeft(rest, "\n")
	if !strings.HasPrefix(rest, "\n") || !strings.HasPrefix(r.rest, "@after ") {
		return fmt.Errorf("%s changed while it was read, or this awk cannot mask it", r.seen.Facts.File)
	}
	return nil
}

// stageDigest has the machine compose the new text, whose secrets only it knows, and say
// its digest: by it the protocol knows the file that it has written.
func stageDigest(ctx context.Context, h host.Host, before coolify.Facts, edit keepalive.Edit) (commit.Edit, error) {
	e := commit.Edit{Path: edit.Path, Old: before.Digest}
	for _, p := range edit.Pieces {
		e.Pieces = append(e.Pieces, commit.Piece(p))
	}
	text := coolifyOpen(edit.Path) + "\n" + sumSource + "new() {\n" + e.PrintCommand("$F") + "\n}\nsum <\"$F\"\nnew | sum\n"
	res, err := run(ctx, h, host.Script{Name: "stage", Text: text, Root: true, Convergent: true})
	if err != nil {
		return e, err
	}
	sums := strings.Split(strings.TrimSpace(res.Stdout), "\n")
	if strings.HasPrefix(res.Stdout, "@") {
		r := coolifyReport{sections: newSections(res.Stdout)}
		r.seen.Facts.File = edit.Path
		return e, said(cmp.Or(r.read(r.section), errCutShort), res)
	}
	if len(sums) != 2 {
		return e, said(errCutShort, res)
	}
	if old, _, _ := strings.Cut(sums[0], " "); old != before.Digest {
		return e, &Conflict{Path: edit.Path}
	}
	e.New, _, _ = strings.Cut(sums[1], " ")
	return e, nil
}
