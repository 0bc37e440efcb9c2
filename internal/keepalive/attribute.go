package keepalive

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Kind is the form of a typed attribute's value.
type Kind int

// The kinds of typed attributes.
const (
	Time  Kind = iota // sshd_config(5) TIME FORMATS, equal when the seconds are
	Count             // a whole number from 0 to 2147483647
	Flag              // yes or no
	Text              // anything else, one line
	Pairs             // name=value items
	Names             // a set of names
)

// Attribute is one typed attribute of a resource.
type Attribute struct {
	Name    string
	Keyword string
	Kind    Kind
	Match   bool // may stand in a Match block
	Since   sshconf.Version
	// Words are accepted besides what Kind says; of a Text, nothing else is.
	Words []string
	// Min and Max bound a Count, and a Time in seconds; both are 0 where only the kind does.
	Min, Max int64
}

// BadCount says what is wrong with text as the value of a Count, "" if nothing is.
func (a Attribute) BadCount(text string) string {
	most := cmp.Or(a.Max, math.MaxInt32)
	if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < a.Min || n > most {
		return fmt.Sprintf("%q is not a whole number from %d to %d", text, a.Min, most)
	}
	return ""
}

// Find returns the attribute of a keyword.
func Find(attributes []Attribute, keyword string) (a Attribute, ok bool) {
	i := slices.IndexFunc(attributes, func(a Attribute) bool { return a.Keyword == keyword })
	if i < 0 {
		return a, false
	}
	return attributes[i], true
}
