// Package connection holds the settings of connections: their schemas, and how a block of them becomes
// one layer of host.Settings. It may not know which layer wins, nor what is done on a host.
package connection

import (
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// SettingsIn lists the connection settings that may be written in place. What a
// resource holds ends up in state, and Read and Delete see nothing but state: a
// secret there could neither be kept nor used.
func SettingsIn(place host.Scope) []host.Setting {
	var found []host.Setting
	for _, d := range host.AllSettings() {
		if d.In&place != 0 && !(place == host.InSSH && d.Secret()) {
			found = append(found, d)
		}
	}
	return found
}

// settingDoc is the documentation of a setting in place. Only what connection may say
// has a variable.
func settingDoc(d host.Setting, place host.Scope) string {
	doc := d.Doc
	if text := d.DefaultText(); text != "" {
		doc += " " + defaultSentence(text)
	}
	if name := d.Variable(); name != "" && place == host.InConnection {
		doc += " Environment: `" + name + "`."
	}
	return doc
}

// defaultSentence sets a default that begins with a value apart from one in words.
func defaultSentence(text string) string {
	if strings.HasPrefix(text, "`") {
		return "Default " + text + "."
	}
	return "Default: " + text + "."
}
