package attribute

import (
	"context"
	"fmt"
	"path"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

var (
	_ validator.String = AbsolutePath{}
	_ validator.String = CleanPath{}
	_ validator.String = SpelledZero{}
)

// AbsolutePath accepts a path from the root of the host's file system.
type AbsolutePath struct{}

func (AbsolutePath) Description(context.Context) string { return "an absolute path" }

func (v AbsolutePath) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (AbsolutePath) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || strings.HasPrefix(req.ConfigValue.ValueString(), "/") {
		return
	}
	resp.Diagnostics.Append(diagnostics.At(req.Path, diagnostics.NotAbsolute, "value", req.ConfigValue.String()))
}

// CleanPath accepts a path that is its own shortest spelling.
type CleanPath struct{}

func (CleanPath) Description(context.Context) string { return "a path without . or .." }

func (v CleanPath) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (CleanPath) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := req.ConfigValue.ValueString()
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || text == path.Clean(text) && text != "/" && !strings.ContainsFunc(text, unicode.IsControl) {
		return
	}
	resp.Diagnostics.Append(diagnostics.At(req.Path, diagnostics.NotPlain, "value", fmt.Sprintf("%q", text)))
}

// SpelledZero warns about a time of nothing where it gives up a protection.
type SpelledZero struct{}

func (SpelledZero) Description(context.Context) string {
	return "warns when the protection is given up"
}

func (v SpelledZero) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (SpelledZero) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || !sameTime(req.ConfigValue.ValueString(), "0") {
		return
	}
	resp.Diagnostics.Append(diagnostics.Unprotected(req.Path))
}
