package provider

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// examples are those of the documentation.
const examples = "../../examples"

// functionCaller calls the provider's functions as Terraform does.
type functionCaller struct {
	t      *testing.T
	server tfprotov6.ProviderServer
	known  map[string]*tfprotov6.Function
}

func newFunctions(t *testing.T) functionCaller {
	t.Helper()
	server := New("test").Server() // never configured
	resp, err := server.GetFunctions(t.Context(), &tfprotov6.GetFunctionsRequest{})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp.Diagnostics)
	}
	return functionCaller{t, server, resp.Functions}
}

func (f functionCaller) call(name string, args ...any) (tftypes.Value, *tfprotov6.FunctionError) {
	f.t.Helper()
	is := f.known[name]
	if is == nil || len(is.Parameters) != len(args) && is.VariadicParameter == nil {
		f.t.Fatalf("no function %s of %d parameters", name, len(args))
	}
	parameters := is.Parameters
	for len(parameters) < len(args) {
		parameters = append(parameters, is.VariadicParameter)
	}
	var encoded []*tfprotov6.DynamicValue
	for i, p := range parameters {
		d, err := tfprotov6.NewDynamicValue(p.Type, literal(p.Type, args[i]))
		if err != nil {
			f.t.Fatal(err)
		}
		encoded = append(encoded, &d)
	}
	resp, err := f.server.CallFunction(f.t.Context(), &tfprotov6.CallFunctionRequest{Name: name, Arguments: encoded})
	if err != nil {
		f.t.Fatal(err)
	}
	if resp.Error != nil {
		return tftypes.Value{}, resp.Error
	}
	v, err := resp.Result.Unmarshal(is.Return.Type)
	if err != nil {
		f.t.Fatal(err)
	}
	return v, nil
}

// literal is a value as an expression in HCL gives it: where the type is open,
// maps are objects and lists are tuples.
func literal(typ tftypes.Type, v any) tftypes.Value {
	if !typ.Is(tftypes.DynamicPseudoType) {
		return build(typ, v)
	}
	switch v := v.(type) {
	case string:
		return tftypes.NewValue(tftypes.String, v)
	case int:
		return tftypes.NewValue(tftypes.Number, v)
	case bool:
		return tftypes.NewValue(tftypes.Bool, v)
	case values:
		attributes, of := map[string]tftypes.Value{}, map[string]tftypes.Type{}
		for name, element := range v {
			attributes[name] = literal(typ, element)
			of[name] = attributes[name].Type()
		}
		return tftypes.NewValue(tftypes.Object{AttributeTypes: of}, attributes)
	case []any:
		var elements []tftypes.Value
		var of []tftypes.Type
		for _, element := range v {
			elements = append(elements, literal(typ, element))
			of = append(of, elements[len(elements)-1].Type())
		}
		return tftypes.NewValue(tftypes.Tuple{ElementTypes: of}, elements)
	}
	return tftypes.NewValue(tftypes.DynamicPseudoType, nil)
}

// plain prints a value: texts as they are, numbers, objects as name=value.
func plain(t *testing.T, v tftypes.Value) string {
	t.Helper()
	switch {
	case v.IsNull():
		return "null"
	case v.Type().Is(tftypes.String):
		return text(v)
	case v.Type().Is(tftypes.List{}):
		var list []tftypes.Value
		if err := v.As(&list); err != nil {
			t.Fatal(err)
		}
		words := make([]string, len(list))
		for i := range list {
			words[i] = plain(t, list[i])
		}
		return "[" + strings.Join(words, "; ") + "]"
	case v.Type().Is(tftypes.Number):
		_, digits, _ := strings.Cut(v.String(), `"`)
		return strings.TrimSuffix(digits, `">`)
	}
	members := fields(t, v)
	var words []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		words = append(words, name+"="+plain(t, members[name]))
	}
	return "{" + strings.Join(words, " ") + "}"
}

const twoFiles = "Include /etc/ssh/sshd_config.d/*.conf\nClientAliveInterval 300\nAcceptEnv LANG\nMatch User git\n\tX11Forwarding no\n\tClientAliveInterval 5\nMatch Group admin\n\tMaxSessions 3\n"

var tree = values{"/etc/ssh/sshd_config": twoFiles, "/etc/ssh/sshd_config.d/50-cloud.conf": "clientaliveinterval 2m\nAcceptEnv LC_*\n"}

