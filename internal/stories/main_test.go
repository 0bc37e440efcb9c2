package stories

import (
	"os"
	"testing"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }
