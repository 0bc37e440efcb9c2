package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
)

// fileSuffix makes the key for the file of a secret of that for the secret.
const fileSuffix = "_file"

// settingNames are the keys of connection settings in a place.
func settingNames(place host.Scope) (names []string) {
	for _, d := range host.AllSettings() {
		if d.In&place == 0 {
			continue
		}
		names = append(names, d.Name)
		for _, other := range []string{d.Singular, d.Bastion} {
			if other != "" {
				names = append(names, other)
			}
		}
		if d.Secret() && d.Name != "private_key" {
			names = append(names, d.Name+fileSuffix)
		}
	}
	return append(names, "jump")
}

// layer reads the connection settings among the keys of o.
func layer(o *object, place host.Scope) (host.Settings, error) {
	if o == nil {
		return host.Settings{}, nil
	}
	secrets, err := secretsOf(o, place)
	if err != nil {
		return host.Settings{}, err
	}
	settings, err := host.Source{
		Place: o.name,
		Name:  func(attribute string) string { return within(o.name, attribute) },
		Value: func(attribute string) any {
			if text, ok := secrets[attribute]; ok {
				return text
			}
			return settingValue(o.fields[attribute])
		},
		Jump: func() ([]host.Settings, error) { return hops(o) },
		Time: keepalive.ParseDuration,
	}.Settings()
	if wrong, ok := errors.AsType[*host.SettingError](err); ok {
		key := wrong.Name[strings.LastIndexByte(wrong.Name, '.')+1:]
		return settings, o.fields[key].orIn(o, key).errorf("%v", wrong.Err)
	}
	return settings, err
}

// orIn is i, or where it would stand in o.
func (i item) orIn(o *object, key string) item {
	if i.name == "" {
		return item{line: o.line, name: within(o.name, key)}
	}
	return i
}

// settingValue is a value as host.Source takes it. One of another kind is left to it.
func settingValue(i item) any {
	if list, ok := i.value.([]item); ok {
		if texts, err := i.texts(); err == nil {
			return texts
		}
		return list
	}
	return i.value
}

func hops(o *object) ([]host.Settings, error) {
	list, err := o.objects("jump")
	if err != nil || list == nil && o.fields["jump"].value == nil {
		return nil, err
	}
	all := []host.Settings{}
	for _, hop := range list {
		if err := hop.only(settingNames(host.InJump)...); err != nil {
			return nil, err
		}
		settings, err := layer(hop, host.InJump)
		if err != nil {
			return nil, err
		}
		all = append(all, settings)
	}
	return all, nil
}

// secretsOf reads the files that hold secrets, by the names of their settings. A secret in
// the file itself is refused.
func secretsOf(o *object, place host.Scope) (map[string]string, error) {
	found := map[string]string{}
	for _, d := range host.AllSettings() {
		if d.In&place == 0 || !d.Secret() {
			continue
		}
		if inline := o.fields[d.Name]; inline.value != nil && !isPlainURL(d.Name, inline) {
			return nil, inline.errorf("this is a secret, which does not belong in this file: %s", elsewhere(d))
		}
		file, err := o.text(d.Name + fileSuffix)
		if err != nil {
			return nil, err
		}
		if file == "" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, o.fields[d.Name+fileSuffix].errorf("%v", err)
		}
		found[d.Name] = strings.TrimRight(string(text), "\r\n")
	}
	return found, nil
}

// isPlainURL reports whether a proxy_url has no credentials.
func isPlainURL(name string, i item) bool {
	text, err := i.text()
	return name == "proxy_url" && err == nil && !strings.Contains(text, "@")
}

func elsewhere(d host.Setting) string {
	if d.Name == "private_key" {
		return "name its file with `private_key_path`"
	}
	return fmt.Sprintf("put it into a file of its own, which `%s%s` names, or into the variable %s", d.Name, fileSuffix, d.Variable())
}
