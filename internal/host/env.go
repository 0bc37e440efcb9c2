package host

import (
	"fmt"
	"strings"
	"time"
)

// EnvPrefix begins the name of every environment variable that stands in for a
// connection attribute; the rest is the attribute in upper case.
const EnvPrefix = "SSHKEEPALIVE_"

// EnvSettings is the layer of settings that the environment gives; duration reads
// times as the attributes do. A variable that is empty says nothing. Lists have one
// element per line, or hops separated by commas in SSHKEEPALIVE_JUMP.
func EnvSettings(lookup func(string) (string, bool), duration func(string) (time.Duration, error)) (Settings, error) {
	value := func(attribute string) any {
		if text, ok := lookup(variable(attribute)); ok && text != "" {
			return text
		}
		return nil
	}
	for _, d := range AllSettings() {
		if d.novar {
			value = without(d.Name, value)
		}
	}
	src := Source{
		Name: variable, Value: value, Time: duration,
		Jump: func() ([]Settings, error) { return envHops(value("jump")) },
	}
	s, err := src.Settings()
	if err != nil {
		return Settings{}, fmt.Errorf("environment: %w", err)
	}
	s.SharedKeys = true
	return s, nil
}

func without(name string, value func(string) any) func(string) any {
	return func(attribute string) any {
		if attribute == name {
			return nil
		}
		return value(attribute)
	}
}

// envHops reads hops that are separated by commas.
func envHops(value any) ([]Settings, error) {
	text, _ := value.(string)
	var hops []Settings
	for hop := range strings.SplitSeq(text, ",") {
		if hop = strings.TrimSpace(hop); hop == "" {
			continue
		}
		settings, err := ParseAddress(hop)
		if err != nil {
			return nil, &SettingError{Name: variable("jump"), Err: fmt.Errorf("%w; write [user@]host[:port], and a comma between hops", err)}
		}
		settings.Place = variable("jump")
		for name := range settings.Names {
			settings.name(name, variable("jump"))
		}
		hops = append(hops, settings)
	}
	return hops, nil
}
