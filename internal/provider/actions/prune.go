package actions

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/attribute"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/diagnostics"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/session"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/reconcile"
)

// pruneAction is sshkeepalive_prune_control_sockets.
type pruneAction = hostAction[pruneModel, *pruneModel]

// pruneModel is sshkeepalive_prune_control_sockets as Terraform holds it.
type pruneModel struct {
	actionWhere
	Path types.String `tfsdk:"path"`
	User types.String `tfsdk:"user"`
}

const (
	pruneDoc = "Removes the sockets of shared ssh connections (`ControlMaster`, `ControlPath`) at which no process listens any more, and tells what became of each. " +
		"These are the ones that the data source `sshkeepalive_control_sockets` calls `stale`; one that is live, that does not answer, or that belongs to another program than ssh stays. " +
		"A socket is moved aside before it is removed, so that a master that starts in the same moment keeps its own. One that was made in the second in which it was asked stays too, and so does one that could not be removed, with a warning.\n\n" + actionEngineDoc
	pruneUserDoc = "Whose sockets they are. They are asked and removed as that account, with its rights alone; another account than the one that logs in takes root. Default: who logs in."
)

func (*pruneModel) kind() (string, schema.Schema) {
	attributes := actionWhereSchema(actionHostDoc)
	attributes["path"] = schema.StringAttribute{Required: true, MarkdownDescription: attribute.ControlPathDoc, Validators: []validator.String{attribute.ControlPath{}}}
	attributes["user"] = schema.StringAttribute{Optional: true, MarkdownDescription: pruneUserDoc, Validators: []validator.String{attribute.Account()}}
	return "prune_control_sockets", schema.Schema{MarkdownDescription: pruneDoc, Attributes: attributes}
}

func (*pruneModel) check(context.Context) diag.Diagnostics { return nil }

func (m *pruneModel) run(ctx context.Context, s *session.Session, where session.Location, tell func(string)) (diag.Diagnostics, error) {
	name, at := m.Host.ValueString(), reconcile.Target{Spec: where.Spec, File: m.Path.ValueString(), User: m.User.ValueString()}
	if diags := diagnostics.ImageRunsNoSSH(where.Spec); diags.HasError() {
		return diags, nil
	}
	sight, err := s.Engine.Sockets.Look(ctx, at, struct{}{})
	if err != nil {
		return nil, err
	}
	dead := sight.Facts.Prunable()
	tell(fmt.Sprintf("%s: %d of %d sockets can be removed", name, len(dead), len(sight.Facts.Sockets)))
	if len(dead) == 0 {
		return nil, nil
	}
	after, err := s.Engine.Pruning.Look(ctx, at, dead)
	var diags diag.Diagnostics
	for _, socket := range after.Facts {
		if socket.Removed {
			tell(fmt.Sprintf("%s: removed %s", name, socket.Path))
			continue
		}
		tell(fmt.Sprintf("%s: kept %s: %s", name, socket.Path, socket.Why))
		diags.Append(diagnostics.SocketKept(name, socket.Path, socket.Why))
	}
	return diags, err
}
