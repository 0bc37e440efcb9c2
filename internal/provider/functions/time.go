package functions

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/keepalive"
	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/sshconf"
)

const timeParameterDoc = "A time as in `sshd_config(5)`: seconds (`120`), or numbers with units (`\"2m\"`, `\"1h30m\"`)."

func timeParameter(name, doc string) function.Parameter {
	return function.StringParameter{Name: name, MarkdownDescription: doc + " " + timeParameterDoc}
}

func versionParameter() function.Parameter {
	return function.StringParameter{Name: "openssh_version",
		MarkdownDescription: "The OpenSSH release of the server: `\"9.2\"`, or what it says of itself, as `openssh_version` of the resource (`\"OpenSSH_9.2p1 Debian-2+deb12u6\"`)."}
}

func parseTimeFunction() pure {
	return pure{
		name: "parse_time",
		definition: function.Definition{
			Summary: "Seconds of a time in sshd_config format",
			MarkdownDescription: "Returns the seconds of a time as `sshd_config(5)` writes them: `120`, `\"2m\"`, `\"1h30m\"`. " +
				"Forms that releases read in different ways, such as `1m30` and `1.5m`, are an error.",
			Parameters: []function.Parameter{timeParameter("text", "The time.")},
			Return:     function.Int64Return{},
		},
		result: func(ctx context.Context, args function.ArgumentsData) (any, *function.FuncError) {
			var text string
			if err := args.Get(ctx, &text); err != nil {
				return nil, err
			}
			return seconds(0, text)
		},
	}
}

func seconds(at int64, text string) (int64, *function.FuncError) {
	n, err := sshconf.ParseTime(text)
	if err != nil {
		return 0, badArgument(at, err.Error())
	}
	return n, nil
}

func release(at int64, text string) (sshconf.Version, *function.FuncError) {
	v, err := sshconf.ParseVersion(text)
	if err != nil {
		return v, badArgument(at, err.Error()+": write the release as text of two numbers, such as \"9.2\" or \"10.0\" (a number loses its last zero), or as sshd names itself, such as \"OpenSSH_9.2p1\"")
	}
	return v, nil
}

func deadPeerFunction() pure {
	return pure{
		name: "dead_peer_timeout",
		definition: function.Definition{
			Summary: "Seconds until sshd drops a dead peer",
			MarkdownDescription: "Returns the seconds after which sshd drops a client from which nothing arrives any more; null when it never does. " +
				"That is interval × (count + 1), not interval × count as the manual page says; twice as long for OpenSSH 9.2 to 9.4, which probe every second interval; " +
				"and never for a count of `0` since 8.2.",
			Parameters: []function.Parameter{
				timeParameter("interval", "`ClientAliveInterval`."),
				function.Int64Parameter{Name: "count_max", MarkdownDescription: "`ClientAliveCountMax`, a whole number from 0 to 2147483647."},
				versionParameter(),
			},
			Return: function.Int64Return{},
		},
		result: deadPeerResult,
	}
}

func deadPeerResult(ctx context.Context, args function.ArgumentsData) (any, *function.FuncError) {
	var text, version string
	var count int64
	if err := args.Get(ctx, &text, &count, &version); err != nil {
		return nil, err
	}
	interval, err := seconds(0, text)
	if err != nil {
		return nil, err
	}
	if count < 0 || count > 1<<31-1 {
		return nil, badArgument(1, fmt.Sprintf("%d is not a whole number from 0 to 2147483647", count))
	}
	v, err := release(2, version)
	if err != nil {
		return nil, err
	}
	if dead, ok := keepalive.DeadPeerTimeout(interval, count, v); ok {
		return types.Int64Value(dead), nil
	}
	return types.Int64Null(), nil
}

// timingResult is the result of keepalive_for.
type timingResult struct {
	Interval int64 `tfsdk:"client_alive_interval"`
	CountMax int64 `tfsdk:"client_alive_count_max"`
	DeadPeer int64 `tfsdk:"dead_peer_timeout"`
}

func keepaliveFunction() pure {
	return pure{
		name: "keepalive_for",
		definition: function.Definition{
			Summary: "Keepalive values for a path and a task",
			MarkdownDescription: "Returns the keepalive values for a path (NAT gateway, load balancer, firewall) that forgets idle connections after `idle_limit`, " +
				"and for clients that may answer nothing for `longest_task` while they work elsewhere, as deploy tools do. Raw Net::SSH answers no probe while it is idle. SSHKit's connection pool, which Capistrano uses, answers every 5 s while it waits, and OpenSSH always answers: for these `0` is enough.\n\n" +
				"The result is an object of `client_alive_interval` (seconds), `client_alive_count_max` and `dead_peer_timeout` (seconds), to be given to `sshkeepalive_server` as it is.\n\n" +
				"The interval is half of the idle limit. If a probe is lost, TCP has time to send it again, so an outage of up to a quarter of the limit does not drop the connection. " +
				"For OpenSSH 9.2 to 9.4, which probe every second interval, the interval is a quarter of the idle limit. " +
				"The count is the smallest that keeps a client which is silent for the whole task and a quarter more, because load stretches tasks. It is at least 1, because 0 would never drop a dead client.\n\n" +
				"Declare the same times as `idle_limit` and `longest_task` of the resource: then each plan checks them.",
			Parameters: []function.Parameter{
				timeParameter("idle_limit", "After how much silence the path forgets a connection: 240 for Azure load balancers, 350 for AWS NAT gateways and network load balancers."),
				timeParameter("longest_task", "How long a client may answer nothing; `0` for clients that always answer, such as OpenSSH's."),
				versionParameter(),
			},
			Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{
				"client_alive_interval": types.Int64Type, "client_alive_count_max": types.Int64Type, "dead_peer_timeout": types.Int64Type,
			}},
		},
		result: keepaliveResult,
	}
}

func keepaliveResult(ctx context.Context, args function.ArgumentsData) (any, *function.FuncError) {
	var limit, task, version string
	if err := args.Get(ctx, &limit, &task, &version); err != nil {
		return nil, err
	}
	idleLimit, err := seconds(0, limit)
	if err != nil {
		return nil, err
	}
	longestTask, err := seconds(1, task)
	if err != nil {
		return nil, err
	}
	v, err := release(2, version)
	if err != nil {
		return nil, err
	}
	t, impossible := keepalive.TimingFor(idleLimit, longestTask, v)
	if impossible != nil {
		return nil, badArgument(0, impossible.Error())
	}
	return timingResult{t.Interval, t.CountMax, t.DeadPeer}, nil
}
