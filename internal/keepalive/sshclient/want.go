package sshclient

import (
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// DefaultFile is the file of ssh that belongs to the user who logs in.
const DefaultFile = "~/.ssh/config"

// Want is what a user wants of ssh for some hosts: one Host or Match block.
type Want struct {
	Patterns []string // of a Host block
	Match    string   // or the criteria of a Match block
	Settings []keepalive.Setting
	// ProbeHosts are the names, [user@]host, for which ssh -G must give the
	// settings; empty is what ProbesOf makes up.
	ProbeHosts []string
	// IdleLimit is after how many seconds of silence the path to these hosts forgets a
	// connection; 0 is not declared.
	IdleLimit int64
	// Claim says which lines on the host are the resource's own.
	Claim keepalive.Claim
}

// Block is the line that opens the block. It is also the block's owner: two
// resources in one file tell their lines apart by it.
func (c Want) Block() string {
	if c.Match != "" {
		return "Match " + c.Match
	}
	return "Host " + strings.Join(c.Patterns, " ")
}

// ParseBlock reads what Block returned.
func ParseBlock(line string) (c Want, ok bool) {
	word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case rest == "":
	case strings.EqualFold(word, "Host"):
		return Want{Patterns: strings.Fields(rest)}, true
	case strings.EqualFold(word, "Match"):
		return Want{Match: rest}, true
	}
	return Want{}, false
}

// everywhere reports whether the block applies to every host.
func (c Want) everywhere() bool { return c.Block() == "Host *" || strings.EqualFold(c.Match, "all") }

// Attributes returns the typed attributes of sshkeepalive_client in the
// order they are written.
func Attributes() []keepalive.Attribute {
	return []keepalive.Attribute{
		{Name: "server_alive_interval", Keyword: "ServerAliveInterval", Kind: keepalive.Time},
		{Name: "server_alive_count_max", Keyword: "ServerAliveCountMax", Kind: keepalive.Count},
		{Name: "tcp_keep_alive", Keyword: "TCPKeepAlive", Kind: keepalive.Flag},
		{Name: "connect_timeout", Keyword: "ConnectTimeout", Kind: keepalive.Time},
		{Name: "connection_attempts", Keyword: "ConnectionAttempts", Kind: keepalive.Count, Min: 1}, // at 0 ssh ends with an error, whatever host it is called for
		{Name: "control_master", Keyword: "ControlMaster", Kind: keepalive.Text, Words: []string{"auto", "autoask", "yes", "ask", "no"}},
		{Name: "control_path", Keyword: "ControlPath", Kind: keepalive.Text},
		{Name: "control_persist", Keyword: "ControlPersist", Kind: keepalive.Time, Since: sshconf.Version{Major: 5, Minor: 6}, Words: []string{"yes", "no"}},
	}
}

func language() sshfile.Language {
	return sshfile.Language{Dialect: sshconf.Client, Program: "ssh", Attributes: Attributes()}
}

func (f Facts) query(at sshconf.Context) sshconf.ClientQuery {
	return sshconf.ClientQuery{Host: at.Host, User: at.User, LocalUser: f.User, Home: f.Home}
}

// dumped returns what ssh printed for keyword in one of the dumps.
func (f Facts) dumped(dumps []sshconf.Dump, i int, keyword string) []string {
	if i >= len(dumps) {
		return nil
	}
	return dumps[i][f.dumpName(keyword)]
}

// dumpName is the name by which this ssh prints keyword.
func (f Facts) dumpName(keyword string) string {
	if kw, ok := sshconf.Lookup(sshconf.Client, keyword); ok {
		if name := kw.DumpName(sshconf.Client, f.Version); name != "" {
			return name
		}
	}
	return strings.ToLower(keyword)
}

// ProbesOf returns the hosts whose effective values Plan and Observe
// need: the declared ones, else for each pattern one that it matches, where one
// can be made up.
func ProbesOf(want Want) []sshconf.Context {
	if len(want.ProbeHosts) > 0 {
		return probes(want.ProbeHosts)
	}
	var list []sshconf.Context
	for _, name := range synthetic(want) {
		at := sshconf.Context{Host: name}
		if !slices.Contains(list, at) && appliesTo(want, at) {
			list = append(list, at)
		}
	}
	return list
}

func probes(names []string) []sshconf.Context {
	var list []sshconf.Context
	for _, name := range names {
		user, host, found := cutLast(name, "@")
		if !found {
			user, host = "", name
		}
		if at := (sshconf.Context{User: user, Host: host}); !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// ProbeName is a context as the user writes it in probe_hosts.
func ProbeName(at sshconf.Context) string {
	if at.User == "" {
		return at.Host
	}
	return at.User + "@" + at.Host
}

// synthetic returns names that a block may match: its patterns with wildcards
// filled in. Of criteria only those on the host name are tried.
func synthetic(want Want) []string {
	patterns := want.Patterns
	if words := strings.Fields(strings.ReplaceAll(want.Match, "=", " ")); len(words) > 0 {
		patterns = []string{"*"}
		for i := 0; i+1 < len(words); i++ {
			if w := strings.ToLower(words[i]); w == "host" || w == "originalhost" {
				patterns = strings.Split(strings.Trim(words[i+1], `"`), ",")
			}
		}
	}
	var names []string
	for _, p := range patterns {
		if name, ok := sshfile.SampleName(p); ok {
			names = append(names, name)
		}
	}
	return names
}

// appliesTo asks the evaluator whether the block alone matches a host. A user
// name and a command that Match would have to look at are not known here.
func appliesTo(want Want, at sshconf.Context) bool {
	const main = "/sample"
	t := sshconf.Tree{Dialect: sshconf.Client, Version: sshconf.Newest(), Main: main, Dir: "/",
		Files: map[string][]byte{main: []byte(want.Block() + "\n\tLogLevel INFO\n")}}
	_, matched := sshconf.EvaluateClient(t, sshconf.ClientQuery{Host: at.Host, User: at.User}).Winner("LogLevel")
	return matched
}

// unmet comes before criteria that ssh must parse and not apply: ssh parses what follows a
// criterion that fails, and runs no command of Match exec.
const unmet = "originalhost sshkeepalive.invalid "

// Text returns the wanted lines for the host's own ssh to judge, the criteria of
// the block among them. Lines that are read after these apply to every host.
func Text(want Want) keepalive.Wanted {
	w := sshfile.WantedText(inOrder(want.Settings))
	if want.Match != "" && !want.everywhere() {
		w.Lines = append(w.Lines, "Match "+unmet+want.Match, "Match all")
		w.Attributes = append(w.Attributes, "match", "match")
	}
	return w
}

// inOrder puts IgnoreUnknown first: it counts only for the lines below it.
func inOrder(settings []keepalive.Setting) []keepalive.Setting {
	ordered := slices.Clone(settings)
	slices.SortStableFunc(ordered, func(a, b keepalive.Setting) int { return ignores(b) - ignores(a) })
	return ordered
}

func ignores(s keepalive.Setting) int {
	if strings.EqualFold(s.Keyword, "IgnoreUnknown") {
		return 1
	}
	return 0
}
