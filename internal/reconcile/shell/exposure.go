package shell

import (
	"cmp"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/commit"
)

// exposure is what exposed.sh says, in three lines, about a path that is not safe.
type exposure struct{ e commit.ExposedError }

// read takes one of the sections exposed, whose and path. The last one is the error.
func (x *exposure) read(word, arg string) error {
	switch word {
	case "exposed":
		how, where, _ := strings.Cut(arg, " ")
		x.e = commit.ExposedAt(where)
		x.e.Link = how == "link"
	case "whose":
		x.e.Owner = cmp.Or(arg, x.e.UID)
	case "path":
		x.e.Path = arg
		return &x.e
	}
	return nil
}
