package diagnostics

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive/sshclient"
)

// clientAdvice is what to do about what only a client's decision finds.
func clientAdvice(c keepalive.Code) string {
	switch c {
	case sshclient.EarlierLine:
		return "ssh keeps the first value that it reads, and nothing of anybody else's is commented out in its files. Remove that line, or manage the block in the file that is read first (config_file)."
	case sshclient.NotRead:
		return "Include it from the user's or the system's file, outside Host and Match."
	case sshclient.ReadWithF:
		return "That is right for a file given to ssh -F, or to a program that does so. Otherwise have ~/.ssh/config include it."
	case sshclient.ProbeUnmatched:
		return "Name hosts that the block applies to, or widen its patterns."
	case sshclient.NoBlock:
		return "Set patterns for a Host block, or match for a Match block."
	case sshclient.NoProbe:
		return "Name at least one host in probe_hosts."
	case sshclient.BadPermissions:
		return "Repair it on the host: chmod go-w and chown for a user's file, mode 0644 for one of the system. ssh ends with an error until then. Nothing was changed."
	case sshclient.OthersShutOut:
		return "Give it mode 0644."
	case sshclient.ClosesHealthy:
		return "Use a count of 1 or more, or leave it out: the default is 3."
	case sshclient.MastersNeverEnd:
		return "Give control_persist a time, such as \"10m\"."
	case sshclient.MasterUnwatched:
		return "Set server_alive_interval in the same block: only the master can notice that its connection is dead."
	case sshclient.MasterStuck:
		return "Use control_master = \"auto\"."
	case sshclient.NoControlPath:
		return "Set control_path, for example to \"~/.ssh/cm/%C\"."
	case sshclient.SocketTooLong, sshclient.SocketTight, sshclient.SocketShared:
		return "A short directory and %C is what always fits: control_path = \"~/.ssh/cm/%C\"."
	case sshclient.SocketDir:
		return "Use a directory that only the user may write, such as one below ~/.ssh, which is made if it is missing."
	case keepalive.EndlessIncludes:
		return "Have each file included once: a pattern such as `Include conf.d/*` in one place."
	case sshclient.SocketDirGone:
		return "The plan makes it again."
	case sshclient.IgnoreInBlock:
		return "Put IgnoreUnknown into a block for every host, or at the head of the file."
	case sshclient.UncertainBlock, sshclient.UncertainLine:
		return "ssh decides when it runs; the text alone does not tell."
	}
	return coolifyAdvice(c)
}

func BadBlockID(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Bad import ID",
		fmt.Sprintf("Expected [user@]host[:port], optionally the file, and the line that opens the block, such as here/~/.ssh/config#Host *.example.org, "+
			"root@web1/~deploy/.ssh/config#Host * or web1/etc/ssh/ssh_config.d/10-keepalive.conf#Match all; got %q.", id))
}

func NoSuchBlock(name, file, block string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(name+": no such block in "+file, fmt.Sprintf("No block of the file opens with %q and sets something, so there is nothing to import.", block))
}
