package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/baseline"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/coolify"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

func attributeNames(attributes []keepalive.Attribute, more ...string) []string {
	for _, a := range attributes {
		more = append(more, a.Name)
	}
	return append(more, "settings")
}

// settings are the wanted keywords of o, in the order of the table and then by keyword, so
// that the same file is always the same list.
func settings(o *object, attributes []keepalive.Attribute) (found []keepalive.Setting, err error) {
	for _, a := range attributes {
		text, err := argument(o.fields[a.Name], a.Kind)
		if err != nil {
			return nil, err
		}
		if text != "" {
			found = append(found, keepalive.Setting{Attribute: within(o.name, a.Name), Keyword: a.Keyword, Values: []string{text}})
		}
	}
	others, err := o.object("settings")
	if others == nil || err != nil {
		return found, err
	}
	for _, keyword := range slices.Sorted(slices.Values(others.keys)) {
		is := others.fields[keyword]
		text, err := argument(is, keepalive.Text)
		if err != nil {
			return nil, err
		}
		if is.value != nil {
			found = append(found, keepalive.Setting{Attribute: is.name, ByKeyword: true, Keyword: keyword, Values: keepalive.Lines(text)})
		}
	}
	return found, nil
}

// argument writes a value as the argument of its keyword, "" for none.
func argument(i item, kind keepalive.Kind) (string, error) {
	switch v := i.value.(type) {
	case bool:
		return keepalive.SpellFlag(v), nil
	case *object:
		if kind != keepalive.Pairs {
			break
		}
		items := map[string]string{}
		for _, name := range v.keys {
			text, err := v.text(name)
			if err != nil {
				return "", err
			}
			items[name] = text
		}
		return keepalive.SpellPairs(items), nil
	case []item:
		texts, err := i.texts()
		if kind != keepalive.Names || err != nil {
			break
		}
		return keepalive.SpellNames(texts), nil
	}
	return i.text()
}

func (o *object) seconds(key string) (int64, error) {
	text, err := o.text(key)
	if text == "" || err != nil {
		return 0, err
	}
	n, err := sshconf.ParseTime(text)
	if err != nil {
		return 0, o.fields[key].errorf("%q is not a time such as 120 or \"2m\"", text)
	}
	return n, nil
}

func serverNames() []string {
	return attributeNames(sshserver.Attributes(), "profile", "contexts", "match", "config_file", "drop_in_name", "longest_task", "idle_limit")
}

// server is what o wants of an sshd.
func server(o *object) (s Server, err error) {
	texts := map[string]*string{"config_file": &s.File, "profile": &s.Want.Profile, "drop_in_name": &s.Want.DropInName}
	for key, to := range texts {
		if *to, err = o.text(key); err != nil {
			return s, err
		}
	}
	if p := s.Want.Profile; p != "" && !slices.Contains(baseline.Names(), p) {
		return s, o.fields["profile"].errorf("%q is not a profile: write one of %s", p, strings.Join(baseline.Names(), ", "))
	}
	s.Want.DropInName = cmp.Or(s.Want.DropInName, sshserver.DefaultDropIn)
	s.Want.Placement, s.Want.Takeover = sshserver.Auto, true
	if s.Want.Settings, err = settings(o, sshserver.Attributes()); err != nil {
		return s, err
	}
	if s.Want.Contexts, err = contexts(o); err != nil {
		return s, err
	}
	if s.Want.Match, err = matches(o); err != nil {
		return s, err
	}
	if s.Want.LongestTask, err = o.seconds("longest_task"); err != nil {
		return s, err
	}
	s.Want.IdleLimit, err = o.seconds("idle_limit")
	return s, err
}

func contexts(o *object) (found []sshconf.Context, err error) {
	list, err := o.objects("contexts")
	for _, c := range list {
		if err := c.only("user", "host", "address", "local_address", "local_port"); err != nil {
			return nil, err
		}
		var is sshconf.Context
		var port string
		for key, to := range map[string]*string{"user": &is.User, "host": &is.Host, "address": &is.Address, "local_address": &is.LocalAddress, "local_port": &port} {
			if *to, err = c.text(key); err != nil {
				return nil, err
			}
		}
		if port != "" {
			if is.LocalPort, err = strconv.Atoi(port); err != nil || is.LocalPort < 1 || is.LocalPort > 65535 {
				return nil, c.fields["local_port"].errorf("%q is not a port", port)
			}
		}
		found = append(found, is)
	}
	return found, err
}

func matches(o *object) (found []sshserver.Match, err error) {
	list, err := o.objects("match")
	for _, m := range list {
		if err := m.only(attributeNames(sshserver.Attributes(), "criteria")...); err != nil {
			return nil, err
		}
		var is sshserver.Match
		if is.Criteria, err = m.text("criteria"); err != nil {
			return nil, err
		}
		if is.Settings, err = settings(m, sshserver.Attributes()); err != nil {
			return nil, err
		}
		found = append(found, is)
	}
	return found, err
}

func clientNames() []string {
	return attributeNames(sshclient.Attributes(), "patterns", "match", "probe_hosts", "idle_limit", "config_file", "user")
}

// client is what o wants of a block of an ssh_config.
func client(o *object) (c Client, err error) {
	for key, to := range map[string]*string{"config_file": &c.File, "user": &c.User, "match": &c.Want.Match} {
		if *to, err = o.text(key); err != nil {
			return c, err
		}
	}
	c.File = cmp.Or(c.File, sshclient.DefaultFile)
	if c.Want.Patterns, err = o.texts("patterns"); err != nil {
		return c, err
	}
	if len(c.Want.Patterns) == 0 && c.Want.Match == "" {
		return c, o.errorf("`patterns` or `match` says which block of ssh_config is meant: give one of them")
	}
	if c.Want.ProbeHosts, err = o.texts("probe_hosts"); err != nil {
		return c, err
	}
	if c.Want.IdleLimit, err = o.seconds("idle_limit"); err != nil {
		return c, err
	}
	c.Want.Settings, err = settings(o, sshclient.Attributes())
	return c, err
}

func coolifyNames() []string {
	return attributeNames(coolify.Attributes(), "file", "release", "container")
}

// installation is what o wants of a Coolify.
func installation(o *object) (c Coolify, err error) {
	for key, to := range map[string]*string{"file": &c.File, "container": &c.Container, "release": &c.Want.Release} {
		if *to, err = o.text(key); err != nil {
			return c, err
		}
	}
	c.File, c.Container = cmp.Or(c.File, coolify.DefaultFile), cmp.Or(c.Container, coolify.DefaultContainer)
	c.Want.Settings, err = settings(o, coolify.Attributes())
	return c, err
}

// sockets is a directory or pattern of control sockets.
func sockets(o *object) (s Sockets, err error) {
	if err := o.only("path", "user"); err != nil {
		return s, err
	}
	if s.Path, err = o.text("path"); err != nil {
		return s, err
	}
	if s.Path == "" {
		return s, o.errorf("`path` says where the sockets are: a directory, or a pattern as for `control_path`")
	}
	s.User, err = o.text("user")
	return s, err
}
