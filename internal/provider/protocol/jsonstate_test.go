package protocol

import (
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Every kind of value is the same in JSON.
func TestJSONStateKeepsEveryValue(t *testing.T) {
	line := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"value": tftypes.String, "line": tftypes.Number}}
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"text": tftypes.String, "null": tftypes.String, "flag": tftypes.Bool, "number": tftypes.Number, "fraction": tftypes.Number,
		"map": tftypes.Map{ElementType: tftypes.String}, "list": tftypes.List{ElementType: line}, "none": tftypes.List{ElementType: line},
		"set": tftypes.Set{ElementType: tftypes.Number},
	}}
	value := tftypes.NewValue(typ, map[string]tftypes.Value{
		"text": tftypes.NewValue(tftypes.String, "a <b>\n\"c\" & é\u2028"), "null": tftypes.NewValue(tftypes.String, nil), "flag": tftypes.NewValue(tftypes.Bool, false),
		"number": tftypes.NewValue(tftypes.Number, 1<<40), "fraction": tftypes.NewValue(tftypes.Number, big.NewFloat(0.25)),
		"map": tftypes.NewValue(typ.AttributeTypes["map"], map[string]tftypes.Value{"k.1": tftypes.NewValue(tftypes.String, "")}),
		"list": tftypes.NewValue(typ.AttributeTypes["list"], []tftypes.Value{tftypes.NewValue(line, map[string]tftypes.Value{
			"value": tftypes.NewValue(tftypes.String, "v"), "line": tftypes.NewValue(tftypes.Number, 0),
		})}),
		"none": tftypes.NewValue(typ.AttributeTypes["none"], []tftypes.Value{}),
		"set":  tftypes.NewValue(typ.AttributeTypes["set"], []tftypes.Value{tftypes.NewValue(tftypes.Number, 7)}),
	})
	d, err := tfprotov6.NewDynamicValue(typ, value)
	if err != nil {
		t.Fatal(err)
	}
	if err := toJSON(typ, &d); err != nil {
		t.Fatal(err)
	}
	if d.JSON == nil || d.MsgPack != nil {
		t.Fatal("the value is not in JSON")
	}
	if got, err := d.Unmarshal(typ); err != nil || !got.Equal(value) {
		t.Errorf("it became %s: %v", got, err)
	}
}

// What is not known has no JSON, and stays as it is.
func TestJSONStateLeavesUnknownValues(t *testing.T) {
	d, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, tftypes.UnknownValue))
	if err != nil {
		t.Fatal(err)
	}
	if err := toJSON(tftypes.String, &d); err != nil || d.MsgPack == nil || d.JSON != nil {
		t.Errorf("an unknown value became %v: %v", d, err)
	}
}
