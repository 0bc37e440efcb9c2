package keepalive

import (
	"fmt"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// ContextSpec returns c as the argument of sshd -T -C; "" for the default context.
func ContextSpec(c sshconf.Context) string {
	var items []string
	add := func(name, value string) {
		if value != "" {
			items = append(items, name+"="+value)
		}
	}
	add("user", c.User)
	add("host", c.Host)
	add("addr", c.Address)
	add("laddr", c.LocalAddress)
	if c.LocalPort != 0 {
		add("lport", fmt.Sprint(c.LocalPort))
	}
	return strings.Join(items, ",")
}
