package reconcile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// sections reads what a script that gathers facts printed: lines "@word text",
// of which some announce bytes or further lines.
type sections struct {
	rest   string
	names  []string // of the files to come
	files  map[string][]byte
	dumps  []dump
	counts map[string]int // of sections, by their word
}

// dump is one run of sshd -T or ssh -G.
type dump struct {
	kind string // as the script calls it
	exit int
	out  strings.Builder
	err  strings.Builder
}

func newSections(out string) sections { return sections{rest: out, files: map[string][]byte{}} }

// read gives each announcing line to section; what follows the announcement of a
// dump is the dump.
func (s *sections) read(section func(word, arg string) error) error {
	for s.rest != "" {
		var line string
		line, s.rest, _ = strings.Cut(s.rest, "\n")
		if strings.HasPrefix(line, "@") {
			word, arg, _ := strings.Cut(line[1:], " ")
			if err := s.plausible(word, arg); err != nil {
				return err
			}
			if err := section(word, arg); err != nil {
				return err
			}
			continue
		}
		if len(s.dumps) == 0 {
			return fmt.Errorf("unexpected line %.200q in the report of facts", line)
		}
		if !strings.HasSuffix(line, "\r") { // which sshd -ddd says beside its answer
			s.dumps[len(s.dumps)-1].out.WriteString(line + "\n")
		}
	}
	return nil
}

// dump begins a dump of one of kinds, or takes a line of what the program said.
func (s *sections) dump(word, arg string, kinds ...string) error {
	switch {
	case slices.Contains(kinds, word):
		code, _, _ := strings.Cut(arg, " ")
		d := dump{kind: word}
		if err := number(code, &d.exit); err != nil {
			return err
		}
		s.dumps = append(s.dumps, d)
	case word != "err":
		return fmt.Errorf("unexpected section %.200q in the report of facts", word)
	case len(s.dumps) > 0:
		s.dumps[len(s.dumps)-1].err.WriteString(arg + "\n")
	}
	return nil
}

// contents takes the files that were named: what wc counted of each, and the bytes
// of all of them, which are as many if nobody wrote meanwhile.
func (s *sections) contents() error {
	counts, rest, _ := strings.Cut(s.rest, "\n@bytes\n") // no line of wc begins so
	for _, name := range s.names {
		var line string
		line, counts, _ = strings.Cut(counts, "\n")
		count, of, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
		n, err := strconv.Atoi(count)
		if err != nil || of != name || n < 0 || n > len(rest) {
			return fmt.Errorf("%s changed while it was read", name)
		}
		s.files[name] = []byte(rest[:n])
		rest = rest[n:]
	}
	if !strings.HasPrefix(rest, "\n") {
		return fmt.Errorf("a file changed while it was read: one of %s", strings.Join(s.names, ", "))
	}
	s.rest = rest[1:]
	return nil
}

// refusal is what the program said if it failed.
func (d *dump) refusal(program string) string {
	if d.exit == 0 {
		return ""
	}
	if said := strings.TrimSpace(d.err.String()); said != "" {
		return said
	}
	return fmt.Sprintf("%s ended with status %d and said nothing", program, d.exit)
}

func number(s string, into *int) error {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return fmt.Errorf("no number in the report of facts: %w", err)
	}
	if n < 0 || n > largest {
		return fmt.Errorf("the number %d in the report of facts is out of range", n)
	}
	*into = n
	return nil
}

// mountPoint is where a line of /proc/self/mountinfo says that something is
// mounted: the fifth word, in which the kernel writes blanks in octal.
func mountPoint(line string) string {
	words := strings.Fields(line)
	if len(words) < 5 {
		return ""
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`).Replace(words[4])
}
