package protocol

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// jsonStateServer answers a refresh in JSON instead of MessagePack. Terraform 1.10 to
// 1.14 compare the memory of two numbers (reflect.DeepEqual), not the numbers: a number
// from the state file is read with 512 bits, a number in MessagePack with 64. For them
// `plan -refresh-only -detailed-exitcode` ended with 2 for each resource that has a
// number, although nothing differed. Terraform reads JSON as it reads the state file.
// Terraform 1.15 compares the texts (hashicorp/terraform commit 659d5e2218).
type jsonStateServer struct{ redactingServer }

// ReadResource is that of redactingServer, with the values in JSON.
func (s jsonStateServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := s.redactingServer.ReadResource(ctx, req)
	if err != nil {
		return resp, err
	}
	if err := toJSON(s.resource(req.TypeName), resp.NewState); err != nil {
		return resp, err
	}
	if resp.NewIdentity == nil {
		return resp, nil
	}
	return resp, toJSON(s.identity(req.TypeName), resp.NewIdentity.IdentityData)
}

// toJSON replaces the encoding of d. A value that is not wholly known has no JSON and
// keeps its encoding.
func toJSON(typ tftypes.Type, d *tfprotov6.DynamicValue) error {
	if d == nil || typ == nil || d.MsgPack == nil {
		return nil
	}
	value, err := d.Unmarshal(typ)
	if err != nil || !value.IsFullyKnown() {
		return err
	}
	plain, err := plainValue(value)
	if err != nil {
		return err
	}
	text, err := json.Marshal(plain)
	if err == nil {
		*d = tfprotov6.DynamicValue{JSON: text}
	}
	return err
}

// plainValue is v in the types that encoding/json writes.
func plainValue(v tftypes.Value) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	switch typ := v.Type(); {
	case typ.Is(tftypes.String):
		return plainAs[string](v)
	case typ.Is(tftypes.Bool):
		return plainAs[bool](v)
	case typ.Is(tftypes.Number):
		number, err := plainAs[*big.Float](v)
		if err != nil {
			return nil, err
		}
		return json.Number(number.Text('f', -1)), nil
	case typ.Is(tftypes.Object{}), typ.Is(tftypes.Map{}):
		return plainMembers(v)
	case typ.Is(tftypes.List{}), typ.Is(tftypes.Set{}), typ.Is(tftypes.Tuple{}):
		return plainElements(v)
	}
	return nil, errors.New("a value of type " + v.Type().String() + " cannot be written as JSON")
}

func plainAs[T any](v tftypes.Value) (to T, err error) {
	err = v.As(&to)
	return to, err
}

func plainMembers(v tftypes.Value) (any, error) {
	members, err := plainAs[map[string]tftypes.Value](v)
	plain := make(map[string]any, len(members))
	for name, member := range members {
		value, failed := plainValue(member)
		plain[name], err = value, errors.Join(err, failed)
	}
	return plain, err
}

func plainElements(v tftypes.Value) (any, error) {
	elements, err := plainAs[[]tftypes.Value](v)
	plain := make([]any, len(elements))
	for i, element := range elements {
		value, failed := plainValue(element)
		plain[i], err = value, errors.Join(err, failed)
	}
	return plain, err
}
