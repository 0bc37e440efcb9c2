package provider

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/system"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
)

var anyID = regexp.MustCompile(`(# sshkeepalive resource )[0-9a-f]{16}`)

// withoutIDs is text with ID in place of the random id of each resource.
func withoutIDs(text string) string { return anyID.ReplaceAllString(text, "${1}ID") }

// forms are the four resources, with a configuration and the file that it changes.
var forms = []struct {
	kind, file string
	host       func() *fakeHost
	config     values
	key        string // of a setting, whose value other is another one
	other      any
	line       string // that config writes
	lines      string // what the resource calls its lines
}{
	{"sshkeepalive_server", dropIn, cloudHost, basic, "client_alive_interval", "5m", "ClientAliveInterval 2m", "00-sshkeepalive.conf"},
	{"sshkeepalive_client", "/root/.ssh/config", bareHost,
		values{"host": "web1", "patterns": []any{"*.example.org"}, "server_alive_interval": "1m"}, "server_alive_interval", "5m", "ServerAliveInterval 1m", "Host *.example.org"},
	{"sshkeepalive_coolify", envFile, coolifyHost, coolifyBasic, "max_retries", 7, "SSH_MAX_RETRIES=1", envFile},
	{"sshkeepalive_host", system.SysctlFile, bareHost, values{"host": "web1", "tcp_retries2": 5}, "tcp_retries2", 8, "net.ipv4.tcp_retries2 = 5", system.SysctlFile},
}

func bareHost() *fakeHost {
	return &fakeHost{machineID: "m1", hostKey: "SHA256:one", files: map[string]string{}}
}

func startKind(t *testing.T, kind string, h *fakeHost) *rpc {
	t.Helper()
	return startKindOn(t, kind, one(h), nil)
}

func startKindOn(t *testing.T, kind string, e *fakeEngine, config values) *rpc {
	t.Helper()
	r := serveKind(t, &Provider{version: "test", start: func() (session.Engine, func(context.Context)) { return e.engine(), func(context.Context) {} }}, kind)
	r.configure(config, nil)
	return r
}

var idLine = regexp.MustCompile(`\n# sshkeepalive resource [0-9a-f]{16}$|# sshkeepalive resource [0-9a-f]{16}\n`)

// withoutNotes is a file as an earlier version wrote it, and withoutID its private state.
func withoutNotes(text string) string { return idLine.ReplaceAllString(text, "") }

func withoutID(t *testing.T, private []byte) []byte {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(private, &all); err != nil || all["resource"] == nil {
		t.Fatalf("%v: %s", err, private)
	}
	delete(all, "resource")
	out, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func changed(config values, key string, value any) values {
	c := values{}
	maps.Copy(c, config)
	c[key] = value
	return c
}

// TestLinesOfAnotherState: another state that asks for the same takes the lines over with
// a warning. One that asks for something else is refused and told what would disappear,
// unless it adopts the lines. What a state has lost its destroy leaves alone.
func TestLinesOfAnotherState(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			h := f.host()
			before := h.files[f.file]
			first, second := startKind(t, f.kind, h), startKind(t, f.kind, h)
			a := first.create(f.config)
			if !strings.Contains(h.files[f.file], f.line) || !anyID.MatchString(h.files[f.file]) {
				t.Fatalf("no id beside the lines:\n%s", h.files[f.file])
			}
			written := h.files[f.file]
			other := changed(f.config, f.key, f.other)
			p := second.plan(nil, other)
			mustSay(t, p.diags, failed, "web1: the lines of "+f.lines+" belong to another resource", "would disappear", f.line+" ("+f.file, "terraform import", "adopt = true", "drop_in_name")
			second.walk()
			p = second.plan(nil, f.config)
			second.must(nil, p.diags)
			mustSay(t, p.diags, warned, "web1: another resource wrote the same lines, those of "+f.lines)
			b, diags := second.apply(nil, f.config, p)
			second.must(nil, diags)
			if h.files[f.file] == written || withoutIDs(h.files[f.file]) != withoutIDs(written) {
				t.Errorf("not taken over:\n%s", h.files[f.file])
			}
			if a, diags = first.read(a); len(diags) != 1 {
				t.Errorf("said %q", said(diags, warned))
			}
			mustSay(t, diags, warned, "web1: another resource has taken over ", f.lines, "terraform state rm")
			if p = first.plan(a, f.config); !p.empty || len(p.diags) > 0 {
				t.Errorf("the plan of the first is not empty: %s", said(p.diags, warned))
			}
			p = first.plan(a, other)
			first.must(nil, p.diags)
			mustSay(t, p.diags, warned, "belong to another resource", "The apply refuses")
			_, diags = first.apply(a, other, p)
			mustSay(t, diags, failed, "belong to another resource", "would disappear")
			_, diags = first.destroy(a)
			mustSay(t, diags, warned, "web1: the lines were left on the host")
			if !strings.Contains(h.files[f.file], f.line) {
				t.Errorf("the destroy of the first removed the lines:\n%s", h.files[f.file])
			}
			third := startKind(t, f.kind, h)
			adopting := changed(other, "adopt", true)
			p = third.plan(nil, adopting)
			third.must(nil, p.diags)
			mustSay(t, p.diags, warned, "belong to another resource", "would disappear")
			c, diags := third.apply(nil, adopting, p)
			third.must(nil, diags)
			if c, diags = third.read(c); len(diags) > 0 || !third.plan(c, adopting).empty {
				t.Errorf("after the adoption: %s", said(diags, warned))
			}
			_, diags = second.destroy(b)
			mustSay(t, diags, warned, "web1: the lines were left on the host")
			_, diags = third.destroy(c)
			third.must(nil, diags)
			if h.files[f.file] != before {
				t.Errorf("after the destroys:\n%s", h.files[f.file])
			}
		})
	}
}

