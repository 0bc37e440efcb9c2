package resources

import (
	"context"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// hostAttributes are what every resource says about its host and how to deal with it.
type hostAttributes struct {
	Host          types.String   `tfsdk:"host"`
	SSH           types.Object   `tfsdk:"ssh"`
	OnUnreachable types.String   `tfsdk:"on_unreachable"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
	Adopt         types.Bool     `tfsdk:"adopt"`
}

func (a *hostAttributes) attributes() *hostAttributes { return a }

// name is the host as the user wrote it.
func (a *hostAttributes) name() string { return a.Host.ValueString() }

// computedAttributes are the attributes that the provider fills in for every resource.
type computedAttributes struct {
	ID             types.String `tfsdk:"id"`
	ManagedContent types.String `tfsdk:"managed_content"`
	Effective      types.Map    `tfsdk:"effective"`
	HostKeySHA256  types.String `tfsdk:"host_key_sha256"`
	MachineID      types.String `tfsdk:"machine_id"`
}

func (a *computedAttributes) common() *computedAttributes { return a }

// record is what state says of the machine.
func (a *computedAttributes) record(digests map[string]string) reconcile.Record {
	return reconcile.Record{MachineID: a.MachineID.ValueString(), HostKeySHA256: a.HostKeySHA256.ValueString(), Digests: digests}
}

// markUnknown makes unknown what a plan that only verifies must have change.
func (a *computedAttributes) markUnknown(ctx context.Context) {
	a.Effective = types.MapUnknown(a.Effective.ElementType(ctx))
}

// opensshAttributes are the computed attributes of a resource whose lines OpenSSH reads.
type opensshAttributes struct {
	ManagedFile    types.String `tfsdk:"managed_file"`
	OpenSSHVersion types.String `tfsdk:"openssh_version"`
}

func (a *opensshAttributes) placed() *types.String { return &a.ManagedFile }

func (a *opensshAttributes) managedFile() string { return a.ManagedFile.ValueString() }

// setPlaced puts the file that the lines are in into m, where it is not declared.
func setPlaced(m interface{ placed() *types.String }, file types.String) {
	if to := m.placed(); to != nil {
		*to = file
	}
}

// eachComputed calls f with each attribute of a and b, which point to the computed
// attributes of two models of one type.
func eachComputed(a, b any, f func(name string, a, b reflect.Value)) {
	eachField(reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem(), f)
}

func eachField(a, b reflect.Value, f func(name string, a, b reflect.Value)) {
	for i := range a.NumField() {
		field := a.Type().Field(i)
		if field.Anonymous {
			eachField(a.Field(i), b.Field(i), f)
			continue
		}
		f(field.Tag.Get("tfsdk"), a.Field(i), b.Field(i))
	}
}

// equalComputed reports whether a plan with the computed attributes a would show nothing
// beside those of before. The version and the key of an unchanged machine are news, not
// drift.
func equalComputed(a, before any) bool {
	equal := true
	eachComputed(a, before, func(name string, x, y reflect.Value) {
		switch name {
		case "openssh_version", "coolify_version", "host_key_sha256":
		default:
			equal = equal && equalValues(x.Interface(), y.Interface())
		}
	})
	return equal
}

func equalValues(a, b any) bool {
	if a, ok := a.(types.List); ok { // match_overrides is the only one
		b, _ := b.(types.List)
		return sameOverrides(a, b)
	}
	x, _ := a.(attr.Value)
	y, _ := b.(attr.Value)
	return x.Equal(y)
}

// copyComputed replaces the computed attributes to by from.
func copyComputed(to, from any) { reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from).Elem()) }

// keepKnown replaces the computed attributes to by what planned has, except where that is
// unknown.
func keepKnown(to, planned any) {
	eachComputed(to, planned, func(_ string, x, y reflect.Value) {
		if v, ok := reflect.TypeAssert[attr.Value](y); ok && !v.IsUnknown() {
			x.Set(y)
		}
	})
}

// forgetComputed makes the computed attributes unknown.
func forgetComputed(ctx context.Context, computed any) {
	eachComputed(computed, computed, func(_ string, x, _ reflect.Value) {
		if v, ok := reflect.TypeAssert[attr.Value](x); ok {
			x.Set(reflect.ValueOf(attribute.Unknown(ctx, v)))
		}
	})
}

// setPlanResult fills in what plan says of the lines.
func setPlanResult(m interface {
	common() *computedAttributes
	placed() *types.String
}, plan keepalive.Plan) {
	m.common().ManagedContent = types.StringValue(plan.ManagedContent)
	setPlaced(m, types.StringValue(plan.ManagedFile))
}

// typedFields returns a pointer to the field of m, a model, for each attribute of table.
func typedFields(m any, table []keepalive.Attribute) map[string]any {
	fields := map[string]any{}
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("tfsdk")
		if slices.ContainsFunc(table, func(a keepalive.Attribute) bool { return a.Name == name }) {
			fields[name] = v.Field(i).Addr().Interface()
		}
	}
	return fields
}
