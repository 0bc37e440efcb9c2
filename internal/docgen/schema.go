package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider"
)

// name is the key under which tfplugindocs looks for the schema; it takes the
// bare type and no address of any other registry namespace.
const name = "sshkeepalive"

type object = map[string]any

// export returns the schema of the whole provider.
func export(ctx context.Context) ([]byte, error) {
	server := provider.New("docs").Server() //nolint:contextcheck // the framework gives each request its own
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	if err := firstError(schemas.Diagnostics); err != nil {
		return nil, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	all := object{
		"provider":                  schemaJSON(schemas.Provider),
		"resource_schemas":          each(schemas.ResourceSchemas, schemaJSON),
		"data_source_schemas":       each(schemas.DataSourceSchemas, schemaJSON),
		"list_resource_schemas":     each(schemas.ListResourceSchemas, schemaJSON),
		"action_schemas":            each(schemas.ActionSchemas, func(s *tfprotov6.ActionSchema) object { return object{"block": blockJSON(s.Schema.Block)} }),
		"functions":                 each(schemas.Functions, functionJSON),
		"resource_identity_schemas": each(identities.IdentitySchemas, identityJSON),
	}
	return json.MarshalIndent(object{"format_version": "1.0", "provider_schemas": object{name: all}}, "", "  ")
}

func firstError(diags []*tfprotov6.Diagnostic) error {
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
	return nil
}

func each[T any](in map[string]T, f func(T) object) object {
	out := object{}
	for name, v := range in {
		out[name] = f(v)
	}
	return out
}

func schemaJSON(s *tfprotov6.Schema) object {
	return object{"version": s.Version, "block": blockJSON(s.Block)}
}

func blockJSON(b *tfprotov6.SchemaBlock) object {
	out := object{}
	if attributes := attributesJSON(b.Attributes); len(attributes) > 0 {
		out["attributes"] = attributes
	}
	blocks := object{}
	for _, nested := range b.BlockTypes {
		blocks[nested.TypeName] = nestedBlockJSON(nested)
	}
	if len(blocks) > 0 {
		out["block_types"] = blocks
	}
	describe(out, b.Description, b.DescriptionKind, b.Deprecated)
	return out
}

func nestedBlockJSON(n *tfprotov6.SchemaNestedBlock) object {
	out := object{"block": blockJSON(n.Block)}
	switch n.Nesting {
	case tfprotov6.SchemaNestedBlockNestingModeList:
		out["nesting_mode"] = "list"
	case tfprotov6.SchemaNestedBlockNestingModeSet:
		out["nesting_mode"] = "set"
	default:
		out["nesting_mode"] = "single"
	}
	return out
}

func attributesJSON(attributes []*tfprotov6.SchemaAttribute) object {
	out := object{}
	for _, a := range attributes {
		out[a.Name] = attributeJSON(a)
	}
	return out
}

func attributeJSON(a *tfprotov6.SchemaAttribute) object {
	out := object{}
	if a.NestedType != nil {
		out["nested_type"] = object{"attributes": attributesJSON(a.NestedType.Attributes), "nesting_mode": nesting(a.NestedType.Nesting)}
	} else {
		out["type"] = a.Type
	}
	describe(out, a.Description, a.DescriptionKind, a.Deprecated)
	for word, is := range map[string]bool{
		"required": a.Required, "optional": a.Optional, "computed": a.Computed, "sensitive": a.Sensitive, "write_only": a.WriteOnly,
	} {
		if is {
			out[word] = true
		}
	}
	return out
}

func nesting(m tfprotov6.SchemaObjectNestingMode) string {
	switch m {
	case tfprotov6.SchemaObjectNestingModeList:
		return "list"
	case tfprotov6.SchemaObjectNestingModeSet:
		return "set"
	case tfprotov6.SchemaObjectNestingModeMap:
		return "map"
	}
	return "single"
}

func describe(out object, text string, kind tfprotov6.StringKind, deprecated bool) {
	if text != "" {
		out["description"] = text
		out["description_kind"] = kindJSON(kind)
	}
	if deprecated {
		out["deprecated"] = true
	}
}

func kindJSON(kind tfprotov6.StringKind) string {
	if kind == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}

func identityJSON(s *tfprotov6.ResourceIdentitySchema) object {
	attributes := object{}
	for _, a := range s.IdentityAttributes {
		out := object{"type": a.Type, "description": a.Description}
		if a.RequiredForImport {
			out["required_for_import"] = true
		}
		if a.OptionalForImport {
			out["optional_for_import"] = true
		}
		attributes[a.Name] = out
	}
	return object{"version": s.Version, "attributes": attributes}
}

func functionJSON(f *tfprotov6.Function) object {
	var parameters []object
	for _, p := range f.Parameters {
		parameters = append(parameters, parameterJSON(p))
	}
	out := object{
		"description": f.Description, "description_kind": kindJSON(f.DescriptionKind), "summary": f.Summary,
		"return_type": f.Return.Type, "parameters": parameters,
	}
	if f.VariadicParameter != nil {
		out["variadic_parameter"] = parameterJSON(f.VariadicParameter)
	}
	return out
}

func parameterJSON(p *tfprotov6.FunctionParameter) object {
	return object{
		"name": p.Name, "description": p.Description, "description_kind": kindJSON(p.DescriptionKind),
		"type": p.Type, "is_nullable": p.AllowNullValue,
	}
}
