package functions

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// parsedLine is one element of the result of parse_sshd_config.
type parsedLine struct {
	Keyword   string   `tfsdk:"keyword"`
	Arguments []string `tfsdk:"arguments"`
	Value     string   `tfsdk:"value"`
	Line      int64    `tfsdk:"line"`
	Match     *string  `tfsdk:"match"`
}

func parseServerFunction() pure {
	return pure{
		name: "parse_sshd_config",
		definition: function.Definition{
			Summary: "Lines of an sshd_config",
			MarkdownDescription: "Reads the text of an `sshd_config(5)` as OpenSSH does and returns its lines, without blank ones and comments, as a list of objects:\n\n" +
				"- `keyword` (String) as the manual page spells it, whatever the file does; a keyword that is not known is left as it is written\n" +
				"- `arguments` (List of String) without quotes\n" +
				"- `value` (String) the arguments as they are written\n" +
				"- `line` (Number) counted from 1\n" +
				"- `match` (String) the criteria of the `Match` block that the line stands in, of a `Match` line its own; null outside\n\n" +
				"Included files are not read: see `effective_sshd_config`. A line that no sshd can read is an error that names it.",
			Parameters: []function.Parameter{
				function.StringParameter{Name: "text", MarkdownDescription: "The text of the file, such as `file(\"sshd_config\")`."},
			},
			Return: function.ListReturn{ElementType: types.ObjectType{AttrTypes: map[string]attr.Type{
				"keyword": types.StringType, "arguments": types.ListType{ElemType: types.StringType}, "value": types.StringType,
				"line": types.Int64Type, "match": types.StringType,
			}}},
		},
		result: func(ctx context.Context, args function.ArgumentsData) (any, *function.FuncError) {
			var text string
			if err := args.Get(ctx, &text); err != nil {
				return nil, err
			}
			return parsedLines(text)
		},
	}
}

func parsedLines(text string) ([]parsedLine, *function.FuncError) {
	found := []parsedLine{}
	var match *string
	for i, l := range sshconf.Parse(sshconf.Server, sshconf.Version{}, []byte(text)).Lines {
		switch {
		case l.Err != nil:
			return nil, badArgument(0, fmt.Sprintf("line %d: %s: %v", i+1, l.Text(), l.Err))
		case l.Keyword == "":
			continue
		case l.Is("Match"):
			match = &l.Rest
		}
		found = append(found, parsedLine{spelled(l.Keyword), arguments(l), l.Rest, int64(i + 1), match})
	}
	return found, nil
}

// spelled is the keyword as the manual page has it.
func spelled(keyword string) string {
	if kw, ok := sshconf.Lookup(sshconf.Server, keyword); ok {
		return kw.Name
	}
	return keyword
}

// arguments is never nil, which would be null.
func arguments(l sshconf.Line) []string { return append([]string{}, l.Args...) }
