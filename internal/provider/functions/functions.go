// Package functions holds the provider's functions: pure, from their arguments alone.
// It may not know hosts, the provider's configuration or state.
package functions

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/spelling"
)

var _ function.Function = pure{}

// All lists the functions. They need no configured provider and reach
// nothing, so that they work in cloud-init, Packer and terraform console.
func All() []func() function.Function {
	var found []func() function.Function
	for _, f := range []pure{
		renderServerFunction(), renderClientFunction(), parseServerFunction(), effectiveFunction(),
		parseTimeFunction(), deadPeerFunction(), keepaliveFunction(),
	} {
		found = append(found, func() function.Function { return f })
	}
	return found
}

// pure is a function whose result depends on its arguments only.
type pure struct {
	name       string
	definition function.Definition
	result     func(context.Context, function.ArgumentsData) (any, *function.FuncError)
}

// Metadata names the function.
func (f pure) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = f.name
}

// Definition describes the function.
func (f pure) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = f.definition
}

// Run computes the result.
func (f pure) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	value, err := f.result(ctx, req.Arguments)
	if err == nil {
		err = resp.Result.Set(ctx, value)
	}
	resp.Error = err
}

// badArgument says what is wrong with the argument at position at.
func badArgument(at int64, texts ...string) *function.FuncError {
	for i := range texts {
		texts[i] = spelling.Capital(texts[i])
	}
	return function.NewArgumentFuncError(at, strings.Join(texts, "\n"))
}

// problemTexts returns the texts of the problems, each after a prefix.
func problemTexts(prefix string, found []keepalive.Problem) []string {
	texts := make([]string, len(found))
	for i, p := range found {
		texts[i] = prefix + p.Text
	}
	return texts
}
