package functions

import (
	"context"
	"path"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

// stockConfig is the main file unless there is only one.
const stockConfig = "/etc/ssh/sshd_config"

// effectiveValue is one element of the result of effective_sshd_config.
type effectiveValue struct {
	Value      *string       `tfsdk:"value"`
	File       *string       `tfsdk:"file"`
	Line       *int64        `tfsdk:"line"`
	Match      *string       `tfsdk:"match"`
	Overridden []writtenLine `tfsdk:"overridden"`
	DependsOn  []string      `tfsdk:"depends_on"`
}

// writtenLine is a line that would apply and loses.
type writtenLine struct {
	Value string  `tfsdk:"value"`
	File  string  `tfsdk:"file"`
	Line  int64   `tfsdk:"line"`
	Match *string `tfsdk:"match"`
}

func writtenLineTypes() map[string]attr.Type {
	return map[string]attr.Type{"value": types.StringType, "file": types.StringType, "line": types.Int64Type, "match": types.StringType}
}

func effectiveFunction() pure {
	value := writtenLineTypes()
	value["overridden"] = types.ListType{ElemType: types.ObjectType{AttrTypes: writtenLineTypes()}}
	value["depends_on"] = types.ListType{ElemType: types.StringType}
	return pure{
		name: "effective_sshd_config",
		definition: function.Definition{
			Summary: "What sshd makes of its files for a connection",
			MarkdownDescription: "Evaluates an sshd configuration for a connection: Include, Match, the first value that wins, keywords that add up. " +
				"Returns a map from each keyword that some line sets to an object:\n\n" +
				"- `value` (String) as `sshd -T` prints it, or as it is written where that depends on the build; several lines for a keyword that adds up\n" +
				"- `file` (String), `line` (Number), `match` (String) where it comes from, `match` being null outside `Match`\n" +
				"- `overridden` (List of Object) the lines that apply as well and lose, with `value`, `file`, `line` and `match`\n" +
				"- `depends_on` (List of String) what else could set the keyword and cannot be known from the text, such as the groups of a user\n\n" +
				"Keywords that no line sets have the defaults of sshd and are not in the map; `value` is null where only lines could set it whose effect cannot be known. " +
				"A configuration that sshd would refuse is an error that names file and line.",
			Parameters: []function.Parameter{
				function.MapParameter{Name: "files", ElementType: types.StringType,
					MarkdownDescription: "The texts of the files by their absolute paths. The main file is `" + stockConfig + "`, or the only one; what it includes has to be in the map."},
				function.DynamicParameter{Name: "context", AllowNullValue: true,
					MarkdownDescription: "The connection, an object with any of `user`, `host`, `address`, `local_address`, `local_port`, as `sshd -T -C` takes them, and `openssh_version` for the release that reads the files (default: the newest). " +
						"What is not given matches no `Match`; null gives nothing."},
			},
			Return: function.MapReturn{ElementType: types.ObjectType{AttrTypes: value}},
		},
		result: effectiveResult,
	}
}

func effectiveResult(ctx context.Context, args function.ArgumentsData) (any, *function.FuncError) {
	var files map[string]types.String
	var where types.Dynamic
	if err := args.Get(ctx, &files, &where); err != nil {
		return nil, err
	}
	tree, err := treeOf(files)
	if err != nil {
		return nil, err
	}
	at, err := contextOf(where, &tree)
	if err != nil {
		return nil, err
	}
	r := sshconf.Evaluate(tree, at)
	if r.Refused() {
		return nil, badArgument(0, refusals(r)...)
	}
	found := map[string]effectiveValue{}
	for _, name := range r.Keywords() {
		if v, ok := effectiveOf(r, name); ok {
			found[spelled(name)] = v
		}
	}
	return found, nil
}

func treeOf(files map[string]types.String) (sshconf.Tree, *function.FuncError) {
	tree := sshconf.Tree{Dialect: sshconf.Server, Main: stockConfig, Files: map[string][]byte{}}
	for name, text := range files {
		switch {
		case !strings.HasPrefix(name, "/"):
			return tree, badArgument(0, "file "+name+": the path is not absolute")
		case !text.IsNull():
			tree.Files[name] = []byte(text.ValueString())
		}
	}
	if _, ok := tree.Files[tree.Main]; !ok && len(tree.Files) != 1 {
		return tree, badArgument(0, "none of the files is "+stockConfig)
	}
	if len(tree.Files) == 1 {
		for name := range tree.Files {
			tree.Main = name
		}
	}
	tree.Dir = path.Dir(tree.Main)
	return tree, nil
}

func refusals(r sshconf.Result) []string {
	var texts []string
	for _, p := range r.Problems {
		if p.Fatal {
			texts = append(texts, p.Pos.String()+": "+p.Text)
		}
	}
	return texts
}

// effectiveOf is false for a keyword that only Match blocks set which do not apply.
func effectiveOf(r sshconf.Result, name string) (effectiveValue, bool) {
	v := effectiveValue{Overridden: []writtenLine{}, DependsOn: []string{}}
	var winning []string
	for _, s := range r.Settings(name) {
		switch {
		case s.Wins && v.File == nil:
			first := lineOf(s)
			v.File, v.Line, v.Match = &first.File, &first.Line, first.Match
			winning = append(winning, s.Rest)
		case s.Wins:
			winning = append(winning, s.Rest)
		case s.Active:
			v.Overridden = append(v.Overridden, lineOf(s))
		case s.Depends != "":
			v.DependsOn = append(v.DependsOn, s.Pos.String()+": "+s.Depends)
		}
	}
	if printed, ok := r.Printed(name); ok {
		winning = printed
	}
	if winning != nil {
		text := strings.Join(winning, "\n")
		v.Value = &text
	}
	return v, v.Value != nil || len(v.DependsOn) > 0
}

func lineOf(s sshconf.Setting) writtenLine {
	l := writtenLine{Value: s.Rest, File: s.Pos.Path, Line: int64(s.Pos.Line)}
	if s.Match != "" {
		l.Match = &s.Match
	}
	return l
}
