package system

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile/shell"
)

// properties are what gather.sh asks logind for, in this order.
var properties = []string{"KillUserProcesses", "KillExcludeUsers", "KillOnlyUsers"}

// report is what gather.sh printed, on its way to being a look.
type report struct {
	shell.Report
	facts system.Facts
	bus   []string
}

func parse(t reconcile.Target, _ system.Want, stdout string) (s seen, err error) {
	r := report{Report: shell.NewReport(stdout), facts: system.Facts{Image: t.IsImage(), Values: map[string]string{}, Lacks: map[string]string{}}}
	if err := r.Read(r.section); err != nil {
		return s, err
	}
	if !r.Ended {
		return s, shell.ErrCutShort
	}
	r.logind()
	s.MachineID, s.Facts = r.MachineID, r.facts
	s.Facts.Files, s.Facts.Mounts = r.Files, r.Mounts
	return s, nil
}

func (r *report) section(word, arg string) error {
	f := &r.facts
	name, rest, _ := strings.Cut(arg, " ")
	switch word {
	case "value":
		n, err := strconv.ParseInt(rest, 10, 32)
		if err != nil {
			return fmt.Errorf("the host reports %.100q as the value of %.100q, which is not a number", rest, name)
		}
		f.Values[name] = strconv.FormatInt(n, 10)
	case "lacks":
		f.Lacks[name] = rest
	case "bus":
		r.bus = append(r.bus, arg)
	case "init":
		f.Init = arg
	case "sysctl":
		f.Sysctl = append(f.Sysctl, arg)
	case "logind":
		f.Logind = append(f.Logind, arg)
	case "there":
		f.Dirs = append(f.Dirs, arg)
	default:
		return fmt.Errorf("unexpected section %.200q in the report of facts", word)
	}
	return nil
}

// logind reads the lines of busctl: "b true", and of a list its length and its quoted names.
// Where it says anything else, it does not answer.
func (r *report) logind() {
	if r.facts.Init != "systemd" || r.facts.Image {
		return
	}
	if len(r.bus) != len(properties) || !strings.HasPrefix(r.bus[0], "b ") {
		r.facts.Lacks["logind"] = fmt.Sprintf("systemd-logind does not answer: %.300s", strings.Join(r.bus, "; "))
		return
	}
	for i, keyword := range properties {
		_, value, _ := strings.Cut(r.bus[i], " ")
		if i > 0 {
			_, value, _ = strings.Cut(value, " ")
		}
		value = strings.ReplaceAll(value, `"`, "")
		r.facts.Values[keyword] = system.Spell(keyword, value)
	}
}
