package functions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// Arguments whose attributes are optional have to be dynamic: in the type of a
// parameter Terraform knows no optional attributes.

// contextOf reads the connection, and for the tree the release that reads it.
func contextOf(v types.Dynamic, tree *sshconf.Tree) (sshconf.Context, *function.FuncError) {
	var c sshconf.Context
	if v.IsNull() || v.IsUnderlyingValueNull() {
		return c, nil
	}
	given, ok := attributesOf(v.UnderlyingValue())
	if !ok {
		return c, badArgument(1, "the context is not an object")
	}
	slots := map[string]*string{"user": &c.User, "host": &c.Host, "address": &c.Address, "local_address": &c.LocalAddress, "local_port": nil, "openssh_version": nil}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		slot, known := slots[name]
		text, isText := textOf(given[name])
		switch {
		case !known:
			return c, badArgument(1, fmt.Sprintf("a context has no %s, only %s", name, strings.Join(slices.Sorted(maps.Keys(slots)), ", ")))
		case !isText:
			return c, badArgument(1, name+" is neither text nor a number")
		case text == "":
		case slot != nil:
			*slot = text
		case name == "local_port":
			if _, err := fmt.Sscan(text, &c.LocalPort); err != nil || c.LocalPort < 1 || c.LocalPort > 65535 {
				return c, badArgument(1, fmt.Sprintf("local_port %q is not a port", text))
			}
		default:
			version, err := release(1, text)
			if err != nil {
				return c, err
			}
			tree.Version = version
		}
	}
	return c, nil
}

// attributesOf returns the attributes of an object or the elements of a map.
func attributesOf(v attr.Value) (map[string]attr.Value, bool) {
	switch v := inside(v).(type) {
	case types.Object:
		return v.Attributes(), !v.IsNull() && !v.IsUnknown()
	case types.Map:
		return v.Elements(), !v.IsNull() && !v.IsUnknown()
	}
	return nil, false
}

// elementsOf returns the elements of a list, tuple or set.
func elementsOf(v attr.Value) ([]attr.Value, bool) {
	v = inside(v)
	if v == nil || v.IsNull() || v.IsUnknown() {
		return nil, false
	}
	switch v := v.(type) {
	case types.List:
		return v.Elements(), true
	case types.Tuple:
		return v.Elements(), true
	case types.Set:
		return v.Elements(), true
	}
	return nil, false
}

// textOf returns a text, a number as text, and "" for null.
func textOf(v attr.Value) (string, bool) {
	v = inside(v)
	if v == nil || v.IsNull() {
		return "", true
	}
	switch v := v.(type) {
	case types.String:
		return v.ValueString(), !v.IsUnknown()
	case types.Number:
		if v.IsUnknown() {
			return "", false
		}
		return v.ValueBigFloat().Text('f', -1), true
	}
	return "", false
}

// inside is what a dynamic value holds.
func inside(v attr.Value) attr.Value {
	if d, ok := v.(types.Dynamic); ok {
		return d.UnderlyingValue()
	}
	return v
}
