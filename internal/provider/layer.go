package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// layer reads the settings that object holds. place is how the user wrote the
// object, for messages. A null object says nothing.
func layer(object types.Object, place string) (host.Settings, error) {
	s := host.Settings{Place: place, HostKeyNames: host.KeyNames{HostKeys: place + ".host_keys", KnownHosts: place + ".known_hosts"}}
	values := object.Attributes()
	for _, a := range allConnectionAttributes() {
		if err := a.read(values[a.name], &s); err != nil {
			return s, err
		}
	}
	if err := readHostKey(values, &s); err != nil {
		return s, err
	}
	return s, readJump(values, &s)
}

// read puts value, if there is one, where a keeps it.
func (a connectionAttribute) read(value attr.Value, s *host.Settings) error {
	if value == nil || value.IsNull() || value.IsUnknown() {
		return nil
	}
	switch v := value.(type) {
	case types.Int64:
		return put(a, s, int(v.ValueInt64()))
	case types.Bool:
		return put(a, s, v.ValueBool())
	case types.List:
		*a.slot(s).(*[]string) = texts(v.Elements()) //nolint:forcetypeassert // the schema is made from the slot
		return nil
	case types.String:
		return a.readText(v.ValueString(), s)
	}
	return fmt.Errorf("%s: value of type %T", a.name, value)
}

func (a connectionAttribute) readText(text string, s *host.Settings) error {
	switch slot := a.slot(s).(type) {
	case **string:
		*slot = &text
	case **host.Secret:
		secret := host.Secret(text)
		*slot = &secret
	case **time.Duration:
		d, err := parseDuration(text)
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		*slot = &d
	case *[]string:
		*slot = []string{text}
	}
	return nil
}

func put[T any](a connectionAttribute, s *host.Settings, value T) error {
	slot, ok := a.slot(s).(**T)
	if !ok {
		return fmt.Errorf("%s: a %T is not what its setting holds", a.name, value)
	}
	*slot = &value
	return nil
}

func texts(values []attr.Value) []string {
	found := make([]string, 0, len(values))
	for _, v := range values {
		if s, ok := v.(types.String); ok && !s.IsNull() && !s.IsUnknown() {
			found = append(found, s.ValueString())
		}
	}
	return found
}

func readHostKey(values map[string]attr.Value, s *host.Settings) error {
	key, ok := values["host_key"].(types.String)
	if !ok || key.IsNull() || key.IsUnknown() {
		return nil
	}
	if s.HostKeys != nil {
		return fmt.Errorf("host_key and host_keys are two names for the same setting: give one of them")
	}
	s.HostKeys, s.HostKeyNames.HostKeys = []string{key.ValueString()}, s.Place+".host_key"
	return nil
}

func readJump(values map[string]attr.Value, s *host.Settings) error {
	hops, _ := values["jump"].(types.List)
	if !hops.IsNull() && !hops.IsUnknown() {
		s.Jump = []host.Settings{} // an empty list says that there are none, and silences later layers
	}
	for i, value := range hops.Elements() {
		object, ok := value.(types.Object)
		if !ok {
			continue
		}
		hop, err := layer(object, fmt.Sprintf("%s.jump[%d]", s.Place, i))
		if err != nil {
			return fmt.Errorf("jump[%d]: %w", i, err)
		}
		s.Jump = append(s.Jump, hop)
	}
	return readBastion(values, s)
}

func readBastion(values map[string]attr.Value, s *host.Settings) error {
	hop := host.Settings{Place: s.Place + ".bastion_host", HostKeyNames: host.KeyNames{HostKeys: s.Place + ".bastion_host_key"}}
	given := ""
	for _, a := range bastionAttributes() {
		if err := a.read(values[a.name], &hop); err != nil {
			return err
		}
		if value := values[a.name]; value != nil && !value.IsNull() {
			given = a.name
		}
	}
	switch {
	case given == "" || values["bastion_host"].IsUnknown():
		return nil
	case hop.Host == nil:
		return fmt.Errorf("%s is given without bastion_host beside it: nothing is said about a hop elsewhere", given)
	case s.Jump != nil:
		return fmt.Errorf("bastion_host and jump both say which hosts to go through: give one of them")
	}
	s.Jump = []host.Settings{hop}
	return nil
}

// unknownIn names the first setting of object that is not known yet, "" when
// all are.
func unknownIn(ctx context.Context, object types.Object) string {
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
