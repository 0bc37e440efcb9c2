package shell

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// Report reads what a script that gathers facts printed: lines "@word text", some of
// which announce bytes or further lines.
type Report struct {
	Rest  string
	Names []string // of the files to come
	Files map[string][]byte
	Dumps []Dump

	MachineID string   // of /etc/machine-id; "" where the system has none
	Mounts    []string // files on which something is mounted
	Ended     bool     // the script came to its end

	secrets func() *host.Masker // of those that the host was given, and may repeat
	exposed exposure
	counts  map[string]int // of sections, by their word
}

// Dump is one run of sshd -T or ssh -G.
type Dump struct {
	Kind string // as the script calls it
	Exit int
	Out  strings.Builder
	Err  strings.Builder
}

// NewReport returns the report that a script printed as out on a host that was given
// secrets; host.Spec.Masker is such a function.
func NewReport(out string, secrets func() *host.Masker) Report {
	r := Report{Rest: out, Files: map[string][]byte{}}
	if secrets != nil {
		r.secrets = sync.OnceValue(secrets) // a host decides how often something is cut
	}
	return r
}

// Read takes the sections that many scripts have, and gives the others to section; what
// follows the announcement of a dump is the dump.
func (s *Report) Read(section func(word, arg string) error) error {
	for s.Rest != "" {
		var line string
		line, s.Rest, _ = strings.Cut(s.Rest, "\n")
		if strings.HasPrefix(line, "@") {
			word, arg, _ := strings.Cut(line[1:], " ")
			if err := s.plausible(word, arg); err != nil {
				return err
			}
			if known, err := s.common(word, arg); err != nil {
				return err
			} else if known {
				continue
			}
			if err := section(word, arg); err != nil {
				return err
			}
			continue
		}
		if len(s.Dumps) == 0 {
			return fmt.Errorf("unexpected line %q in the report of facts", s.Cut(line, 200))
		}
		if !strings.HasSuffix(line, "\r") { // which sshd -ddd says beside its answer
			s.Dumps[len(s.Dumps)-1].Out.WriteString(line + "\n")
		}
	}
	return nil
}

// ReadToEnd is Read of a report that must have its end.
func (s *Report) ReadToEnd(section func(word, arg string) error) error {
	if err := s.Read(section); err != nil || s.Ended {
		return err
	}
	return ErrCutShort
}

// common takes a section that many scripts have.
func (s *Report) common(word, arg string) (known bool, err error) {
	switch word {
	case "file":
		s.Names = append(s.Names, arg)
	case "sizes":
		return true, s.contents()
	case "mount":
		s.Mounts = append(s.Mounts, mountPoint(arg))
	case "machine":
		s.MachineID = arg
	case "end":
		s.Ended = true
	case "exposed", "whose", "path":
		return true, s.exposed.read(word, arg)
	case "nouser":
		return true, NewMissing(NoUser, "the host has no user %q with a home directory", arg)
	case "nossh":
		return true, NewMissing(NoSSH, "no ssh program is installed on the host")
	case "nosshd":
		return true, NewMissing(NoSSHD, "no sshd program is installed on the host")
	case "notemp":
		return true, errNoTempDir
	case "noawk":
		return true, errNoAwk
	case "oddname":
		return true, fmt.Errorf("a file is included whose name has a line end in it: it begins with %s", arg)
	default:
		return false, nil
	}
	return true, nil
}

// Dump begins a dump of one of kinds, or takes a line of what the program said.
func (s *Report) Dump(word, arg string, kinds ...string) error {
	switch {
	case slices.Contains(kinds, word):
		code, _, _ := strings.Cut(arg, " ")
		d := Dump{Kind: word}
		if err := Number(code, &d.Exit); err != nil {
			return err
		}
		s.Dumps = append(s.Dumps, d)
	case word != "err":
		return fmt.Errorf("unexpected section %q in the report of facts", s.Cut(word, 200))
	case len(s.Dumps) > 0:
		s.Dumps[len(s.Dumps)-1].Err.WriteString(arg + "\n")
	}
	return nil
}

// contents takes the files that were named: what wc counted of each, and the bytes
// of all of them, which are as many if no process wrote meanwhile.
func (s *Report) contents() error {
	counts, rest, _ := strings.Cut(s.Rest, "\n@bytes\n") // no line of wc begins so
	for _, name := range s.Names {
		var line string
		line, counts, _ = strings.Cut(counts, "\n")
		count, of, _ := strings.Cut(strings.TrimLeft(line, " "), " ")
		n, err := strconv.Atoi(count)
		if err != nil || of != name || n < 0 || n > len(rest) {
			return &ChangedError{name + " changed while it was read"}
		}
		s.Files[name] = []byte(rest[:n])
		rest = rest[n:]
	}
	if !strings.HasPrefix(rest, "\n") {
		return &ChangedError{"a file changed while it was read: one of " + strings.Join(s.Names, ", ")}
	}
	s.Rest = rest[1:]
	return nil
}

// Refusal is what the program said if it failed.
func (d *Dump) Refusal(program string) string {
	if d.Exit == 0 {
		return ""
	}
	if said := strings.TrimSpace(d.Err.String()); said != "" {
		return said
	}
	return fmt.Sprintf("%s ended with status %d and said nothing", program, d.Exit)
}

// Number reads a number of a report.
func Number(s string, into *int) error {
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

// Uptime reads a time since the boot, of /proc/uptime, in hundredths of a second.
func Uptime(s string, into *int64) error {
	up, err := strconv.ParseFloat(s, 64)
	if err == nil && !(up >= 0 && up < 1<<33) {
		err = strconv.ErrRange
	}
	if err != nil {
		return fmt.Errorf("no time since the boot in the report of facts: %w", err)
	}
	*into = int64(up * 100)
	return nil
}

// Cut returns the first most bytes of what a host says. A secret in it is masked before:
// half of one would not be recognised later.
func (s *Report) Cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if s.secrets != nil {
		text = s.secrets().Mask(text)
	}
	return text[:min(len(text), most)]
}

// Shown is Cut, made safe to be shown.
func (s *Report) Shown(text string, most int) string { return host.Printable(s.Cut(text, most)) }

// mountPoint is where a line of /proc/self/mountinfo says that something is
// mounted: the fifth word, in which the kernel writes blanks in octal.
func mountPoint(line string) string {
	words := strings.Fields(line)
	if len(words) < 5 {
		return ""
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`).Replace(words[4])
}
