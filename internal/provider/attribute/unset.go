package attribute

import (
	"context"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ planmodifier.String = Unset("")
	_ planmodifier.Bool   = Unset("")
)

// Unset is the default of an attribute that plans and state leave null while it is not
// set, so that a plan does not show it. State of an import, and of releases before this
// one, has the default itself, and keeps it. Such an attribute is optional and computed:
// of one that is only optional, that state would differ from a plan.
type Unset string

// Description describes the modifier.
func (d Unset) Description(context.Context) string { return "is " + string(d) + " where it is null" }

// MarkdownDescription describes the modifier.
func (d Unset) MarkdownDescription(ctx context.Context) string { return d.Description(ctx) }

// PlanModifyString plans null, or the default that state has.
func (d Unset) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	switch {
	case !req.ConfigValue.IsNull():
	case sameTime(req.StateValue.ValueString(), string(d)):
		resp.PlanValue = req.StateValue
	default:
		resp.PlanValue = types.StringNull()
	}
}

// PlanModifyBool plans null, or the default that state has.
func (d Unset) PlanModifyBool(_ context.Context, req planmodifier.BoolRequest, resp *planmodifier.BoolResponse) {
	switch {
	case !req.ConfigValue.IsNull():
	case strconv.FormatBool(req.StateValue.ValueBool()) == string(d):
		resp.PlanValue = req.StateValue
	default:
		resp.PlanValue = types.BoolNull()
	}
}
