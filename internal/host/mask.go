package host

import (
	"cmp"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Masker takes secrets out of text that others wrote: hosts, proxies and programs
// that were given a secret and repeat it, as it is or in one of the usual
// encodings. It is not a defence against a machine that wants to pass a secret
// on, which could encode it in a way of its own; nor are secrets of less than four
// bytes masked, because the stars in place of every "ab" would tell them.
// A nil Masker masks nothing.
type Masker struct {
	replacer *strings.Replacer
	// begins has a bit for the first bytes of each form. Most text holds no secret, and
	// every state and every message is searched.
	begins [1 << 16 / 64]uint64
}

const shortestSecret = 4

// MaskerOf masks every secret of the layers and of their jump hosts.
func MaskerOf(layers ...Settings) *Masker {
	var s secrets
	for _, l := range layers {
		s.collect(reflect.ValueOf(l))
	}
	return s.masker()
}

// Masker masks every secret that is used on the way to s.
func (s Spec) Masker() *Masker {
	var all secrets
	all.collect(reflect.ValueOf(s))
	return all.masker()
}

// secrets are those that were found, and the user names that may stand before one
// in an encoded pair.
type secrets struct {
	texts, users []string
}

// collect finds secrets by their type, so that a new one cannot be forgotten.
func (s *secrets) collect(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			s.collect(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			s.collect(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "User" {
				s.addUser(reflect.Indirect(v.Field(i)))
			}
			s.collect(v.Field(i))
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[Secret]() {
			s.add(v.String())
		}
	}
}

func (s *secrets) addUser(v reflect.Value) {
	if v.IsValid() && v.String() != "" {
		s.users = append(s.users, v.String())
	}
}

// add takes text as it is, and what in it is a secret by itself: the password of a
// URL, the lines of a key.
func (s *secrets) add(text string) {
	if u, err := url.Parse(text); err == nil && u.User != nil {
		password, _ := u.User.Password()
		s.users = append(s.users, u.User.Username())
		s.texts = append(s.texts, password, u.User.String())
	}
	s.texts = append(s.texts, text)
}

// maskedLine is how long a line of a secret must be to be one by itself. Those of
// keys have 64 or 70 characters.
const maskedLine = 16

func (s *secrets) masker() *Masker {
	var forms []string
	for _, text := range s.texts {
		forms = append(forms, formsOf(text, s.users)...)
	}
	forms = slices.DeleteFunc(forms, func(form string) bool { return len(form) < shortestSecret })
	if len(forms) == 0 {
		return nil
	}
	// What a machine says is quoted once more in our own messages.
	for _, form := range forms {
		forms = append(forms, inside(strconv.Quote(form)))
	}
	// The longest goes first, so that no part of a secret hides the whole of it.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	forms = slices.Compact(forms)
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, redacted)
	}
	m := &Masker{replacer: strings.NewReplacer(pairs...)}
	for _, form := range forms {
		bit := firstBytes(form)
		m.begins[bit/64] |= 1 << (bit % 64)
	}
	return m
}

// firstBytes is a number of 16 bits for the first shortestSecret bytes of text.
func firstBytes(text string) uint32 {
	n := uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24
	return n * 2654435761 >> 16
}

// mayHold reports whether a form may begin anywhere in text.
func (m *Masker) mayHold(text string) bool {
	for i := range max(0, len(text)-shortestSecret+1) {
		if bit := firstBytes(text[i:]); m.begins[bit/64]&(1<<(bit%64)) != 0 {
			return true
		}
	}
	return false
}

// formsOf are those of one secret. A key in another encoding is recognised by its
// lines.
func formsOf(text string, users []string) (forms []string) {
	for _, variant := range variants(text) {
		if len(variant) > longestEncoded {
			forms = append(forms, variant)
		} else {
			forms = append(forms, encodings(variant, users)...)
		}
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) >= maskedLine && !strings.HasPrefix(line, "-----") {
			forms = append(forms, encodings(line, nil)...)
		}
	}
	return forms
}

// longestEncoded is the longest secret whose encodings are masked as a whole.
const longestEncoded = 256

// variants are what becomes of text on its way through here-documents, files and
// terminals.
func variants(text string) []string {
	unix := strings.ReplaceAll(text, "\r\n", "\n")
	return []string{text, unix, strings.TrimSpace(unix), strings.TrimRight(unix, "\n"), strings.ReplaceAll(unix, "\n", "\r\n"), strings.ReplaceAll(strings.TrimSpace(unix), "\n", " ")}
}

// Mask returns text with three stars in place of every secret. What is cut off a
// text has to be cut off after that: half a secret is not recognised.
func (m *Masker) Mask(text string) string {
	if m == nil || !m.mayHold(text) {
		return text
	}
	return m.replacer.Replace(text)
}
