package resources

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// attributeReader reads attributes and notes whether one was not known yet; what is asked
// for then lacks it.
type attributeReader struct {
	unknown bool
	diags   diag.Diagnostics
}

// also notes that a value that is not read is unknown.
func (r *attributeReader) also(values ...attr.Value) {
	r.unknown = r.unknown || slices.ContainsFunc(values, attr.Value.IsUnknown)
}

func (r *attributeReader) texts(ctx context.Context, list types.List) []string {
	if list.IsUnknown() || attribute.AnyUnknownElement(list) {
		r.unknown = true
		return nil
	}
	var found []string
	r.diags.Append(list.ElementsAs(ctx, &found, false)...)
	return found
}

// seconds returns the seconds of a time, 0 if it is not declared. A time that cannot
// be read was refused when it was validated.
func (r *attributeReader) seconds(v attribute.TimeValue) int64 {
	n, _ := sshconf.ParseTime(r.text(v.StringValue))
	return n
}

func (r *attributeReader) text(v types.String) string {
	r.unknown = r.unknown || v.IsUnknown()
	return v.ValueString()
}

// settings lists the typed attributes in the order of the table and then the
// map by keyword, so that the same configuration is always the same list.
func (r *attributeReader) settings(typed []keepalive.Attribute, prefix string, fields map[string]any, others types.Map) []keepalive.Setting {
	var found []keepalive.Setting
	for _, a := range typed {
		field, ok := fields[a.Name]
		if !ok {
			continue
		}
		text, given := r.spell(field)
		if given {
			found = append(found, keepalive.Setting{Attribute: prefix + a.Name, Keyword: a.Keyword, Values: []string{text}})
		}
	}
	r.unknown = r.unknown || others.IsUnknown()
	elements := others.Elements()
	for _, keyword := range slices.Sorted(maps.Keys(elements)) {
		value, ok := elements[keyword].(types.String)
		if !ok || value.IsNull() || value.IsUnknown() {
			r.unknown = r.unknown || ok && value.IsUnknown()
			continue
		}
		found = append(found, keepalive.Setting{Attribute: settingPath(prefix, keyword), ByKeyword: true, Keyword: keyword, Values: keepalive.Lines(value.ValueString())})
	}
	return found
}

func settingPath(prefix, keyword string) string {
	return prefix + "settings[" + strconv.Quote(keyword) + "]"
}

// spell writes a typed value as the argument of its keyword; given is false for
// null and unknown.
func (r *attributeReader) spell(field any) (text string, given bool) {
	value, ok := valueOf(field)
	if !ok || value.IsNull() {
		return "", false
	}
	if value.IsUnknown() {
		r.unknown = true
		return "", false
	}
	switch v := value.(type) {
	case attribute.TimeValue:
		return v.ValueString(), true
	case types.String:
		return v.ValueString(), true
	case types.Int64:
		return strconv.FormatInt(v.ValueInt64(), 10), true
	case types.Bool:
		return keepalive.SpellFlag(v.ValueBool()), true
	case types.Map:
		return r.pairs(v)
	case types.Set:
		return r.names(v)
	}
	return "", false
}

func valueOf(field any) (attr.Value, bool) {
	switch p := field.(type) {
	case *attribute.TimeValue:
		return *p, true
	case *types.String:
		return *p, true
	case *types.Int64:
		return *p, true
	case *types.Bool:
		return *p, true
	case *types.Map:
		return *p, true
	case *types.Set:
		return *p, true
	}
	return nil, false
}

// pairs writes a map as name=value items in the order of their names. An empty
// map gives nothing to write.
func (r *attributeReader) pairs(m types.Map) (text string, given bool) {
	items := map[string]string{}
	for name, element := range m.Elements() {
		value, ok := element.(types.String)
		if !ok || value.IsUnknown() {
			r.unknown = true
			return "", false
		}
		items[name] = value.ValueString()
	}
	return keepalive.SpellPairs(items), len(items) > 0
}

// names writes a set of names in their order. An empty set is a value too.
func (r *attributeReader) names(set types.Set) (text string, given bool) {
	var names []string
	for _, e := range set.Elements() {
		name, ok := e.(types.String)
		if !ok || name.IsUnknown() {
			r.unknown = true
			return "", false
		}
		names = append(names, name.ValueString())
	}
	return keepalive.SpellNames(names), true
}
