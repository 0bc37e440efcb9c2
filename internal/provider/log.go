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

// logSpec shows how a host is reached after all layers were merged. Of secrets
// it says only whether there is one.
func logSpec(ctx context.Context, s host.Spec) {
	var hops []string
	for _, hop := range s.Jump {
		hops = append(hops, hop.String())
	}
	logDebug(ctx, "connection settings", map[string]any{
		"host":              s.Name,
		"reached_as":        s.String(),
		"jump":              strings.Join(hops, " "),
		"proxy_command":     s.ProxyCommand != "",
		"proxy_url":         s.ProxyURL != "",
		"host_key_policy":   s.HostKeyPolicy,
		"host_key_alias":    s.HostKeyAlias,
		"host_keys":         len(s.HostKeys),
		"known_hosts":       s.KnownHosts != "",
		"known_hosts_files": append(append([]string{}, s.KnownHostsFiles...), s.UsualKnownHosts...),
		"private_key":       s.PrivateKey != "",
		"private_key_path":  s.PrivateKeyPath,
		"identity_files":    s.IdentityFiles,
		"identities_only":   s.IdentitiesOnly,
		"certificate":       s.Certificate != "" || len(s.CertificateFiles) > 0,
		"password":          s.Password != "",
		"agent_identity":    s.AgentIdentity,
		"agent_socket":      s.AgentSocket,
		"sudo":              s.Sudo,
		"sudo_user":         s.SudoUser,
		"sudo_password":     s.SudoPassword != "",
		"connect_timeout":   s.ConnectTimeout.String(),
		"handshake_timeout": s.HandshakeTimeout.String(),
		"command_timeout":   s.CommandTimeout.String(),
		"keepalive":         fmt.Sprintf("%s x %d", s.KeepaliveInterval, s.KeepaliveCountMax),
	})
}
