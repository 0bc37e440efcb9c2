package userconf

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// translator turns the evaluated file of one machine into settings, and keeps the first
// error.
type translator struct {
	result sshconf.Result
	said   host.Settings
	user   string
	home   string
	query  sshconf.ClientQuery

	version              sshconf.Version
	jumpNoneHidesCommand bool
	tokens               sshconf.Tokens
	layer                host.Settings
	used                 []string
	err                  error
}

func newTranslator(v sshconf.Version, q sshconf.ClientQuery, said host.Settings, user, home string) *translator {
	return &translator{version: v, query: q, said: said, user: user, home: home}
}

// key is the cache key: what may have different answers has different keys.
func (r *translator) key() string {
	return fmt.Sprintf("%q %q %q %q %t %t %t", r.query.Host, r.query.User, r.query.Port, r.user, r.knowsHostKeys(), r.hasCredentials(), r.hasPolicy())
}

func (r *translator) answer() (Answer, error) {
	r.destination()
	r.refuse()
	r.route()
	r.identities()
	r.agent()
	r.hostKeys()
	r.timeouts()
	if r.err != nil {
		return Answer{}, r.err
	}
	r.layer.Names = r.names()
	return Answer{Settings: r.layer, Trail: r.trail()}, nil
}

// keywordOf lists the keywords that determine a setting.
var keywordOf = map[string][]string{
	"host": {"HostName"}, "port": {"Port"}, "user": {"User"}, "address_family": {"AddressFamily"}, "proxy_command": {"ProxyCommand"},
	"identity_files": {"PubkeyAuthentication", "IdentityFile"}, "certificate_files": {"CertificateFile"}, "identities_only": {"IdentitiesOnly"},
	"agent": {"PubkeyAuthentication", "IdentityAgent"}, "agent_socket": {"IdentityAgent"},
	"host_key_policy": {"StrictHostKeyChecking"}, "check_host_ip": {"CheckHostIP"}, "host_key_alias": {"HostKeyAlias"},
	"default_known_hosts": {"UserKnownHostsFile", "GlobalKnownHostsFile"},
	"connect_timeout":     {"ConnectTimeout"}, "keepalive_interval": {"ServerAliveInterval"}, "keepalive_count_max": {"ServerAliveCountMax"},
}

// names returns for each setting the line that it comes from.
func (r *translator) names() host.Names {
	names := host.Names{}
	for setting, keywords := range keywordOf {
		for _, keyword := range keywords {
			if s, ok := r.result.Winner(keyword); ok {
				names[setting] = wordAt(s)
			}
		}
	}
	return names
}

// wordAt is a line as messages call it.
func wordAt(s sshconf.Setting) string { return s.Keyword + " at " + at(s.Pos) }

// first is the argument in force of a keyword that takes one.
func (r *translator) first(keyword string) (arg string, s sshconf.Setting, ok bool) {
	s, ok = r.result.Winner(keyword)
	if !ok || len(s.Args) == 0 {
		return "", s, false
	}
	r.used = append(r.used, keyword)
	return s.Args[0], s, true
}

// text is first, nil for a keyword that is not set.
func (r *translator) text(keyword string) *string {
	arg, _, ok := r.first(keyword)
	if !ok {
		return nil
	}
	return &arg
}

func (r *translator) failAt(s sshconf.Setting, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %s: %w", at(s.Pos), s.Keyword, fmt.Errorf(format, args...))
	}
}

// destination sets the name, the port and the user, which all tokens are made of.
func (r *translator) destination() {
	alias := r.text("HostKeyAlias")
	d := sshconf.Destination{HostName: r.hostName(), Port: "22", User: r.userName()}
	if port := r.port(); port != "" {
		d.Port = port
	}
	if alias != nil {
		d.Alias = strings.ToLower(*alias)
		r.layer.HostKeyAlias = &d.Alias
	}
	if hops := r.jumps(); len(hops) > 0 {
		d.Jump = hops[len(hops)-1].Host
	}
	r.tokens = r.query.Tokens(r.version, d)
	r.layer.Host = &d.HostName
	r.layer.AddressFamily = r.text("AddressFamily")
}

// hostName is in lower case unless it is an address, as ssh has it.
func (r *translator) hostName() string {
	name := r.query.Host
	if arg, s, ok := r.first("HostName"); ok {
		expanded, err := sshconf.Tokens{'h': name}.Expand(arg, nil)
		if err != nil {
			r.failAt(s, "%w", err)
		}
		name = expanded
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	return strings.ToLower(name)
}

// port is that of the command line, else that of the file.
func (r *translator) port() string {
	arg, s, ok := r.first("Port")
	if r.query.Port != "" || !ok {
		return r.query.Port
	}
	number, err := portNumber(arg)
	if err != nil {
		r.failAt(s, "%w", err)
		return ""
	}
	r.layer.Port = &number
	return fmt.Sprint(number)
}

// userName is who logs in. The file's User may have tokens since 10.0, though not
// those that it is a part of.
func (r *translator) userName() string {
	if r.query.User != "" {
		return r.query.User
	}
	arg, s, ok := r.first("User")
	if !ok && r.user != "" {
		return r.user
	} else if !ok {
		return r.query.LocalUser
	}
	if r.version.IsZero() || r.version.AtLeast(10, 0) {
		d := sshconf.Destination{HostName: r.hostName(), Port: r.port()}
		expanded, err := r.query.Tokens(r.version, d).Only("dhiklLnpu").Expand(arg, os.LookupEnv)
		if err != nil {
			r.failAt(s, "%w", err)
		}
		arg = expanded
	}
	r.layer.User = &arg
	return arg
}

// expand is what ssh does to the name of a file.
func (r *translator) expand(path string) (string, error) {
	path, err := expandTilde(path, r.home)
	if err != nil {
		return "", err
	}
	return r.tokens.Expand(path, os.LookupEnv)
}

// jumps are the hosts of ProxyJump, if it came before ProxyCommand: of the two,
// the one that is read first counts.
func (r *translator) jumps() []sshconf.Jump {
	jump, ok := r.result.Winner("ProxyJump")
	if command, other := r.result.Winner("ProxyCommand"); !ok || other && command.Order < jump.Order {
		return nil
	}
	r.used = append(r.used, "ProxyJump")
	hops, err := sshconf.ParseJump(jump.Rest)
	if err != nil {
		r.failAt(jump, "%w", err)
	}
	return hops
}

// trail lists what was found, in the order of its reading.
func (r *translator) trail() []string {
	var winners []sshconf.Setting
	for _, keyword := range r.result.Keywords() {
		winners = append(winners, r.result.Winners(keyword)...)
	}
	slices.SortFunc(winners, func(a, b sshconf.Setting) int { return a.Order - b.Order })
	used := map[string]bool{}
	for _, keyword := range r.used {
		used[strings.ToLower(keyword)] = true
	}
	trail := make([]string, len(winners))
	for i, s := range winners {
		trail[i] = s.Keyword + " " + at(s.Pos)
		if !used[strings.ToLower(s.Keyword)] {
			trail[i] += " (not used)"
		}
	}
	return trail
}
