package session

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// What the packages below provider log reaches tflog at its level, in the subsystem ssh,
// with secrets masked and with what the context masks besides.
func TestLogOfHostReachesTerraform(t *testing.T) {
	var out bytes.Buffer
	password := host.Secret("hunter2-horse")
	ctx := tflogtest.RootLogger(context.Background(), &out)
	ctx = tflog.SetField(ctx, "tf_req_id", "7")
	ctx = logContext(ctx, host.MaskerOf(host.Settings{Password: &password}))
	ctx = tflog.SubsystemMaskMessageStrings(ctx, sshSubsystem, "elsewhere")
	host.LogDebug(ctx, "attempt failed elsewhere", map[string]any{"host": "web1", "error": errors.New("no hunter2-horse"), "ms": 5, "list": []string{"a hunter2-horse"}})
	host.LogInfo(ctx, "waiting", nil)
	host.LogWarn(ctx, "passed over", map[string]any{"n": 1})
	lines, err := tflogtest.MultilineJSONDecode(&out)
	if err != nil || len(lines) != 3 {
		t.Fatalf("have %v, %v", lines, err)
	}
	for i, level := range []string{"debug", "info", "warn"} {
		if lines[i]["@level"] != level || lines[i]["@module"] != "provider.ssh" || lines[i]["tf_req_id"] != "7" {
			t.Errorf("line %d: have %v", i, lines[i])
		}
	}
	first := lines[0]
	list, _ := first["list"].([]any)
	if first["host"] != "web1" || first["error"] != "no ***" || first["ms"] != 5.0 || len(list) != 1 || list[0] != "a ***" || first["@message"] != "attempt failed ***" {
		t.Errorf("have %v", first)
	}
}
