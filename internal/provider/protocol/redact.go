package protocol

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// redactingServer is the last thing that every answer to Terraform passes: it masks
// the secrets of the provider's configuration and spells out what a terminal would
// act on, in diagnostics and in values that the configuration does not give
// itself. Hosts, proxies and programs repeat what they were given and name their files
// as they like; here no path of the code can forget that. A method that
// returns text and is missing here fails TestEveryAnswerIsRedacted.
type redactingServer struct {
	fullServer
	shown func() Redaction
	// schemas are the framework's, which tell the types of values.
	schemas func() *tfprotov6.GetProviderSchemaResponse
	// identities are the framework's schemas of identities.
	identities func() *tfprotov6.GetResourceIdentitySchemasResponse
}

func redacted(all fullServer, shown func() Redaction) redactingServer {
	return redactingServer{all, shown, sync.OnceValue(func() *tfprotov6.GetProviderSchemaResponse {
		resp, err := all.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
		if err != nil {
			return &tfprotov6.GetProviderSchemaResponse{}
		}
		return resp
	}), sync.OnceValue(func() *tfprotov6.GetResourceIdentitySchemasResponse {
		resp, err := all.GetResourceIdentitySchemas(context.Background(), &tfprotov6.GetResourceIdentitySchemasRequest{})
		if err != nil {
			return &tfprotov6.GetResourceIdentitySchemasResponse{}
		}
		return resp
	})}
}

// Redaction is what is done to one text.
type Redaction []*host.Masker

func (r Redaction) text(text string) string {
	for _, m := range r {
		text = m.Mask(text)
	}
	return host.Printable(text)
}

func (r Redaction) diagnostics(diags []*tfprotov6.Diagnostic) {
	for _, d := range diags {
		d.Summary, d.Detail = r.text(d.Summary), r.text(d.Detail)
	}
}

func (r Redaction) failure(err error) error {
	if err == nil {
		return nil
	}
	if text := r.text(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// dynamic redacts what d has and none of the given values has in the same place:
// these are of the configuration, or were redacted before.
func (r Redaction) dynamic(typ tftypes.Type, d *tfprotov6.DynamicValue, given ...*tfprotov6.DynamicValue) error {
	if d == nil || typ == nil {
		return nil
	}
	value, err := d.Unmarshal(typ)
	if err != nil {
		return err
	}
	clean, changed := r.value(value, func() []tftypes.Value { return unmarshalled(typ, given) })
	if !changed {
		return nil
	}
	redacted, err := tfprotov6.NewDynamicValue(typ, clean)
	if err == nil {
		*d = redacted
	}
	return err
}

func unmarshalled(typ tftypes.Type, given []*tfprotov6.DynamicValue) []tftypes.Value {
	var values []tftypes.Value
	for _, d := range given {
		if d == nil {
			continue
		}
		if value, err := d.Unmarshal(typ); err == nil {
			values = append(values, value)
		}
	}
	return values
}

// value is v redacted, and whether it differs. given are the values in the same
// place, which are only looked up where something would be changed.
func (r Redaction) value(v tftypes.Value, given func() []tftypes.Value) (tftypes.Value, bool) {
	if !v.IsKnown() || v.IsNull() {
		return v, false
	}
	switch typ := v.Type(); {
	case typ.Is(tftypes.String):
		return r.leaf(v, given)
	case typ.Is(tftypes.Object{}), typ.Is(tftypes.Map{}):
		return r.members(v, given)
	case typ.Is(tftypes.List{}), typ.Is(tftypes.Set{}), typ.Is(tftypes.Tuple{}):
		return r.elements(v, given)
	}
	return v, false
}

func (r Redaction) leaf(v tftypes.Value, given func() []tftypes.Value) (tftypes.Value, bool) {
	var text string
	if v.As(&text) != nil {
		return v, false
	}
	clean := r.text(text)
	if clean == text {
		return v, false
	}
	for _, g := range given() {
		if g.Equal(v) {
			return v, false
		}
	}
	return tftypes.NewValue(tftypes.String, clean), true
}

// members redacts an object or a map. The keys of a map may be names of files.
func (r Redaction) members(v tftypes.Value, given func() []tftypes.Value) (tftypes.Value, bool) {
	var members map[string]tftypes.Value
	if v.As(&members) != nil {
		return v, false
	}
	changed, clean := false, make(map[string]tftypes.Value, len(members))
	for name, member := range members {
		there := func() []tftypes.Value { return memberValues(given(), name) }
		member, differs := r.value(member, there)
		shown := name
		if v.Type().Is(tftypes.Map{}) && r.text(name) != name && len(there()) == 0 {
			shown, differs = r.text(name), true
		}
		clean[shown], changed = member, changed || differs
	}
	if !changed {
		return v, false
	}
	return tftypes.NewValue(v.Type(), clean), true
}

func memberValues(values []tftypes.Value, name string) []tftypes.Value {
	var found []tftypes.Value
	for _, value := range values {
		var members map[string]tftypes.Value
		if !value.IsKnown() || value.IsNull() || value.As(&members) != nil {
			continue
		}
		if member, ok := members[name]; ok {
			found = append(found, member)
		}
	}
	return found
}

func (r Redaction) elements(v tftypes.Value, given func() []tftypes.Value) (tftypes.Value, bool) {
	var elements []tftypes.Value
	if v.As(&elements) != nil {
		return v, false
	}
	anyOf := func() []tftypes.Value { return elementValues(given()) }
	changed, clean := false, make([]tftypes.Value, len(elements))
	for i, element := range elements {
		there, differs := r.value(element, anyOf)
		clean[i], changed = there, changed || differs
	}
	if !changed {
		return v, false
	}
	return tftypes.NewValue(v.Type(), clean), true
}

// elementValues are the elements of all lists: a list that shrank has moved the others.
func elementValues(values []tftypes.Value) []tftypes.Value {
	var found []tftypes.Value
	for _, value := range values {
		var elements []tftypes.Value
		if value.IsKnown() && !value.IsNull() && value.As(&elements) == nil {
			found = append(found, elements...)
		}
	}
	return found
}

// results redacts a stream of answers.
func results[T any](all iter.Seq[T], redact func(T) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for one := range all {
			if !yield(redact(one)) {
				return
			}
		}
	}
}

// answered asks and redacts the answer's diagnostics. A value that cannot be
// redacted is an error, because it must not be shown.
func answered[Q, R any](ctx context.Context, s redactingServer, req Q, ask func(context.Context, Q) (R, error), redact func(R, Redaction) error) (R, error) {
	resp, err := ask(ctx, req)
	r := s.shown()
	if err != nil {
		return resp, r.failure(err)
	}
	return resp, redact(resp, r)
}

// told is answered where an answer has nothing to redact but its diagnostics.
func told[Q, R any](ctx context.Context, s redactingServer, req Q, ask func(context.Context, Q) (R, error), diagnostics func(R) []*tfprotov6.Diagnostic) (R, error) {
	return answered(ctx, s, req, ask, func(resp R, r Redaction) error {
		r.diagnostics(diagnostics(resp))
		return nil
	})
}
