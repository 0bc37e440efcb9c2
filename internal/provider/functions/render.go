package functions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
)

const renderedValuesDoc = "Values are written as they are given: quotes belong to them where the file needs them. A keyword that may be repeated takes one value per line of the string; null leaves a keyword out."

func renderServerFunction() pure {
	return pure{
		name: "render_sshd_config",
		definition: function.Definition{
			Summary: "Text of an sshd_config",
			MarkdownDescription: "Writes settings as the text of an `sshd_config(5)` or a drop-in of it, for cloud-init, Packer and images, where the host does not exist yet and cannot be asked. " +
				"Keywords are checked and written in the spelling of the manual page, in alphabetical order, so that equal settings give equal text. " +
				"The text stands between two comment lines. By them `sshkeepalive_server` recognises it, in whatever file it was put: the resource takes over the lines that it declares, and an import reads them all. " +
				"An unknown keyword, and a value that the newest OpenSSH would refuse or read as something else, is an error; " +
				"names of algorithms, methods and the like are left to the sshd that will read them.",
			Parameters: []function.Parameter{
				function.MapParameter{Name: "settings", ElementType: types.StringType, MarkdownDescription: "Values by keyword: `{ ClientAliveInterval = 120 }`. " + renderedValuesDoc},
			},
			VariadicParameter: function.DynamicParameter{Name: "match", MarkdownDescription: "Optional: a list of `Match` blocks as in `sshkeepalive_server`, objects with `criteria`, `settings`, and the attributes that a block of the resource has. " +
				"They follow the settings in the order in which they are given. Text that has some belongs in a file of its own or at the end of one: sshd reads what follows as part of the last block."},
			Return: function.StringReturn{},
		},
		result: renderServerResult,
	}
}

func renderServerResult(ctx context.Context, args function.ArgumentsData) (any, *function.FuncError) {
	var settings map[string]types.String
	var lists []types.Dynamic
	if err := args.Get(ctx, &settings, &lists); err != nil {
		return nil, err
	}
	want := sshserver.Want{Settings: settingsOf(settings)}
	for i, list := range lists {
		wrong := ""
		if want.Match, wrong = matchBlocksOf(list, want.Match); wrong != "" {
			return nil, badArgument(int64(i)+1, wrong)
		}
	}
	text, problems := sshserver.Render(want)
	if len(problems) > 0 {
		return nil, badArgument(firstBad(problems), problemTexts("", problems)...)
	}
	return text, nil
}

// firstBad is the argument that the first of the problems is about.
func firstBad(problems []keepalive.Problem) int64 {
	if strings.HasPrefix(problems[0].Attribute, "match[") {
		return 1
	}
	return 0
}

func settingsOf(values map[string]types.String) []keepalive.Setting {
	var found []keepalive.Setting
	for _, keyword := range slices.Sorted(maps.Keys(values)) {
		if v := values[keyword]; !v.IsNull() {
			found = append(found, keepalive.Setting{Attribute: keyword, Keyword: keyword, Values: keepalive.Lines(v.ValueString())})
		}
	}
	return found
}

func renderClientFunction() pure {
	return pure{
		name: "render_ssh_config",
		definition: function.Definition{
			Summary: "Text of an ssh_config",
			MarkdownDescription: "Writes blocks as the text of an `ssh_config(5)`, in the order in which they are given: ssh keeps the first value that it reads, so `patterns = [\"*\"]` belongs to the end. " +
				"Within a block the keywords are in alphabetical order. Keywords and values are checked as in `render_sshd_config`. " +
				"The text stands between two comment lines, and ends with `Host *`, so that lines below it count for every host. By the comments `sshkeepalive_client` recognises the text in its `config_file`: the resource takes over the lines that it declares, of a block that opens with the same line, and an import reads them.",
			Parameters: []function.Parameter{
				function.DynamicParameter{Name: "blocks", MarkdownDescription: "List of objects with `settings`, values by keyword, and either `patterns`, the list of a `Host` line, or `match`, the criteria of a `Match` line. " + renderedValuesDoc},
			},
			Return: function.StringReturn{},
		},
		result: renderClientResult,
	}
}

func renderClientResult(ctx context.Context, args function.ArgumentsData) (any, *function.FuncError) {
	var blocks types.Dynamic
	if err := args.Get(ctx, &blocks); err != nil {
		return nil, err
	}
	elements, ok := elementsOf(blocks)
	if !ok {
		return nil, badArgument(0, "the blocks are not a list")
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		at := fmt.Sprintf("blocks[%d]: ", i)
		block, wrong := blockOf(element)
		if wrong != "" {
			return nil, badArgument(0, at+wrong)
		}
		text, problems := sshclient.Render(block)
		if len(problems) > 0 {
			return nil, badArgument(0, problemTexts(at, problems)...)
		}
		texts[i] = text
	}
	return sshclient.Rendered(texts), nil
}

// blockOf reads one block. wrong says what is no block about it.
func blockOf(v attr.Value) (block sshclient.Want, wrong string) {
	given, ok := attributesOf(v)
	if !ok {
		return block, "a block is an object"
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := inside(given[name])
		if value == nil || value.IsNull() {
			continue
		}
		switch name {
		case "patterns":
			block.Patterns, ok = textsOf(value)
		case "match":
			block.Match, ok = textOf(value)
		case "settings":
			block.Settings, ok = blockSettings(value)
		default:
			return block, fmt.Sprintf("a block has no %s, only patterns or match, and settings", name)
		}
		if !ok {
			return block, name + " has values of another kind"
		}
	}
	return block, ""
}

func textsOf(v attr.Value) ([]string, bool) {
	elements, ok := elementsOf(v)
	texts := make([]string, len(elements))
	for i, element := range elements {
		var isText bool
		texts[i], isText = textOf(element)
		ok = ok && isText
	}
	return texts, ok
}

func blockSettings(v attr.Value) ([]keepalive.Setting, bool) {
	given, ok := attributesOf(v)
	values := map[string]types.String{}
	for keyword, value := range given {
		text, isText := settingText(value)
		ok = ok && isText
		values[keyword] = text
	}
	return settingsOf(values), ok
}

// settingText converts as Terraform does for the elements of a map of strings.
func settingText(v attr.Value) (types.String, bool) {
	v = inside(v)
	if v == nil || v.IsNull() {
		return types.StringNull(), true
	}
	if b, ok := v.(types.Bool); ok {
		return types.StringValue(keepalive.SpellFlag(b.ValueBool())), !b.IsUnknown()
	}
	text, ok := textOf(v)
	return types.StringValue(text), ok
}
