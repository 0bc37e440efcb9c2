// Command terraform-provider-sshkeepalive serves the provider to Terraform and
// OpenTofu.
package main

import (
	"context"
	"flag"
	"log"
	"time"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/provider"
)

// version is set by the linker.
var version = "dev"

// closing is how long connections may take to end. Terraform ends this process
// several times per command and waits for it each time, two seconds at most.
const closing = 250 * time.Millisecond

func main() {
	attach := flag.Bool("debug", false, "run under a debugger: print how Terraform finds this process, and serve until interrupted")
	flag.Parse()

	p := provider.New(version)
	err := p.Serve(*attach)
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	p.Close(ctx)
	if err != nil {
		log.Fatal(err) //nolint:gocritic // nothing is left for cancel to do
	}
}
