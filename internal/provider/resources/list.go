package resources

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshserver"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
)

// lister is the list of a resource: it imports the resource from each host of the
// provider's hosts, without a state, so that a query and an import by its results come
// to the same.
type lister[M, W, F any, P managedModel[M, W, F]] struct{ lifecycle[M, W, F, P] }

var _ list.ListResourceWithConfigure = (*serverList)(nil)

// serverList is the list of sshkeepalive_server.
type serverList = lister[serverModel, sshserver.Want, sshserver.Facts, *serverModel]

const (
	listDoc = "The hosts of the provider's `hosts` whose sshd is set by lines of this provider, or where a file sets `ClientAliveInterval`, `ClientAliveCountMax` or `TCPKeepAlive`: each with its identity, and with the resource as an import would find it. " +
		"Lists need Terraform 1.14 or later. Earlier versions, and OpenTofu, use the rest of this provider as if it had none."
	listHostsDoc = "The names of the hosts to look at, which are keys of the provider's `hosts`. Default: all."
	// mostLooks is how many hosts are looked at at the same time, as many as the engine
	// refreshes.
	mostLooks = 10
)

// ListResourceConfigSchema describes the configuration of the list.
func (*lister[M, W, F, P]) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{MarkdownDescription: listDoc, Attributes: map[string]schema.Attribute{
		"hosts": schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: listHostsDoc},
	}}
}

// listing is what one host brings: a result, or why there is none.
type listing struct {
	name   string
	result *list.ListResult
	diags  diag.Diagnostics
}

// List looks at the hosts and lists what they have.
func (l *lister[M, W, F, P]) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	names, diags := inventory(ctx, l.session, req)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		for _, result := range results(l.session, l.lookAtAll(ctx, req, names), int(req.Limit)) {
			if !push(result) {
				return
			}
		}
	}
}

// inventory is the names of the hosts that are asked for, in their order.
func inventory(ctx context.Context, s *session.Session, req list.ListRequest) (names []string, diags diag.Diagnostics) {
	diags = req.Config.GetAttribute(ctx, path.Root("hosts"), &names)
	known := s.HostNames()
	switch {
	case len(known) == 0:
		return nil, append(diags, diagnostics.New(diagnostics.NoInventory))
	case names == nil:
		return known, diags
	}
	for i, name := range names {
		if !slices.Contains(known, name) {
			diags.Append(diagnostics.At(path.Root("hosts").AtListIndex(i), diagnostics.NotInInventory, "name", strconv.Quote(name), "hosts", strings.Join(known, ", ")))
		}
	}
	return names, diags
}

// lookAtAll looks at several hosts at a time, and at no more hosts once there are enough
// results.
func (l *lister[M, W, F, P]) lookAtAll(ctx context.Context, req list.ListRequest, names []string) []listing {
	ctx, leave := l.session.Begin(ctx)
	defer leave()
	found := make([]listing, len(names))
	looking := make(chan struct{}, mostLooks)
	var results atomic.Int64
	var all sync.WaitGroup
	for i, name := range names {
		looking <- struct{}{}
		if req.Limit > 0 && results.Load() >= req.Limit {
			names = names[:i]
			break
		}
		all.Go(func() {
			defer func() { <-looking }()
			if found[i] = l.lookAt(ctx, req, name); found[i].result != nil {
				results.Add(1)
			}
		})
	}
	all.Wait()
	return found[:len(names)]
}

// lookAt imports the resource from one host.
func (l *lister[M, W, F, P]) lookAt(ctx context.Context, req list.ListRequest, name string) listing {
	m, result := P(new(M)), req.NewListResult(ctx)
	found := listing{name: name}
	attributes := m.kind().importAttributes("", "")
	attributes["host"] = name
	for attribute, value := range attributes {
		found.diags.Append(result.Resource.SetAttribute(ctx, path.Root(attribute), value)...)
	}
	found.diags.Append(result.Resource.Get(ctx, m)...)
	where, diags := l.resolve(ctx, m, nothingPrivate{})
	if found.diags.Append(diags...); where.Unknown != "" {
		found.diags.Append(diagnostics.NotKnown(m.attributes().Host, "import", where.Unknown))
	}
	if found.diags.HasError() {
		return found
	}
	_, diags, _ = l.look(ctx, m, where, true)
	if found.diags.Append(diags...); found.diags.HasError() {
		return found
	}
	if lacksSetting(m.check(wishOf[W](ctx, m).want)) {
		found.diags = nil // said of all such hosts at once
		return found
	}
	result.DisplayName = name
	found.diags.Append(result.Resource.Set(ctx, m)...)
	found.diags.Append(setIdentity(ctx, result.Identity, m)...)
	result.Diagnostics, found.result = found.diags, &result
	return found
}

func lacksSetting(found []keepalive.Problem) bool {
	return slices.ContainsFunc(found, func(p keepalive.Problem) bool { return p.Code == keepalive.NothingWanted })
}

// results are at most limit of those that were found. What there is to say of the other
// hosts goes with the first one, because engines take a result without an identity for
// an error of the provider (Terraform 1.13). It is an error where no host could be looked at.
func results(s *session.Session, found []listing, limit int) []list.ListResult {
	var listed []list.ListResult
	var failed diag.Diagnostics
	var bare []string
	for _, f := range found {
		switch {
		case f.result != nil:
			listed = append(listed, *f.result)
		case len(f.diags) > 0:
			failed.Append(f.diags...)
		default:
			bare = append(bare, f.name)
		}
	}
	lost := len(listed)+len(bare) == 0
	if !lost && diagnostics.ChoosePolicy(types.StringNull(), s.OnUnreachable) != diagnostics.Stop {
		failed = diagnostics.AsWarnings(failed)
	}
	if len(bare) > 0 {
		failed.Append(diagnostics.New(diagnostics.HostsWithoutLines, "hosts", strings.Join(bare, ", ")))
	}
	if limit > 0 && len(listed) > limit {
		listed = listed[:limit]
	}
	switch {
	case len(failed) == 0:
		return listed
	case len(listed) == 0 || failed.HasError():
		return []list.ListResult{{Diagnostics: failed}}
	}
	listed[0].Diagnostics = append(failed, listed[0].Diagnostics...)
	return listed
}
