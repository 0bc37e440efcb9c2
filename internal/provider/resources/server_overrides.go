package resources

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// overridesAttribute is match_overrides: what the last apply found, and so what was
// accepted. A refresh does not change it, or the plan that follows would have nothing
// to show.
func overridesAttribute() schema.Attribute {
	text := func(doc string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: doc}
	}
	line := map[string]schema.Attribute{
		"criteria": text("What follows the word `Match`: `User deploy`. Of a `Match` in a file that another one includes, both, with ` and Match ` between them."),
		"keyword":  text("The keyword, as in `sshd_config(5)`."),
		"value":    text("The value, as written."),
		"file":     text("The file that the line is in."),
		"line":     schema.Int64Attribute{Computed: true, MarkdownDescription: "The number of the line."},
	}
	return schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: overridesDoc,
		NestedObject:        schema.NestedAttributeObject{Attributes: line, CustomType: attribute.ObjectOf(line)},
	}
}

func overrideType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"criteria": types.StringType, "keyword": types.StringType, "value": types.StringType, "file": types.StringType, "line": types.Int64Type,
	}}
}

func overrideList(found []keepalive.Override) types.List {
	elements := make([]attr.Value, len(found))
	for i, o := range found {
		elements[i] = types.ObjectValueMust(overrideType().AttrTypes, map[string]attr.Value{
			"criteria": types.StringValue(o.Criteria), "keyword": types.StringValue(o.Keyword), "value": types.StringValue(o.Value),
			"file": types.StringValue(o.Pos.Path), "line": types.Int64Value(int64(o.Pos.Line)),
		})
	}
	return types.ListValueMust(overrideType(), elements)
}

// acceptedOverrides reads the list back; it is empty where nothing is recorded.
func acceptedOverrides(list types.List) []keepalive.Override {
	var found []keepalive.Override
	for _, element := range list.Elements() {
		object, ok := element.(types.Object)
		if !ok {
			continue
		}
		text := func(name string) string {
			s, _ := object.Attributes()[name].(types.String)
			return s.ValueString()
		}
		line, _ := object.Attributes()["line"].(types.Int64)
		o := keepalive.Override{Criteria: text("criteria"), Keyword: text("keyword"), Value: text("value")}
		o.Pos.Path, o.Pos.Line = text("file"), int(line.ValueInt64())
		found = append(found, o)
	}
	return found
}

// sameOverrides compares what two lists say, and not in which lines.
func sameOverrides(a, b types.List) bool {
	return !a.IsUnknown() && !b.IsUnknown() && keepalive.SameOverrides(acceptedOverrides(a), acceptedOverrides(b))
}

// overrideProblems warns of what came or went since the last apply, or, where none
// has recorded anything, of all that there is.
func overrideProblems(found []keepalive.Override, recorded types.List, attributes map[string]string) []keepalive.Problem {
	return keepalive.OverrideProblems(found, acceptedOverrides(recorded), !recorded.IsNull() && !recorded.IsUnknown(), attributes)
}
