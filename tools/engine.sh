#!/bin/sh
# Builds an engine from the Go module proxy and prints the path of the program:
#
#	tools/engine.sh terraform 1.11          # the last 1.11 that the proxy has
#	tools/engine.sh opentofu newest
#	tools/engine.sh terraform 1.13 experiments
#
# What was built once is kept below ~/.cache/sshkeepalive-engines.
set -eu
name=$1 wanted=$2 experiments=${3:-}
case $name in
terraform) module=github.com/hashicorp/terraform main=. ;;
opentofu) module=github.com/opentofu/opentofu main=./cmd/tofu ;;
*) echo "engine.sh: no engine is called $name" >&2; exit 2 ;;
esac
case $wanted in
newest) pattern='v[0-9.]*' ;;
*) pattern="v$(printf %s "$wanted" | sed 's/\./\\./g')\(\.[0-9]*\)*" ;;
esac
version=$(go list -m -versions "$module" | tr ' ' '\n' | sed -n "/^$pattern\$/p" | tail -n 1)
[ -n "$version" ] || { echo "engine.sh: the module proxy has no $name $wanted" >&2; exit 1; }
# The one that is installed needs no build.
installed=$(command -v terraform || true)
if [ "$name${experiments:+ $experiments}" = terraform ] && [ -n "$installed" ] && [ "$("$installed" version | sed -n '1s/.* //p')" = "$version" ]; then
	echo "$installed"
	exit
fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sshkeepalive-engines
program=$cache/$name-${version#v}${experiments:+-experiments}
if [ ! -x "$program" ]; then
	work=$(mktemp -d)
	trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
	source=$(go mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
	cp -R "$source/." "$work"
	chmod -R u+w "$work"
	cd "$work"
	# A setting that this release of Go no longer has keeps go.mod from being read.
	sed -i '/^godebug tlskyber/d; /^\ttlskyber=/d' go.mod
	# Backends that are modules of their own are not in the zip of the module. They are
	# removed; local state needs none of them.
	sed -n 's|^replace \([^ ]*\) => \(\./.*\)$|\1 \2|p' go.mod | while read -r nested path; do
		[ ! -e "$path/go.mod" ] || continue
		go mod edit -dropreplace "$nested" -droprequire "$nested"
		grep -rl --include='*.go' --exclude='*_test.go' "\"$nested\"" . | while read -r file; do
			alias=$(sed -n "s|^[[:space:]]*\([A-Za-z0-9]*\) \"$nested\"\$|\1|p" "$file")
			sed -i "\\|\"$nested\"|d; /[^A-Za-z0-9]$alias\\.New/d" "$file"
		done
	done
	mkdir -p "$cache"
	# One package at a time: the build of an engine must not starve what else runs here.
	GOFLAGS=-mod=mod nice -n 19 go build -p 1 -trimpath -o "$program" \
		-ldflags "-s -w -X $module/version.dev=no ${experiments:+-X main.experimentsAllowed=yes}" "$main" >&2
fi
printf '%s\n' "$program"
