package attribute

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// ControlPathDoc documents the path of control sockets.
const ControlPathDoc = "Where they are: a directory, whose sockets are all asked, or a pattern such as `~/.ssh/cm-*`; absolute, or written with `~/`. For a `ControlPath` with tokens write `*` for each of those."

// ControlPath accepts a directory or a pattern.
type ControlPath struct{}

var _ validator.String = ControlPath{}

// Description is for documentation.
func (ControlPath) Description(context.Context) string {
	return "an absolute path or pattern, or one that begins with ~/"
}

// MarkdownDescription is for documentation.
func (v ControlPath) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString checks a value that is known.
func (v ControlPath) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	refuse := func(code diagnostics.Code) {
		resp.Diagnostics.Append(diagnostics.At(req.Path, code, "value", fmt.Sprintf("%q", text)))
	}
	switch {
	case !strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "~/"):
		refuse(diagnostics.NotAbsoluteNorHome)
	case strings.ContainsFunc(text, unicode.IsControl):
		refuse(diagnostics.NotAPath)
	case strings.Contains(text, "%"):
		refuse(diagnostics.TokenInPath)
	}
}
