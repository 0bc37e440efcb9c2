package shell

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/host"
)

// MakeDirs makes directories of the system, outermost first, that every account may read.
func MakeDirs(ctx context.Context, h host.Host, dirs []string) error {
	var b strings.Builder
	for _, dir := range dirs {
		fmt.Fprintf(&b, "[ -d %[1]s ] || mkdir -m 755 %[1]s || exit\n", Quote(dir))
	}
	return directories(ctx, h, b.String())
}

// RemoveDirs removes those that are empty.
func RemoveDirs(ctx context.Context, h host.Host, dirs []string) error {
	var b strings.Builder
	for _, dir := range slices.Backward(dirs) {
		b.WriteString("rmdir " + Quote(dir) + " 2>/dev/null || true\n")
	}
	return directories(ctx, h, b.String())
}

func directories(ctx context.Context, h host.Host, text string) error {
	if text == "" {
		return nil
	}
	_, err := Run(ctx, h, host.Script{Name: "directories", Text: text, Root: true, Convergent: true})
	return err
}
