package resources

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// setFromHost puts what the host says in place of what was recorded, for each typed
// attribute that is managed. One that is effective nowhere becomes null.
func setFromHost(prefix string, fields map[string]any, values map[string][]string, diags *diag.Diagnostics) {
	for name, field := range fields {
		if value, ok := valueOf(field); !ok || value.IsNull() {
			continue
		}
		if err := read(field, values[prefix+name]); err != nil {
			diags.Append(diagnostics.OtherKindOfValue(prefix+name, name, err))
		}
	}
}

// read puts the argument text of the lines, none for an absent keyword, into
// the field of a typed attribute.
func read(field any, lines []string) error {
	text := strings.Join(lines, "\n")
	switch f := field.(type) {
	case *attribute.TimeValue:
		*f = attribute.NullTime()
		if lines != nil {
			*f = attribute.NewTime(text)
		}
	case *types.String:
		*f = attribute.TextIf(text, lines != nil)
	case *types.Int64:
		return readCount(f, lines)
	case *types.Bool:
		return readFlag(f, lines)
	case *types.Map:
		return readPairs(f, lines)
	case *types.Set:
		*f = types.SetNull(types.StringType)
		if lines != nil {
			*f = attribute.TextSet(strings.Fields(text))
		}
	}
	return nil
}

func readCount(f *types.Int64, lines []string) error {
	*f = types.Int64Null()
	if lines == nil {
		return nil
	}
	n, err := strconv.ParseInt(strings.Join(lines, " "), 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", strings.Join(lines, "\n"))
	}
	*f = types.Int64Value(n)
	return nil
}

func readFlag(f *types.Bool, lines []string) error {
	*f = types.BoolNull()
	if lines == nil {
		return nil
	}
	switch strings.ToLower(strings.Join(lines, " ")) {
	case keepalive.SpellFlag(true):
		*f = types.BoolValue(true)
	case keepalive.SpellFlag(false):
		*f = types.BoolValue(false)
	default:
		return fmt.Errorf("%q is neither yes nor no", strings.Join(lines, "\n"))
	}
	return nil
}

func readPairs(f *types.Map, lines []string) error {
	*f = types.MapNull(types.StringType)
	if lines == nil {
		return nil
	}
	found := map[string]attr.Value{}
	for item := range strings.FieldsSeq(strings.Join(lines, " ")) {
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return fmt.Errorf("%q is not a name=value item", item)
		}
		found[name] = types.StringValue(value)
	}
	*f = types.MapValueMust(types.StringType, found)
	return nil
}

func settingsFromHost(prefix string, recorded types.Map, values map[string][]string) types.Map {
	if recorded.IsNull() || recorded.IsUnknown() {
		return recorded
	}
	found := map[string]attr.Value{}
	for keyword, before := range recorded.Elements() {
		lines, effective := values[settingPath(prefix, keyword)]
		if effective {
			found[keyword] = respell(before, strings.Join(lines, "\n"))
		}
	}
	return types.MapValueMust(types.StringType, found)
}

// respell keeps a recorded value that differs from text in a last line break
// only, which the text of the host never has.
func respell(before attr.Value, text string) attr.Value {
	if s, ok := before.(types.String); ok && strings.TrimSuffix(s.ValueString(), "\n") == text {
		return before
	}
	return types.StringValue(text)
}

// adoptSettings fills the typed fields and returns the rest as a map, null when
// there is no rest.
func adoptSettings(prefix string, fields map[string]any, found []keepalive.Setting, diags *diag.Diagnostics) types.Map {
	others := map[string]attr.Value{}
	for _, s := range found {
		name := strings.TrimPrefix(s.Attribute, prefix)
		field, typed := fields[name]
		if !typed {
			others[s.Keyword] = types.StringValue(strings.Join(s.Values, "\n"))
			continue
		}
		if err := read(field, s.Values); err != nil {
			diags.Append(diagnostics.NotImported(s.Attribute, err))
		}
	}
	if len(others) == 0 {
		return types.MapNull(types.StringType)
	}
	return types.MapValueMust(types.StringType, others)
}
