package protocol

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// ValidateProviderConfig is the framework's, redacted, as are all below.
func (s redactingServer) ValidateProviderConfig(ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return told(ctx, s, req, s.fullServer.ValidateProviderConfig, func(resp *tfprotov6.ValidateProviderConfigResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// ConfigureProvider is the framework's.
func (s redactingServer) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return told(ctx, s, req, s.fullServer.ConfigureProvider, func(resp *tfprotov6.ConfigureProviderResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// ValidateResourceConfig is the framework's.
func (s redactingServer) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return told(ctx, s, req, s.fullServer.ValidateResourceConfig, func(resp *tfprotov6.ValidateResourceConfigResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// UpgradeResourceIdentity is the framework's.
func (s redactingServer) UpgradeResourceIdentity(ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return told(ctx, s, req, s.fullServer.UpgradeResourceIdentity, func(resp *tfprotov6.UpgradeResourceIdentityResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// ValidateDataResourceConfig is the framework's.
func (s redactingServer) ValidateDataResourceConfig(ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return told(ctx, s, req, s.fullServer.ValidateDataResourceConfig, func(resp *tfprotov6.ValidateDataResourceConfigResponse) []*tfprotov6.Diagnostic {
		return resp.Diagnostics
	})
}

// GenerateResourceConfig is the framework's.
func (s redactingServer) GenerateResourceConfig(ctx context.Context, req *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return told(ctx, s, req, s.fullServer.GenerateResourceConfig, func(resp *tfprotov6.GenerateResourceConfigResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// ValidateEphemeralResourceConfig is the framework's.
func (s redactingServer) ValidateEphemeralResourceConfig(ctx context.Context, req *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return told(ctx, s, req, s.fullServer.ValidateEphemeralResourceConfig, func(resp *tfprotov6.ValidateEphemeralResourceConfigResponse) []*tfprotov6.Diagnostic {
		return resp.Diagnostics
	})
}

// RenewEphemeralResource is the framework's.
func (s redactingServer) RenewEphemeralResource(ctx context.Context, req *tfprotov6.RenewEphemeralResourceRequest) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	return told(ctx, s, req, s.fullServer.RenewEphemeralResource, func(resp *tfprotov6.RenewEphemeralResourceResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// CloseEphemeralResource is the framework's.
func (s redactingServer) CloseEphemeralResource(ctx context.Context, req *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return told(ctx, s, req, s.fullServer.CloseEphemeralResource, func(resp *tfprotov6.CloseEphemeralResourceResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// ValidateListResourceConfig is the framework's.
func (s redactingServer) ValidateListResourceConfig(ctx context.Context, req *tfprotov6.ValidateListResourceConfigRequest) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	return told(ctx, s, req, s.fullServer.ValidateListResourceConfig, func(resp *tfprotov6.ValidateListResourceConfigResponse) []*tfprotov6.Diagnostic {
		return resp.Diagnostics
	})
}

// ValidateActionConfig is the framework's.
func (s redactingServer) ValidateActionConfig(ctx context.Context, req *tfprotov6.ValidateActionConfigRequest) (*tfprotov6.ValidateActionConfigResponse, error) {
	return told(ctx, s, req, s.fullServer.ValidateActionConfig, func(resp *tfprotov6.ValidateActionConfigResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// PlanAction is the framework's.
func (s redactingServer) PlanAction(ctx context.Context, req *tfprotov6.PlanActionRequest) (*tfprotov6.PlanActionResponse, error) {
	return told(ctx, s, req, s.fullServer.PlanAction, func(resp *tfprotov6.PlanActionResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// UpgradeResourceState is the framework's.
func (s redactingServer) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return answered(ctx, s, req, s.fullServer.UpgradeResourceState, func(resp *tfprotov6.UpgradeResourceStateResponse, r Redaction) error {
		r.diagnostics(resp.Diagnostics)
		return r.dynamic(s.resource(req.TypeName), resp.UpgradedState)
	})
}

// ReadResource is the framework's.
func (s redactingServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return answered(ctx, s, req, s.fullServer.ReadResource, func(resp *tfprotov6.ReadResourceResponse, r Redaction) error {
		r.diagnostics(resp.Diagnostics)
		return r.dynamic(s.resource(req.TypeName), resp.NewState, req.CurrentState)
	})
}

// PlanResourceChange is the framework's.
func (s redactingServer) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return answered(ctx, s, req, s.fullServer.PlanResourceChange, func(resp *tfprotov6.PlanResourceChangeResponse, r Redaction) error {
		r.diagnostics(resp.Diagnostics)
		return r.dynamic(s.resource(req.TypeName), resp.PlannedState, req.Config, req.PriorState, req.ProposedNewState)
	})
}

// ApplyResourceChange is the framework's.
func (s redactingServer) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return answered(ctx, s, req, s.fullServer.ApplyResourceChange, func(resp *tfprotov6.ApplyResourceChangeResponse, r Redaction) error {
		r.diagnostics(resp.Diagnostics)
		return r.dynamic(s.resource(req.TypeName), resp.NewState, req.PlannedState, req.Config, req.PriorState)
	})
}

// MoveResourceState is the framework's.
func (s redactingServer) MoveResourceState(ctx context.Context, req *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return answered(ctx, s, req, s.fullServer.MoveResourceState, func(resp *tfprotov6.MoveResourceStateResponse, r Redaction) error {
		r.diagnostics(resp.Diagnostics)
		return r.dynamic(s.resource(req.TargetTypeName), resp.TargetState)
	})
}

// ReadDataSource is the framework's.
func (s redactingServer) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return answered(ctx, s, req, s.fullServer.ReadDataSource, func(resp *tfprotov6.ReadDataSourceResponse, r Redaction) error {
		r.diagnostics(resp.Diagnostics)
		return r.dynamic(s.dataSource(req.TypeName), resp.State, req.Config)
	})
}

// ImportResourceState is the framework's.
func (s redactingServer) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return answered(ctx, s, req, s.fullServer.ImportResourceState, func(resp *tfprotov6.ImportResourceStateResponse, r Redaction) error {
		r.diagnostics(resp.Diagnostics)
		for _, one := range resp.ImportedResources {
			if err := r.dynamic(s.resource(one.TypeName), one.State); err != nil {
				return err
			}
		}
		return nil
	})
}

// OpenEphemeralResource is the framework's. Its result goes to no plan and no state.
func (s redactingServer) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return told(ctx, s, req, s.fullServer.OpenEphemeralResource, func(resp *tfprotov6.OpenEphemeralResourceResponse) []*tfprotov6.Diagnostic { return resp.Diagnostics })
}

// CallFunction is the framework's. A function knows nothing but its arguments.
func (s redactingServer) CallFunction(ctx context.Context, req *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return answered(ctx, s, req, s.fullServer.CallFunction, func(resp *tfprotov6.CallFunctionResponse, r Redaction) error {
		if resp.Error != nil {
			resp.Error.Text = r.text(resp.Error.Text)
		}
		return nil
	})
}

// ListResource is the framework's.
func (s redactingServer) ListResource(ctx context.Context, req *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	return answered(ctx, s, req, s.fullServer.ListResource, func(resp *tfprotov6.ListResourceServerStream, r Redaction) error {
		resp.Results = results(resp.Results, func(one tfprotov6.ListResourceResult) tfprotov6.ListResourceResult {
			r.diagnostics(one.Diagnostics)
			one.DisplayName = r.text(one.DisplayName)
			err := r.dynamic(s.resource(req.TypeName), one.Resource)
			if err == nil && one.Identity != nil {
				err = r.dynamic(s.identity(req.TypeName), one.Identity.IdentityData)
			}
			if err != nil {
				one.Resource, one.Identity = nil, nil
				one.Diagnostics = append(one.Diagnostics, &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: "Cannot redact a resource", Detail: r.text(err.Error())})
			}
			return one
		})
		return nil
	})
}

// InvokeAction is the framework's.
func (s redactingServer) InvokeAction(ctx context.Context, req *tfprotov6.InvokeActionRequest) (*tfprotov6.InvokeActionServerStream, error) {
	return answered(ctx, s, req, s.fullServer.InvokeAction, func(resp *tfprotov6.InvokeActionServerStream, r Redaction) error {
		resp.Events = results(resp.Events, func(one tfprotov6.InvokeActionEvent) tfprotov6.InvokeActionEvent {
			switch event := one.Type.(type) {
			case tfprotov6.ProgressInvokeActionEventType:
				event.Message = r.text(event.Message)
				one.Type = event
			case tfprotov6.CompletedInvokeActionEventType:
				r.diagnostics(event.Diagnostics)
			}
			return one
		})
		return nil
	})
}

// resource is the type of a resource's values, nil for an unknown one.
func (s redactingServer) resource(name string) tftypes.Type {
	return typeIn(s.schemas().ResourceSchemas, name)
}

func (s redactingServer) dataSource(name string) tftypes.Type {
	return typeIn(s.schemas().DataSourceSchemas, name)
}

// identity is the type of a resource's identity, nil for an unknown one.
func (s redactingServer) identity(name string) tftypes.Type {
	if schema := s.identities().IdentitySchemas[name]; schema != nil {
		return schema.ValueType()
	}
	return nil
}

func typeIn(schemas map[string]*tfprotov6.Schema, name string) tftypes.Type {
	if schema := schemas[name]; schema != nil {
		return schema.ValueType()
	}
	return nil
}
