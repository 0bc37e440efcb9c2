package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// logDebug is the only way to the log of this package.
func logDebug(ctx context.Context, message string, fields map[string]any) {
	tflog.Debug(ctx, message, host.LogFields(ctx, fields))
}

// logSpec shows how a host is reached after all layers were merged, and where the
// user wrote what. Of secrets it says only whether there is one.
func logSpec(ctx context.Context, s host.Spec) {
	fields := s.LogFields()
	fields["name"], fields["reached_as"] = s.Name, s.String()
	var hops []string
	for i, hop := range s.Jump {
		hops = append(hops, hop.String())
		for name, value := range hop.LogFields() {
			fields[fmt.Sprintf("jump[%d].%s", i, name)] = value
		}
	}
	fields["jump"] = strings.Join(hops, " ")
	logDebug(ctx, "connection settings", fields)
}
