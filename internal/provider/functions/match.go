package functions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

// matchBlocksOf appends the Match blocks of a list to those before it. wrong says what
// is not such a list.
func matchBlocksOf(list attr.Value, before []sshserver.Match) (blocks []sshserver.Match, wrong string) {
	if v := inside(list); v == nil || v.IsNull() {
		return before, ""
	}
	elements, ok := elementsOf(list)
	if !ok {
		return nil, "`match` is not a list of Match blocks"
	}
	for _, element := range elements {
		at := fmt.Sprintf("match[%d]", len(before))
		block, wrong := matchBlockOf(at, element)
		if wrong != "" {
			return nil, at + wrong
		}
		before = append(before, block)
	}
	return before, ""
}

// matchBlockOf reads one block, which has the attributes of a block of the resource.
func matchBlockOf(at string, v attr.Value) (m sshserver.Match, wrong string) {
	given, ok := attributesOf(v)
	if !ok {
		return m, " is not an object"
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := inside(given[name])
		if value == nil || value.IsNull() {
			continue
		}
		var ok bool
		switch a, typed := matchAttribute(name); {
		case name == "criteria":
			m.Criteria, ok = textOf(value)
		case name == "settings":
			var settings []keepalive.Setting
			settings, ok = blockSettings(value)
			m.Settings = append(m.Settings, settings...)
		case typed:
			var text string
			text, ok = matchValue(a, value)
			m.Settings = append(m.Settings, keepalive.Setting{Attribute: name, Keyword: a.Keyword, Values: []string{text}})
		default:
			return m, fmt.Sprintf(" has no attribute %s, only %s", name, strings.Join(matchNames(), ", "))
		}
		if !ok {
			return m, "." + name + " has a value of another kind"
		}
	}
	for i := range m.Settings {
		m.Settings[i].Attribute = at + "." + m.Settings[i].Attribute
	}
	return m, ""
}

// matchAttribute is the typed attribute of a Match block called name.
func matchAttribute(name string) (keepalive.Attribute, bool) {
	list := sshserver.Attributes()
	i := slices.IndexFunc(list, func(a keepalive.Attribute) bool { return a.Match && a.Name == name })
	if i < 0 {
		return keepalive.Attribute{}, false
	}
	return list[i], true
}

func matchNames() []string {
	names := []string{"criteria", "settings"}
	for _, a := range sshserver.Attributes() {
		if a.Match {
			names = append(names, a.Name)
		}
	}
	return names
}

// matchValue is the argument text of a typed attribute; channel_timeout is a map.
func matchValue(a keepalive.Attribute, v attr.Value) (string, bool) {
	if a.Kind != keepalive.Pairs {
		return textOf(v)
	}
	given, ok := attributesOf(v)
	var items []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		text, isText := textOf(given[name])
		ok = ok && isText
		items = append(items, name+"="+text)
	}
	return strings.Join(items, " "), ok && len(items) > 0
}
