package connection

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
)

// Layer reads the settings that object holds. place is how the user wrote the
// object, for messages. A null object says nothing.
func Layer(object types.Object, place string) (host.Settings, error) {
	values := object.Attributes()
	return host.Source{
		Place: place,
		Name:  func(attribute string) string { return place + "." + attribute },
		Value: func(attribute string) any {
			if strings.HasPrefix(attribute, "bastion_") && unknownText(values["bastion_host"]) {
				return nil
			}
			return written(values[attribute])
		},
		Jump: func() ([]host.Settings, error) { return hops(values["jump"], place+".jump") },
		Time: keepalive.ParseDuration,
	}.Settings()
}

func unknownText(value attr.Value) bool { return value != nil && value.IsUnknown() }

// written is a value of Terraform as host.Source takes it, nil for one that is null,
// unknown or absent.
func written(value attr.Value) any {
	if value == nil || value.IsNull() || value.IsUnknown() {
		return nil
	}
	switch v := value.(type) {
	case types.Int64:
		return int(v.ValueInt64())
	case types.Bool:
		return v.ValueBool()
	case types.List:
		return attribute.Texts(v.Elements())
	case types.String:
		return v.ValueString()
	}
	return value
}

// hops reads a list of jump hosts. An empty one says that there are none, and
// silences later layers.
func hops(value attr.Value, place string) ([]host.Settings, error) {
	list, _ := value.(types.List)
	if list.IsNull() || list.IsUnknown() {
		return nil, nil
	}
	all := []host.Settings{}
	for i, value := range list.Elements() {
		object, ok := value.(types.Object)
		if !ok {
			continue
		}
		hop, err := Layer(object, fmt.Sprintf("%s[%d]", place, i))
		if err != nil {
			return nil, err
		}
		all = append(all, hop)
	}
	return all, nil
}

// UnknownIn names the first setting of object that is not known yet, "" when
// all are.
func UnknownIn(ctx context.Context, object types.Object) string {
	if object.IsUnknown() {
		return "the whole object"
	}
	values := object.Attributes()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !fullyKnown(ctx, values[name]) {
			return name
		}
	}
	return ""
}

// fullyKnown reports whether value is known at every depth.
func fullyKnown(ctx context.Context, value attr.Value) bool {
	raw, err := value.ToTerraformValue(ctx)
	return err == nil && raw.IsFullyKnown()
}
