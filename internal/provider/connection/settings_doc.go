package connection

import (
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// SettingsTable is the table of all connection settings for the documentation: where
// each is an attribute, which variable stands in for it, and its default.
func SettingsTable() string {
	var b strings.Builder
	b.WriteString("| Attribute | In | Environment variable | Default |\n|---|---|---|---|\n")
	row := func(name, in, variable, fallback string) {
		if variable != "" {
			variable = "`" + variable + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, in, variable, fallback)
	}
	for _, d := range host.AllSettings() {
		if d.In == 0 {
			continue
		}
		row(d.Name, placesOf(d), d.Variable(), d.DefaultText())
		if d.Singular != "" {
			row(d.Singular, "`connection`, `hosts`, `ssh`", variableOf(d.Singular), "")
		}
	}
	row("jump", "`connection`, `hosts`, `ssh`", variableOf("jump"), "straight to the host")
	for _, d := range host.AllSettings() {
		if d.Bastion != "" {
			row(d.Bastion, "`connection`, `hosts`", variableOf(d.Bastion), "")
		}
	}
	return b.String()
}

func placesOf(d host.Setting) string {
	var places []string
	for _, p := range []struct {
		in   host.Scope
		name string
	}{{host.InConnection, "connection"}, {host.InHosts, "hosts"}, {host.InJump, "jump"}, {host.InSSH, "ssh"}} {
		if d.In&p.in != 0 && !(p.in == host.InSSH && d.Secret()) {
			places = append(places, "`"+p.name+"`")
		}
	}
	return strings.Join(places, ", ")
}

func variableOf(attribute string) string { return host.EnvPrefix + strings.ToUpper(attribute) }
