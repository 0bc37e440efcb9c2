package host

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
)

// Names is how the user wrote settings, by their names in the table, for messages:
// "connection.user", "SSHKEEPALIVE_USER", "User (/home/a/.ssh/config:3)".
type Names map[string]string

// Source is one place in which the user writes settings: a block, an object of a
// resource, or the environment.
type Source struct {
	// Place is how the user wrote the place, for messages.
	Place string
	// Name is how the user writes an attribute there.
	Name func(attribute string) string
	// Value is what the user gave for an attribute: a string, an int, a bool, a []string,
	// or nil for nothing. A string is read as the kind of value that the setting has.
	Value func(attribute string) any
	// Jump is the list of jump hosts, nil if the user gave none.
	Jump func() ([]Settings, error)
	// Time reads durations.
	Time func(text string) (time.Duration, error)
}

// Settings reads the source. A text that is empty says nothing, as an attribute that is
// absent does.
func (src Source) Settings() (Settings, error) {
	s := Settings{Place: src.Place}
	for _, d := range AllSettings() {
		if d.In == 0 {
			continue
		}
		if err := src.read(d, d.Name, &s); err != nil {
			return s, err
		}
		if err := src.readOne(d, &s); err != nil {
			return s, err
		}
	}
	var err error
	if s.Jump, err = src.Jump(); err != nil {
		return s, err
	}
	return s, src.readBastion(&s)
}

// read puts what is given for the attribute where d keeps it.
func (src Source) read(d Setting, attribute string, s *Settings) error {
	value, err := d.parse(src.Value(attribute), src.Time)
	if err == nil && value != nil && !d.put(s, value) {
		err = fmt.Errorf("a %T is not what the setting holds", value)
	}
	if err != nil {
		return &SettingError{Name: src.Name(attribute), Err: err}
	}
	if value != nil && d.given(s) {
		s.name(d.Name, src.Name(attribute))
	}
	return nil
}

// readOne reads the attribute for a list of one.
func (src Source) readOne(d Setting, s *Settings) error {
	if d.Singular == "" {
		return nil
	}
	all := *s
	d.clear(s)
	if err := src.read(d, d.Singular, s); err != nil {
		return err
	}
	switch {
	case !d.given(s):
		*s = all
	case d.given(&all):
		return fmt.Errorf("`%s` and `%s` are two names for the same setting: give one of them", src.Name(d.Singular), src.Name(d.Name))
	}
	return nil
}

// readBastion reads the attributes for a single jump host.
func (src Source) readBastion(s *Settings) error {
	hop, given := Settings{}, ""
	for _, d := range AllSettings() {
		if d.Bastion == "" {
			continue
		}
		if err := src.read(d, d.Bastion, &hop); err != nil {
			return err
		}
		if d.given(&hop) {
			given = d.Bastion
		}
	}
	switch {
	case given == "":
		return nil
	case hop.Host == nil:
		return fmt.Errorf("`%s` is given without `%s` beside it: nothing is said about a hop elsewhere", src.Name(given), src.Name("bastion_host"))
	case s.Jump != nil:
		return fmt.Errorf("`%s` and `%s` both say which hosts to go through: give one of them", src.Name("bastion_host"), src.Name("jump"))
	}
	hop.Place = hop.Names["host"]
	s.Jump = []Settings{hop}
	return nil
}

// parse returns what value, as the user gave it, is for d; nil if it says nothing.
func (d Setting) parse(value any, duration func(string) (time.Duration, error)) (any, error) {
	text, ok := value.(string)
	switch {
	case !ok:
		return value, nil
	case text == "":
		return nil, nil
	}
	switch d.Kind() {
	case SecretText:
		return Secret(text), nil
	case Number:
		return parsed(strconv.Atoi, text, "a whole number")
	case Flag:
		return parsed(strconv.ParseBool, text, "true or false")
	case Duration:
		return parsed(duration, text, `a time such as "10s", "2m" or "1d"`)
	case List:
		return lines(text), nil
	}
	return text, nil
}

func parsed[T any](parse func(string) (T, error), text, want string) (any, error) {
	value, err := parse(text)
	if err != nil {
		return nil, errors.New(strconv.Quote(text) + " is not " + want)
	}
	return value, nil
}

// lines are those of text that are not empty.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// SettingError is something wrong with the value of a setting.
type SettingError struct {
	Name string // as the user wrote the setting
	// Missing is a setting that has to be given beside it, "" if the value is wrong.
	Missing string
	Err     error
}

func (e *SettingError) Error() string { return fmt.Sprintf("`%s`: %v", e.Name, e.Err) }
func (e *SettingError) Unwrap() error { return e.Err }

// Setting is how the user wrote the setting that the error is about, "" if it is about
// none, or about several.
func (e *Error) Setting() string {
	var wrong *SettingError
	var ended *ProxyCommandError
	switch {
	case errors.As(e.Err, &wrong):
		return e.called(wrong.Name)
	case e.Kind == Config && errors.As(e.Err, &ended):
		return e.Names.Written("proxy_command")
	}
	return ""
}

// called is the name of a setting after machines that share a connection were told
// apart.
func (e *Error) called(name string) string {
	if renamed, ok := errors.AsType[*renamedError](e.Err); ok {
		return strings.Trim(renamed.called.Replace("`"+name+"`"), "`")
	}
	return name
}

// Missing is the setting that the user has to give beside the one that the error is
// about, "" if none is known.
func (e *Error) Missing() string {
	if wrong, ok := errors.AsType[*SettingError](e.Err); ok {
		return wrong.Missing
	}
	return ""
}

// ThroughProxy reports whether the error is about a proxy on the way.
func (e *Error) ThroughProxy() bool {
	var via *ProxyError
	return errors.As(e.Err, &via)
}

// name notes how the user wrote a setting.
func (m *Settings) name(setting, as string) {
	m.Names = maps.Clone(m.Names)
	if m.Names == nil {
		m.Names = Names{}
	}
	m.Names[setting] = as
}

// Written is how the user wrote a setting: the bare name of one that the user did not
// write.
func (n Names) Written(setting string) string { return cmp.Or(n[setting], setting) }

// with is n with the names that from has for some settings.
func (n Names) with(from Names, settings ...string) Names {
	n = maps.Clone(n)
	for _, setting := range settings {
		if as := from[setting]; as != "" {
			if n == nil {
				n = Names{}
			}
			n[setting] = as
		}
	}
	return n
}

// Invalid is an error about a setting of s, nil if err is.
func (s Spec) Invalid(setting string, err error) error {
	if err == nil {
		return nil
	}
	return &SettingError{Name: s.Names.Written(setting), Err: err}
}

// wrongIfWritten is wrong for an error that says itself what it is about.
func (s Spec) wrongIfWritten(setting string, err error) error {
	if s.Names[setting] == "" {
		return err
	}
	return s.Invalid(setting, err)
}

// Quoted is how the user wrote a setting of s, in backquotes.
func (s Spec) Quoted(setting string) string { return "`" + s.Names.Written(setting) + "`" }
