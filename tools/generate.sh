#!/bin/sh
# Generates docs/ from the schema, templates/ and examples/. Needs Go, and once
# the Go module proxy for tfplugindocs; needs no Terraform.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go run ./internal/docgen -baselines >"$work/baselines.md"
mv "$work/baselines.md" templates/guides/baselines.md
go run ./internal/docgen -ways >"$work/ways-in.md"
mv "$work/ways-in.md" templates/guides/ways-in.md.tmpl
go run ./internal/docgen -watching >"$work/watching.md"
mv "$work/watching.md" templates/guides/watching-a-fleet.md.tmpl
go run ./internal/docgen >"$work/schema.json"
(cd tools && go tool tfplugindocs generate --provider-dir .. --provider-name sshkeepalive \
	--rendered-provider-name sshkeepalive --providers-schema "$work/schema.json")
go run ./internal/docgen -sum >"$work/docs.sum"
mv "$work/docs.sum" tools/docs.sum
