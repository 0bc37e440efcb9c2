package diagnostics

import (
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// AttributePath finds the place that keepalive.Setting.Attribute names, such as
// match[0].settings["Banner"].
func AttributePath(text string) path.Path {
	at := path.Empty()
	for text != "" {
		switch {
		case text[0] == '[':
			inner, rest, _ := strings.Cut(text[1:], "]")
			at, text = index(at, inner), strings.TrimPrefix(rest, ".")
		default:
			end := strings.IndexAny(text, ".[")
			if end < 0 {
				end = len(text)
			}
			at, text = member(at, text[:end]), strings.TrimPrefix(text[end:], ".")
		}
	}
	return at
}

func index(at path.Path, inner string) path.Path {
	if n, err := strconv.Atoi(inner); err == nil {
		return at.AtListIndex(n)
	}
	key, err := strconv.Unquote(inner)
	if err != nil {
		key = inner
	}
	return at.AtMapKey(key)
}

func member(at path.Path, name string) path.Path {
	if len(at.Steps()) == 0 {
		return path.Root(name)
	}
	return at.AtName(name)
}
