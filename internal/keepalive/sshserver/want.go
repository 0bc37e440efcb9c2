package sshserver

import (
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshfile"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func language() sshfile.Language {
	return sshfile.Language{Dialect: sshconf.Server, Program: "sshd", Attributes: Attributes()}
}

// Attributes returns the typed attributes in the order they are written.
// Since is the release whose sshd first knew the keyword; MaxStartups and the
// rest without one are older than every release that we meet.
func Attributes() []keepalive.Attribute {
	return []keepalive.Attribute{
		{Name: "client_alive_interval", Keyword: "ClientAliveInterval", Kind: keepalive.Time, Match: true},
		{Name: "client_alive_count_max", Keyword: "ClientAliveCountMax", Kind: keepalive.Count, Match: true},
		{Name: "tcp_keep_alive", Keyword: "TCPKeepAlive", Kind: keepalive.Flag},
		{Name: "login_grace_time", Keyword: "LoginGraceTime", Kind: keepalive.Time},
		{Name: "max_sessions", Keyword: "MaxSessions", Kind: keepalive.Count, Match: true},
		{Name: "max_startups", Keyword: "MaxStartups", Kind: keepalive.Text},
		{Name: "channel_timeout", Keyword: "ChannelTimeout", Kind: keepalive.Pairs, Match: true, Since: sshconf.Version{Major: 9, Minor: 2}},
		{Name: "unused_connection_timeout", Keyword: "UnusedConnectionTimeout", Kind: keepalive.Time, Match: true, Since: sshconf.Version{Major: 9, Minor: 2}, Words: []string{"none"}},
		{Name: "rekey_limit", Keyword: "RekeyLimit", Kind: keepalive.Text, Match: true},
	}
}

// Match is one wanted Match block.
type Match struct {
	Criteria string // what follows the word Match
	Settings []keepalive.Setting
}

// Placement says where the managed lines go.
type Placement string

// The placements of the placement attribute.
const (
	Auto    Placement = "auto"
	DropIn  Placement = "drop_in"
	InPlace Placement = "in_place"
)

// DefaultDropIn is the file name of our drop-in unless the user names another.
// sshd reads drop-ins in the order of their bytes and keeps the first value, so
// the name must sort before 50-cloud-init.conf and its like.
const DefaultDropIn = "00-sshkeepalive.conf"

// Want is what a user wants of one sshd.
type Want struct {
	Settings   []keepalive.Setting
	Profile    string // the name of a Baseline whose values are under Settings; "" is none
	Match      []Match
	Contexts   []sshconf.Context // besides the default context
	Placement  Placement         // "" is Auto
	DropInName string            // "" is DefaultDropIn
	Takeover   bool              // comment out earlier values that shadow ours
	// Claim says which lines on the host are the resource's own.
	Claim keepalive.Claim
	// LongestTask is how long, in seconds, a client may stay silent while it
	// works elsewhere; 0 is not declared.
	LongestTask int64
	// IdleLimit is after how many seconds of silence the path to the host forgets a
	// connection; 0 is not declared.
	IdleLimit int64
	// ConnectingUser is the account that we log in to, and ConnectingBy the methods that
	// it can authenticate by. A change must not shut it out. Empty is not known.
	ConnectingUser string
	ConnectingBy   []string
}
