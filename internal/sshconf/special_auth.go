package sshconf

import (
	"fmt"
	"slices"
	"strings"
)

// methods are the names that AuthenticationMethods takes. The two of GSSAPI are
// in builds that have it, which are those of all distributions but few.
var methods = []string{"none", "publickey", "gssapi-keyex", "gssapi-with-mic", "password", "keyboard-interactive", "hostbased"}

func authenticationMethods(kw Keyword, args []string, v Version) (value, error) {
	if slices.Contains(args, "any") && len(args) > 1 {
		return value{}, fmt.Errorf("%s: any must be alone", kw.Name)
	}
	for _, list := range args {
		for method := range strings.SplitSeq(list, ",") {
			method, _, _ = strings.Cut(method, ":") // keyboard-interactive:pam
			if list != "any" && !slices.Contains(methods, method) {
				return value{}, fmt.Errorf("%s: unknown method %q", kw.Name, method)
			}
		}
	}
	return oneLine(kw, args, v)
}