// renderedText is text between the marks of render_sshd_config.
func renderedText(text string) string {
	return "# BEGIN sshkeepalive render_sshd_config (sshkeepalive_server takes over the lines that it declares)\n" + text + "# END sshkeepalive render_sshd_config\n"
}

// TestRenderedMatchBlocksAreReadBack: the functions that read an sshd_config find in
// the text of render_sshd_config what was given.
func TestRenderedMatchBlocksAreReadBack(t *testing.T) {
	t.Parallel()
	f := newFunctions(t)
	rendered, err := f.call("render_sshd_config", values{"MaxSessions": "4"}, []any{values{"criteria": "User git", "settings": values{"MaxSessions": "9"}}})
	if err != nil {
		t.Fatal(err.Text)
	}
	v, err := f.call("parse_sshd_config", text(rendered))
	if err != nil {
		t.Fatal(err.Text)
	}
	if got, want := plain(t, v), "[{arguments=[4] keyword=MaxSessions line=2 match=null value=4}; {arguments=[User; git] keyword=Match line=3 match=User git value=User git}; {arguments=[9] keyword=MaxSessions line=4 match=User git value=9}]"; got != want {
		t.Errorf("parsed as %s, want %s", got, want)
	}
	for user, want := range map[string]string{"git": "9", "other": "4"} {
		v, err := f.call("effective_sshd_config", values{"/x": text(rendered)}, values{"user": user})
		if err != nil {
			t.Fatal(err.Text)
		}
		if got := plain(t, v); !strings.Contains(got, "value="+want+"}}") {
			t.Errorf("for %s: %s, want %s", user, got, want)
		}
	}
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	f := newFunctions(t)
	for name, c := range map[string]struct {
		function string
		args     []any
		want     string
	}{
		"seconds":                     {"parse_time", []any{"120"}, "120"},
		"units":                       {"parse_time", []any{"1h30m"}, "5400"},
		"a dead peer":                 {"dead_peer_timeout", []any{"60", 3, "9.6"}, "240"},
		"a dead peer of Debian 12":    {"dead_peer_timeout", []any{"1m", 3, "OpenSSH_9.2p1 Debian-2+deb12u6"}, "480"},
		"a dead peer for ever":        {"dead_peer_timeout", []any{"60", 0, "9.6"}, "null"},
		"a live peer dropped":         {"dead_peer_timeout", []any{"60", 0, "7.4"}, "60"},
		"keepalive is off":            {"dead_peer_timeout", []any{"0", 3, "9.6"}, "null"},
		"a NAT gateway":               {"keepalive_for", []any{"350", "0", "10.0"}, "{client_alive_count_max=1 client_alive_interval=175 dead_peer_timeout=350}"},
		"a NAT gateway and a build":   {"keepalive_for", []any{"350", "30m", "9.2"}, "{client_alive_count_max=12 client_alive_interval=87 dead_peer_timeout=2262}"},
		"no settings":                 {"render_sshd_config", []any{values{}}, ""},
		"settings":                    {"render_sshd_config", []any{values{"permitrootlogin": "no", "ClientAliveInterval": "2m", "AcceptEnv": "LANG\nLC_*\n", "Banner": nil}}, renderedText("AcceptEnv LANG\nAcceptEnv LC_*\nClientAliveInterval 2m\nPermitRootLogin no\n")},
		"settings with quotes":        {"render_sshd_config", []any{values{"ForceCommand": `echo "a # b"`, "Banner": `"/etc/my issue"`}}, renderedText("Banner \"/etc/my issue\"\nForceCommand echo \"a # b\"\n")},
		"no blocks":                   {"render_ssh_config", []any{[]any{}}, ""},
		"blocks":                      {"render_ssh_config", []any{[]any{values{"patterns": []any{"web*", "!web9"}, "settings": values{"ServerAliveInterval": 15, "controlmaster": "auto", "Compression": true}}, values{"match": "user git", "patterns": nil, "settings": values{"TCPKeepAlive": "no"}}}}, "# BEGIN sshkeepalive render_ssh_config (sshkeepalive_client takes over the lines that it declares)\nHost web* !web9\n\tCompression yes\n\tControlMaster auto\n\tServerAliveInterval 15\n\nMatch user git\n\tTCPKeepAlive no\nHost *\n# END sshkeepalive render_ssh_config\n"},
		"Match blocks":                {"render_sshd_config", []any{values{"MaxSessions": "4"}, []any{values{"criteria": "User git", "client_alive_interval": 30, "channel_timeout": values{"session": "1h"}, "settings": values{"x11forwarding": false}}, values{"criteria": "Address 10.0.0.0/8", "settings": values{"AcceptEnv": "LANG\nLC_*", "Banner": nil}, "max_sessions": nil}}}, renderedText("MaxSessions 4\nMatch User git\n\tChannelTimeout session=1h\n\tClientAliveInterval 30\n\tX11Forwarding no\nMatch Address 10.0.0.0/8\n\tAcceptEnv LANG\n\tAcceptEnv LC_*\n")},
		"Match blocks alone":          {"render_sshd_config", []any{values{}, []any{values{"criteria": "all", "max_sessions": 2}}}, renderedText("Match all\n\tMaxSessions 2\n")},
		"no Match blocks":             {"render_sshd_config", []any{values{"MaxSessions": "4"}, nil}, renderedText("MaxSessions 4\n")},
		"an empty file":               {"parse_sshd_config", []any{"# nothing\n\n"}, "[]"},
		"a file":                      {"parse_sshd_config", []any{"# x\nclientaliveinterval=60 # y\r\nMatch User \"git\"\n AcceptEnv LANG 'A B'\nFancy x"}, "[{arguments=[60] keyword=ClientAliveInterval line=2 match=null value=60}; {arguments=[User; git] keyword=Match line=3 match=User \"git\" value=User \"git\"}; {arguments=[LANG; A B] keyword=AcceptEnv line=4 match=User \"git\" value=LANG 'A B'}; {arguments=[x] keyword=Fancy line=5 match=User \"git\" value=x}]"},
		"effective, nothing given":    {"effective_sshd_config", []any{tree, nil}, "{AcceptEnv={depends_on=[] file=/etc/ssh/sshd_config.d/50-cloud.conf line=2 match=null overridden=[] value=LC_*\nLANG} ClientAliveInterval={depends_on=[] file=/etc/ssh/sshd_config.d/50-cloud.conf line=1 match=null overridden=[{file=/etc/ssh/sshd_config line=2 match=null value=300}] value=120}}"},
		"effective for a user":        {"effective_sshd_config", []any{tree, values{"user": "git", "address": nil}}, "{AcceptEnv={depends_on=[] file=/etc/ssh/sshd_config.d/50-cloud.conf line=2 match=null overridden=[] value=LC_*\nLANG} ClientAliveInterval={depends_on=[] file=/etc/ssh/sshd_config line=6 match=User git overridden=[{file=/etc/ssh/sshd_config.d/50-cloud.conf line=1 match=null value=2m}; {file=/etc/ssh/sshd_config line=2 match=null value=300}] value=5} MaxSessions={depends_on=[/etc/ssh/sshd_config:8: the groups of git] file=null line=null match=null overridden=[] value=null} X11Forwarding={depends_on=[] file=/etc/ssh/sshd_config line=5 match=User git overridden=[] value=no}}"},
		"effective of one file":       {"effective_sshd_config", []any{values{"/x/sshd_config": "Match LocalPort 2222\nMaxSessions 2\n"}, values{"local_port": 2222, "openssh_version": "8.4"}}, "{MaxSessions={depends_on=[] file=/x/sshd_config line=2 match=LocalPort 2222 overridden=[] value=2}}"},
		"effective in an old release": {"effective_sshd_config", []any{values{"/x": "MaxStartups 5\nMaxStartups 9\n"}, values{"openssh_version": "9.2"}}, "{MaxStartups={depends_on=[] file=/x line=2 match=null overridden=[{file=/x line=1 match=null value=5}] value=9:30:9}}"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := f.call(c.function, c.args...)
			if err != nil {
				t.Fatal(err.Text)
			}
			if got := plain(t, got); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestFunctionErrors(t *testing.T) {
	t.Parallel()
	f := newFunctions(t)
	render := func(settings values) []any { return []any{settings} }
	block := func(b any) []any { return []any{[]any{b}} }
	ok := values{"ServerAliveInterval": "5"}
	for name, c := range map[string]struct {
		function string
		args     []any
		at       int64
		want     string
	}{
		"no time":                    {"parse_time", []any{"2 minutes"}, 0, `time "2 minutes"`},
		"a time of two meanings":     {"parse_time", []any{"1m30"}, 0, "1m30"},
		"no interval":                {"dead_peer_timeout", []any{"x", 3, "9.2"}, 0, `"x"`},
		"no count":                   {"dead_peer_timeout", []any{"60", -1, "9.2"}, 1, "whole number"},
		"no version":                 {"dead_peer_timeout", []any{"60", 3, "new"}, 2, "no OpenSSH version"},
		"a release without a minor":  {"keepalive_for", []any{"350", "0", "10"}, 2, `such as "9.2" or "10.0"`},
		"no task":                    {"keepalive_for", []any{"350", "x", "9.2"}, 1, `"x"`},
		"a path nothing keeps open":  {"keepalive_for", []any{"2", "0", "9.2"}, 0, "probes every 2 s at most"},
		"a misspelled keyword":       {"render_sshd_config", render(values{"ClientAliveIntervall": "1"}), 0, "did you mean ClientAliveInterval"},
		"a keyword twice":            {"render_sshd_config", render(values{"MaxSessions": "1", "maxsessions": "2"}), 0, "already set"},
		"a gone keyword":             {"render_sshd_config", render(values{"RandomSeed": "1"}), 0, "removed in OpenSSH"},
		"two lines of one":           {"render_sshd_config", render(values{"MaxSessions": "1\n2"}), 0, "one line"},
		"a smuggled line":            {"render_sshd_config", render(values{"AcceptEnv": "LANG\rPermitRootLogin yes"}), 0, "line break"},
		"a bad value":                {"render_sshd_config", render(values{"PermitRootLogin": "maybe"}), 0, `sshd refuses "PermitRootLogin maybe"`},
		"a Terraform bool":           {"render_sshd_config", render(values{"UseDNS": "true"}), 0, `sshd refuses "UseDNS true"`},
		"an open quote":              {"render_sshd_config", render(values{"Banner": `"/x`}), 0, "invalid quotes"},
		"a comment":                  {"render_sshd_config", render(values{"Banner": "/x # y"}), 0, `is read as "Banner /x"`},
		"blanks around":              {"render_sshd_config", render(values{"Banner": "/x "}), 0, `is read as "Banner /x"`},
		"an object as Match":         {"render_sshd_config", []any{values{}, values{"criteria": "all"}}, 1, "not a list of Match blocks"},
		"a Match block of text":      {"render_sshd_config", []any{values{}, []any{"all"}}, 1, "match[0] is not an object"},
		"a Match attribute":          {"render_sshd_config", []any{values{}, []any{values{"criteria": "all", "tcp_keep_alive": true}}}, 1, "match[0] has no attribute tcp_keep_alive, only criteria"},
		"a Match list":               {"render_sshd_config", []any{values{}, []any{values{"criteria": []any{"all"}}}}, 1, "match[0].criteria has a value of another kind"},
		"Match criteria":             {"render_sshd_config", []any{values{}, []any{values{"criteria": "Usr git", "max_sessions": 1}}}, 1, "accepts Match Usr git"},
		"no criteria":                {"render_sshd_config", []any{values{}, []any{values{"max_sessions": 1}}}, 1, "empty"},
		"a Match of nothing":         {"render_sshd_config", []any{values{}, []any{values{"criteria": "all"}}}, 1, "sets nothing"},
		"a keyword not for Match":    {"render_sshd_config", []any{values{}, []any{values{"criteria": "all", "settings": values{"LoginGraceTime": "1"}}}}, 1, "in a Match block"},
		"a bad value in Match":       {"render_sshd_config", []any{values{}, []any{values{"criteria": "User git", "settings": values{"PermitRootLogin": "maybe"}}}}, 1, `sshd refuses "PermitRootLogin maybe"`},
		"a typed value in Match":     {"render_sshd_config", []any{values{}, []any{values{"criteria": "User git", "client_alive_interval": "soon"}}}, 1, "\"soon\""},
		"criteria twice":             {"render_sshd_config", []any{values{}, []any{values{"criteria": "User a", "max_sessions": 1}, values{"criteria": "User  a", "max_sessions": 2}}}, 1, "same criteria"},
		"a smuggled Match":           {"render_sshd_config", []any{values{}, []any{values{"criteria": "User a\nPort 1", "max_sessions": 1}}}, 1, "line break"},
		"a block as a setting":       {"render_sshd_config", render(values{"Match": "all"}), 0, "not a setting"},
		"blocks that are no list":    {"render_ssh_config", []any{"x"}, 0, "not a list"},
		"a block that is no object":  {"render_ssh_config", block("x"), 0, "blocks[0]: a block is an object"},
		"a block for nobody":         {"render_ssh_config", block(values{"settings": ok}), 0, "blocks[0]: neither `patterns` nor `match`"},
		"a block of both kinds":      {"render_ssh_config", block(values{"patterns": []any{"a"}, "match": "all", "settings": ok}), 0, "both"},
		"a block of nothing":         {"render_ssh_config", block(values{"patterns": []any{"a"}}), 0, "no setting"},
		"a block with more":          {"render_ssh_config", block(values{"host": "a", "settings": ok}), 0, "a block has no host"},
		"a setting of another kind":  {"render_ssh_config", block(values{"match": "all", "settings": values{"Port": []any{1}}}), 0, "settings has values of another kind"},
		"attempts that ssh refuses":  {"render_ssh_config", block(values{"match": "all", "settings": values{"ConnectionAttempts": "0"}}), 0, "\"0\" is not a whole number from 1"},
		"two patterns in one":        {"render_ssh_config", block(values{"patterns": []any{"a b"}, "settings": ok}), 0, "not a valid Host pattern"},
		"a bad criterion":            {"render_ssh_config", block(values{"match": "hst x", "settings": ok}), 0, "hst"},
		"a bad client value":         {"render_ssh_config", block(values{"match": "all", "settings": values{"GatewayPorts": "often"}}), 0, `ssh refuses "GatewayPorts often"`},
		"a keyword of the other":     {"render_ssh_config", block(values{"match": "all", "settings": values{"ClientAliveInterval": "5"}}), 0, "unknown keyword ClientAliveInterval in ssh_config"},
		"a line nobody can read":     {"parse_sshd_config", []any{"Port 22\nBanner \"x\n"}, 0, `line 2: Banner "x: invalid quotes`},
		"a keyword alone":            {"parse_sshd_config", []any{"Port\n"}, 0, "line 1: Port: no argument"},
		"a relative file":            {"effective_sshd_config", []any{values{"sshd_config": ""}, nil}, 0, "not absolute"},
		"no main file":               {"effective_sshd_config", []any{values{"/a": "", "/b": ""}, nil}, 0, "none of the files is /etc/ssh/sshd_config"},
		"no file":                    {"effective_sshd_config", []any{values{}, nil}, 0, "none of the files"},
		"a refused file":             {"effective_sshd_config", []any{values{"/x": "Port 22\nPrt 23\n"}, nil}, 0, "/x:2: bad configuration option: Prt"},
		"a context of what":          {"effective_sshd_config", []any{values{"/x": ""}, values{"usr": "x"}}, 1, "no usr, only address"},
		"a context of nothing":       {"effective_sshd_config", []any{values{"/x": ""}, "git"}, 1, "not an object"},
		"a context's port":           {"effective_sshd_config", []any{values{"/x": ""}, values{"local_port": 70000}}, 1, "not a port"},
		"a context's kind":           {"effective_sshd_config", []any{values{"/x": ""}, values{"user": true}}, 1, "neither text nor a number"},
		"a context's release":        {"effective_sshd_config", []any{values{"/x": ""}, values{"openssh_version": "x"}}, 1, "no OpenSSH version"},
		"a keyword newer than asked": {"effective_sshd_config", []any{values{"/x": "ChannelTimeout *=1h\n"}, values{"openssh_version": "8.4"}}, 0, "bad configuration option"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := f.call(c.function, c.args...)
			if err == nil {
				t.Fatalf("got %s", got)
			}
			if err.FunctionArgument == nil || *err.FunctionArgument != c.at {
				t.Errorf("it does not point at argument %d: %s", c.at, err.Text)
			}
			if !strings.Contains(strings.ToLower(err.Text), strings.ToLower(c.want)) {
				t.Errorf("%q does not say %q", err.Text, c.want)
			}
		})
	}
}

// TestFunctionsAreDocumented: every function and parameter, and a runnable
// example each.
func TestFunctionsAreDocumented(t *testing.T) {
	t.Parallel()
	f := newFunctions(t)
	if len(f.known) < 7 {
		t.Errorf("only %d functions", len(f.known))
	}
	for name, is := range f.known {
		if is.Summary == "" || len(is.Description) < 60 {
			t.Errorf("%s is documented as %q", name, is.Description)
		}
		for _, p := range is.Parameters {
			if p.Name == "" || !defaultOrMeaning.MatchString(p.Description) {
				t.Errorf("%s.%s is documented as %q", name, p.Name, p.Description)
			}
		}
		text, err := os.ReadFile(examples + "/functions/" + name + "/function.tf")
		if err != nil || !strings.Contains(string(text), "provider::sshkeepalive::"+name+"(") {
			t.Errorf("%s has no example: %v", name, err)
		}
	}
}
