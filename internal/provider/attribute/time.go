package attribute

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

var (
	_ basetypes.StringTypable                    = TimeType{}
	_ basetypes.StringValuableWithSemanticEquals = TimeValue{}
	_ planmodifier.String                        = KeepEqualTime{}
	_ validator.String                           = IsDuration{}
	_ validator.String                           = IsTime{}
)

// TimeType is a string in sshd_config(5) TIME FORMATS.
type TimeType struct{ basetypes.StringType }

// TimeValue is one value of timeType. Two of them mean the same when their
// seconds are the same, however they are spelled.
type TimeValue struct{ basetypes.StringValue }

func NewTime(text string) TimeValue { return TimeValue{basetypes.NewStringValue(text)} }

func NullTime() TimeValue { return TimeValue{basetypes.NewStringNull()} }

func (TimeType) String() string { return "attribute.TimeType" }

func (TimeType) ValueType(context.Context) attr.Value { return TimeValue{} }

func (t TimeType) Equal(o attr.Type) bool {
	other, ok := o.(TimeType)
	return ok && t.StringType.Equal(other.StringType)
}

func (TimeType) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return TimeValue{in}, nil
}

func (t TimeType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	v, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	s, ok := v.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("time of type %T", v)
	}
	return TimeValue{s}, nil
}

func (TimeValue) Type(context.Context) attr.Type { return TimeType{} }

func (v TimeValue) Equal(o attr.Value) bool {
	other, ok := o.(TimeValue)
	return ok && v.StringValue.Equal(other.StringValue)
}

func (v TimeValue) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	other, ok := o.(TimeValue)
	return ok && sameTime(v.ValueString(), other.ValueString()), nil
}

// sameTime reports whether a and b are the same number of seconds.
func sameTime(a, b string) bool {
	left, err := sshconf.ParseTime(a)
	if err != nil {
		return a == b
	}
	right, err := sshconf.ParseTime(b)
	return err == nil && left == right
}

// KeepEqualTime plans the prior spelling of a time that was only respelled.
// Semantic equality is not asked at plan time, and without this a change from
// "2m" to 120 would rewrite a file on the host.
type KeepEqualTime struct{}

func (KeepEqualTime) Description(context.Context) string {
	return "keeps the recorded spelling of a time that means the same"
}

func (m KeepEqualTime) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (KeepEqualTime) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsNull() || req.PlanValue.IsUnknown() {
		return
	}
	if sameTime(req.StateValue.ValueString(), req.PlanValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}

// IsTime accepts what sshd_config(5) calls a time. The typed attributes do
// without: what a keyword accepts is not decided here.
type IsTime struct{}

func (IsTime) Description(context.Context) string { return `a time such as 120 or "2m"` }

func (v IsTime) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (IsTime) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := sshconf.ParseTime(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.Append(diagnostics.BadTime(req.Path, req.ConfigValue.ValueString(), err))
	}
}

// IsDuration accepts the times that bound our own work, within limits unless most
// is 0, and the empty text if that is a way to say nothing.
type IsDuration struct {
	Least, Most time.Duration
	Unset       bool
}

func (IsDuration) Description(context.Context) string { return `a time such as "10s" or "1m30s"` }

func (v IsDuration) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v IsDuration) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	if text == "" && v.Unset {
		return
	}
	d, err := keepalive.ParseDuration(text)
	switch {
	case err != nil:
		resp.Diagnostics.Append(diagnostics.BadTime(req.Path, text, err))
	case v.Most > 0 && (d < v.Least || d > v.Most):
		resp.Diagnostics.Append(diagnostics.At(req.Path, diagnostics.TimeOutOfRange, "value", fmt.Sprintf("%q", text), "least", v.Least.String(), "most", v.Most.String()))
	}
}