// TestLinesOfAnEarlierVersion have no id. After an upgrade the plan is empty, and the
// next change writes one. A create takes them over.
func TestLinesOfAnEarlierVersion(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			h := f.host()
			before := h.files[f.file]
			r := startKind(t, f.kind, h)
			s := r.create(f.config)
			h.files[f.file] = withoutNotes(h.files[f.file])
			s.private = withoutID(t, s.private)
			s, diags := r.read(s)
			if p := r.plan(s, f.config); len(diags)+len(p.diags) > 0 || !p.empty {
				t.Errorf("after the upgrade: %s%s", said(diags, warned), said(p.diags, warned))
			}
			other := startKind(t, f.kind, h)
			p := other.plan(nil, f.config)
			other.must(nil, p.diags)
			if text := said(p.diags, warned); strings.Contains(text, "lines") {
				t.Errorf("a create of the same says %s", text)
			}
			other.walk()
			p = other.plan(nil, changed(f.config, f.key, f.other))
			other.must(nil, p.diags)
			mustSay(t, p.diags, warned, "web1: lines of an earlier version of this provider are replaced", "would disappear", f.line)
			config := changed(f.config, f.key, f.other)
			s, diags = r.apply(s, config, r.plan(s, config))
			r.must(nil, diags)
			if !anyID.MatchString(h.files[f.file]) {
				t.Errorf("the change wrote no id:\n%s", h.files[f.file])
			}
			_, diags = r.destroy(s)
			r.must(nil, diags)
			if h.files[f.file] != before {
				t.Errorf("after the destroy:\n%s", h.files[f.file])
			}
		})
	}
}

// TestImportedLines are the resource's own: the plan is empty, and the first change
// replaces the id, so that the state that had the lines leaves them alone.
func TestImportedLines(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			h := f.host()
			first, second := startKind(t, f.kind, h), startKind(t, f.kind, h)
			a := first.create(f.config)
			b, diags := second.importID(get(t, a.value, "id"))
			second.must(nil, diags)
			b, diags = second.read(b)
			second.must(nil, diags)
			if p := second.plan(b, f.config); !p.empty {
				t.Errorf("after the import the plan is not empty: %s", said(p.diags, warned))
			}
			if b, diags = second.read(b); len(diags) > 0 {
				t.Errorf("said %s", said(diags, warned))
			}
			written := anyID.FindString(h.files[f.file])
			config := changed(f.config, f.key, f.other)
			p := second.plan(b, config)
			second.must(nil, p.diags)
			b, diags = second.apply(b, config, p)
			second.must(nil, diags)
			if id := anyID.FindString(h.files[f.file]); id == written || id == "" {
				t.Errorf("the id is %q, as it was", id)
			}
			_, diags = first.destroy(a)
			mustSay(t, diags, warned, "web1: the lines were left on the host")
			_, diags = second.destroy(b)
			second.must(nil, diags)
			if anyID.MatchString(h.files[f.file]) {
				t.Errorf("after the destroy:\n%s", h.files[f.file])
			}
		})
	}
}

// TestReplacementWithOtherLines: while Terraform plans, the lines of the resource that is
// about to be replaced are there.
func TestReplacementWithOtherLines(t *testing.T) {
	for _, f := range forms {
		t.Run(f.kind, func(t *testing.T) {
			r := startKind(t, f.kind, f.host())
			s := r.create(f.config)
			r.oneWalk = true
			_, diags := r.read(s)
			r.must(nil, diags)
			r.must(nil, r.plan(nil, changed(f.config, f.key, f.other)).diags)
		})
	}
}
