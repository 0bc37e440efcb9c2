package attribute

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TextIf(text string, given bool) types.String {
	if given {
		return types.StringValue(text)
	}
	return types.StringNull()
}

// TextOrNull is null for no text.
func TextOrNull(text string) types.String { return TextIf(text, text != "") }

// TextMap makes a Terraform map of strings.
func TextMap(values map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		elements[name] = types.StringValue(values[name])
	}
	return types.MapValueMust(types.StringType, elements)
}

var EffectiveType = types.MapType{ElemType: types.StringType}

// TextMaps makes a Terraform map of maps of strings.
func TextMaps(values map[string]map[string]string) types.Map {
	elements := make(map[string]attr.Value, len(values))
	for name, inner := range values {
		elements[name] = TextMap(inner)
	}
	return types.MapValueMust(EffectiveType, elements)
}

func TextSet(texts []string) types.Set {
	elements := make([]attr.Value, len(texts))
	for i, text := range texts {
		elements[i] = types.StringValue(text)
	}
	return types.SetValueMust(types.StringType, elements)
}

func TextList(texts []string) types.List {
	elements := make([]attr.Value, len(texts))
	for i, text := range texts {
		elements[i] = types.StringValue(text)
	}
	return types.ListValueMust(types.StringType, elements)
}

func Texts(values []attr.Value) []string {
	found := make([]string, 0, len(values))
	for _, v := range values {
		if s, ok := v.(types.String); ok && !s.IsNull() && !s.IsUnknown() {
			found = append(found, s.ValueString())
		}
	}
	return found
}

// AnyUnknownElement reports whether an element as a whole is not known, which
// no struct can hold.
func AnyUnknownElement(list types.List) bool {
	return slices.ContainsFunc(list.Elements(), attr.Value.IsUnknown)
}

// ObjectOf is the type of an object with these attributes. A schema that is told
// it keeps it; framework 1.19 otherwise makes it anew, with all that is in it, for
// every attribute of every host that it looks at.
func ObjectOf[A interface{ GetType() attr.Type }](attributes map[string]A) types.ObjectType {
	all := map[string]attr.Type{}
	for name, a := range attributes {
		all[name] = a.GetType()
	}
	return types.ObjectType{AttrTypes: all}
}

// Unknown is a value of the type of v that is not known yet.
func Unknown(ctx context.Context, v attr.Value) attr.Value {
	of := v.Type(ctx)
	unknown, err := of.ValueFromTerraform(ctx, tftypes.NewValue(of.TerraformType(ctx), tftypes.UnknownValue))
	if err != nil {
		return v // no type of the framework refuses it
	}
	return unknown
}
