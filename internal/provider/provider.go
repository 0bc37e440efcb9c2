package provider

import (
	"context"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host/pool"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/actions"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/connection"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/datasources"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/functions"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/protocol"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/resources"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
)

var (
	_ provider.Provider                   = (*Provider)(nil)
	_ provider.ProviderWithValidateConfig = (*Provider)(nil)
	_ provider.ProviderWithFunctions      = (*Provider)(nil)
	_ provider.ProviderWithActions        = (*Provider)(nil)
	_ provider.ProviderWithListResources  = (*Provider)(nil)
)

// Provider is the sshkeepalive provider of one process.
type Provider struct {
	version string
	// start makes what one Configure works with, and what ends it.
	start func() (session.Engine, func(context.Context))

	mu      sync.Mutex
	current *session.Session
	masks   protocol.Redaction
	ending  sync.WaitGroup
}

// maskFor has secrets of s masked from now on. Those of the configuration before,
// whose calls may not have ended, are masked too.
func (p *Provider) maskFor(s *session.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.masks); n > 1 {
		p.masks = p.masks[n-1:]
	}
	p.masks = append(slices.Clip(p.masks), s.Masker)
}

func (p *Provider) redaction() protocol.Redaction {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.masks
}

// New returns a provider that reaches machines over SSH. Close ends it.
func New(version string) *Provider {
	return &Provider{version: version, start: func() (session.Engine, func(context.Context)) {
		machines := pool.New(pool.Options{Version: version})
		return session.NewEngine(machines), machines.Close
	}}
}

// Metadata names the provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "sshkeepalive"
	resp.Version = p.version
}

// Schema describes the provider block.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	connection, entry := connection.Schema(host.InConnection), connection.Schema(host.InHosts)
	resp.Schema = schema.Schema{
		MarkdownDescription: "Sets SSH keepalive, timeout and hardening settings on hosts, proves that sshd really uses them, and shows every drift in the plan.",
		Attributes: map[string]schema.Attribute{
			"connection": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "How hosts are reached unless a resource or an entry of `hosts` says otherwise. The names are those of Terraform's own `connection` block. " +
					"Ephemeral values are welcome; nothing of this is written to state.",
				Attributes: connection,
				CustomType: attribute.ObjectOf(connection),
			},
			"hosts": schema.MapNestedAttribute{
				Optional: true,
				MarkdownDescription: "Named hosts. A resource whose `host` is one of these names is reached with the entry's settings, and with those of `connection` for what the entry does not say. " +
					"Nothing of this is written to state.",
				NestedObject: schema.NestedAttributeObject{Attributes: entry, CustomType: attribute.ObjectOf(entry)},
			},
			"on_unreachable": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: diagnostics.OnUnreachableDoc + " Default `recheck`. Environment: `" + diagnostics.OnUnreachableEnv + "`.",
				Validators:          []validator.String{attribute.PolicyWord()},
			},
		},
	}
}

// session makes one of a configuration, whose secrets are masked from then on.
func (p *Provider) session(ctx context.Context, config tfsdk.Config) (*session.Session, diag.Diagnostics) {
	var m session.Model
	diags := config.Get(ctx, &m)
	if diags.HasError() {
		return nil, diags
	}
	s, more := session.New(ctx, m)
	p.maskFor(s)
	return s, append(diags, more...)
}

// ValidateConfig finds contradictions before anything is reached.
func (p *Provider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	_, diags := p.session(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
}

// Configure prepares to reach machines and reaches none. Its context ends when
// it returns, so nothing that lives longer is derived from it.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	s, diags := p.session(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Stable Terraform allows deferral throughout the apply walk, where there is
	// nothing to defer to; only an unknown value is a reason.
	if req.ClientCapabilities.DeferralAllowed && s.AnyUnknown() {
		resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
	}
	s.Open(p.start())
	p.replace(ctx, s)
	resp.ResourceData, resp.DataSourceData, resp.ActionData, resp.ListResourceData = s, s, s, s
}

// replace makes s the current session. A process that Terraform did not start
// for one walk (-debug, tests, bridges) is configured many times; the session
// before ends when the last call that uses it has returned.
func (p *Provider) replace(ctx context.Context, s *session.Session) {
	p.mu.Lock()
	before := p.current
	p.current = s
	p.mu.Unlock()
	if before != nil {
		p.ending.Go(func() { before.Close(context.WithoutCancel(ctx)) })
	}
}

// Close ends every connection, and calls that still use one no later than ctx
// ends.
func (p *Provider) Close(ctx context.Context) {
	p.mu.Lock()
	last := p.current
	p.current = nil
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if last != nil {
			last.Close(ctx)
		}
		p.ending.Wait()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Functions lists the functions.
func (*Provider) Functions(context.Context) []func() function.Function { return functions.All() }

// Resources lists the resources.
func (*Provider) Resources(context.Context) []func() resource.Resource { return resources.All() }

// DataSources lists the data sources.
func (*Provider) DataSources(context.Context) []func() datasource.DataSource {
	return datasources.All()
}

// Actions lists the actions.
func (*Provider) Actions(context.Context) []func() action.Action { return actions.All() }

// ListResources lists the lists of resources.
func (*Provider) ListResources(context.Context) []func() list.ListResource { return resources.Lists() }
