package host

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scope is a set of the places in which a setting may be written.
type Scope int

// The places.
const (
	InConnection Scope = 1 << iota // the provider's connection block
	InHosts                        // an entry of the provider's hosts
	InJump                         // a jump host, in the provider or in a resource
	InSSH                          // a resource's ssh object, which state holds
)

const everywhere = InConnection | InHosts | InJump | InSSH

// ValueKind is the kind of value that a setting has.
type ValueKind int

// The kinds of values.
const (
	Text ValueKind = iota
	SecretText
	Number
	Flag
	Duration
	List // of texts
)

// Setting describes one connection setting. Attributes, environment variables, the
// merging of layers, defaults, digests of connections, the debug log and the
// documentation are made from the table of all settings.
type Setting struct {
	Name string // of the attribute; in capitals, after EnvPrefix, that of the variable
	In   Scope  // where it is an attribute; nowhere if only a file or state says it
	Doc  string // what it means, without default and variable
	// Default is the default in words where it is not a value.
	Default string
	// OneOf are the values that are accepted; nil accepts every text.
	OneOf []string
	// Min and Max bound a number; 0 for both sets no bound.
	Min, Max int64
	// Singular is the attribute for a list of one.
	Singular string
	// Bastion is the attribute that says it of the one jump host of Terraform's own
	// connection block.
	Bastion, BastionDoc string

	field
	novar   bool // has no variable
	zero    bool // the time may be zero
	unshown bool // may be long, or hold a secret: the log says only whether it is given
	// group is shared by settings that mean one thing together: a layer that gives one of
	// them silences all of later layers. behind are those that silence this one alone.
	group  string
	behind []string
	use    use
}

// use says what a jump host does with the setting of the machine behind it.
type use int

const (
	ofPath    use = iota // takes it over
	ofMachine            // never: it is about the machine, or trust in it
	ofLogin              // takes it over, unless the jump host has credentials of its own
	asLogin              // the same; one of these is a credential of its own
)

// Secret reports whether no message, log or state may show the value.
func (d Setting) Secret() bool { return d.Kind() == SecretText }

// Variable is the environment variable of an attribute, "" if it has none.
func (d Setting) Variable() string {
	if d.In == 0 || d.novar {
		return ""
	}
	return variable(d.Name)
}

func variable(attribute string) string { return EnvPrefix + strings.ToUpper(attribute) }

// DefaultText is the default as the documentation gives it, "" if there is none.
func (d Setting) DefaultText() string {
	if d.Default != "" {
		return d.Default
	}
	switch v := d.fallback().(type) {
	case string:
		return quotedUnlessEmpty(v)
	case int:
		return fmt.Sprintf("`%d`", v)
	case bool:
		return fmt.Sprintf("`%t`", v)
	case time.Duration:
		return "`" + spelled(v) + "`"
	}
	return ""
}

func quotedUnlessEmpty(text string) string {
	if text == "" {
		return ""
	}
	return "`\"" + text + "\"`"
}

// spelled is a duration without the units that are zero: "1m", not "1m0s".
func spelled(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}

// field is where layers and specs keep a setting.
type field interface {
	Kind() ValueKind
	given(s *Settings) bool
	take(to, from *Settings)
	clear(s *Settings)
	put(s *Settings, value any) bool // false for a value of another type
	resolve(s *Settings, to *Spec)
	value(s *Spec) any // nil if specs do not have it
	fallback() any
}

// single is a setting of one value.
type single[T any] struct {
	slot func(*Settings) **T
	spec func(*Spec) *T // nil if only resolving needs it
	none T              // what it is when no layer says it
}

func one[T any](slot func(*Settings) **T, spec func(*Spec) *T, none T) field {
	return single[T]{slot, spec, none}
}

func (f single[T]) Kind() ValueKind {
	switch any(f.none).(type) {
	case Secret:
		return SecretText
	case int:
		return Number
	case bool, *bool:
		return Flag
	case time.Duration:
		return Duration
	}
	return Text
}

func (f single[T]) given(s *Settings) bool  { return *f.slot(s) != nil }
func (f single[T]) take(to, from *Settings) { *f.slot(to) = *f.slot(from) }
func (f single[T]) clear(s *Settings)       { *f.slot(s) = nil }

func (f single[T]) put(s *Settings, value any) bool {
	v, ok := value.(T)
	if ok {
		*f.slot(s) = &v
	}
	return ok
}

func (f single[T]) resolve(s *Settings, to *Spec) {
	if f.spec != nil {
		*f.spec(to) = or(*f.slot(s), f.none)
	}
}

func (f single[T]) value(s *Spec) any {
	if f.spec == nil {
		return nil
	}
	return *f.spec(s)
}

func (f single[T]) fallback() any { return f.none }

// unsaid is a flag that differs from false while no layer gives it.
type unsaid struct {
	single[bool]
	spec func(*Spec) **bool
}

func (f unsaid) resolve(s *Settings, to *Spec) { *f.spec(to) = *f.slot(s) }
func (f unsaid) fallback() any                 { return nil }

func (f unsaid) value(s *Spec) any {
	if said := *f.spec(s); said != nil {
		return *said
	}
	return "unsaid"
}

// list is a setting of several texts. One that is empty and not nil says that there
// are none.
type list struct {
	slot func(*Settings) *[]string
	spec func(*Spec) *[]string
}

func (list) Kind() ValueKind                 { return List }
func (f list) given(s *Settings) bool        { return *f.slot(s) != nil }
func (f list) take(to, from *Settings)       { *f.slot(to) = *f.slot(from) }
func (f list) clear(s *Settings)             { *f.slot(s) = nil }
func (f list) resolve(s *Settings, to *Spec) { *f.spec(to) = *f.slot(s) }
func (f list) value(s *Spec) any             { return *f.spec(s) }
func (list) fallback() any                   { return nil }

func (f list) put(s *Settings, value any) bool {
	texts, ok := value.([]string)
	if !ok {
		return false
	}
	kept := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return strings.TrimSpace(text) == "" })
	if len(kept) > 0 || len(texts) == 0 {
		*f.slot(s) = append([]string{}, kept...)
	}
	return true
}

// digested is a value as digests take it.
func digested(value any) string {
	switch v := value.(type) {
	case Secret:
		return v.Reveal()
	case []string:
		return strconv.FormatBool(v != nil) + fmt.Sprintf(" %q", v)
	}
	return fmt.Sprint(value)
}
