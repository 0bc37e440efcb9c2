package keepalive

import (
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Kind is the form of a typed attribute's value.
type Kind int

// The kinds of typed attributes.
const (
	Time  Kind = iota // sshd_config(5) TIME FORMATS, equal when the seconds are
	Count             // a whole number from 0 to 2147483647
	Flag              // yes or no, a Terraform bool
	Text              // anything else, one line
	Pairs             // name=value items, a Terraform map
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
}

// language is one of the two configuration languages as its users see it.
type language struct {
	sshconf.Dialect
	program    string
	attributes []Attribute
}

func serverLanguage() language { return language{sshconf.Server, "sshd", ServerAttributes()} }

// typed returns the typed attribute that keyword belongs to.
func (g language) typed(keyword string) (Attribute, bool) {
	for _, a := range g.attributes {
		if strings.EqualFold(a.Keyword, keyword) {
			return a, true
		}
	}
	return Attribute{}, false
}

// ServerAttributes returns the typed attributes in the order they are written.
// Since is the release whose sshd first knew the keyword; MaxStartups and the
// rest without one are older than every release that we meet.
func ServerAttributes() []Attribute {
	return []Attribute{
		{Name: "client_alive_interval", Keyword: "ClientAliveInterval", Kind: Time, Match: true},
		{Name: "client_alive_count_max", Keyword: "ClientAliveCountMax", Kind: Count, Match: true},
		{Name: "tcp_keep_alive", Keyword: "TCPKeepAlive", Kind: Flag},
		{Name: "login_grace_time", Keyword: "LoginGraceTime", Kind: Time},
		{Name: "max_sessions", Keyword: "MaxSessions", Kind: Count, Match: true},
		{Name: "max_startups", Keyword: "MaxStartups", Kind: Text},
		{Name: "channel_timeout", Keyword: "ChannelTimeout", Kind: Pairs, Match: true, Since: sshconf.Version{Major: 9, Minor: 2}},
		{Name: "unused_connection_timeout", Keyword: "UnusedConnectionTimeout", Kind: Time, Match: true, Since: sshconf.Version{Major: 9, Minor: 2}, Words: []string{"none"}},
		{Name: "rekey_limit", Keyword: "RekeyLimit", Kind: Text, Match: true},
	}
}
