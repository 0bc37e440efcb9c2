package attribute

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
)

// accountForm keeps names of accounts free of what a shell would read.
var accountForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._@-]*$`)

// Account accepts the name of an account.
func Account() validator.String {
	return stringvalidator.RegexMatches(accountForm, "must be the name of an account")
}

// HomePath accepts an absolute path, or one below the user's home.
type HomePath struct{}

func (HomePath) Description(context.Context) string {
	return "an absolute path, or one that begins with ~/"
}

func (v HomePath) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (HomePath) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := req.ConfigValue.ValueString()
	if rest, ok := strings.CutPrefix(text, "~/"); ok && !strings.ContainsAny(text, " \t\n'\"*?[") && !strings.Contains("/"+rest+"/", "/../") {
		return
	}
	AbsolutePath{}.ValidateString(ctx, req, resp)
	if strings.ContainsAny(text, " \t\n'\"*?[") || strings.Contains(text+"/", "/../") {
		resp.Diagnostics.Append(diagnostics.At(req.Path, diagnostics.NotIncludable, "value", fmt.Sprintf("%q", text)))
	}
}
