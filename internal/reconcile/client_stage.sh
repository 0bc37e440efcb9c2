# Asks the host's ssh about the candidate tree. Go puts in front: STAGE (a new
# directory), WHO, H (whose home), SSH, ENTRY (the main file below STAGE), the
# functions stage (which calls put PATH WRITER for each file) and probes.

ME=$(id -un)
say() { printf '@%s\n' "$*"; }
mkdir -m 755 "$STAGE" || exit
trap 'rm -rf "$STAGE"' EXIT
umask 022
put() { mkdir -p "${1%/*}" && "$2" >"$1" || exit; }
stage
person() { if [ "$WHO" = "$ME" ]; then "$@"; else as "$@"; fi; }
bounded() { if command -v timeout >/dev/null; then person timeout 20 "$@"; else person "$@"; fi; }
# Include looks ~ up by HOME, so that it leads to the copies.
each() {
	for h in "$@"; do
		bounded env HOME="$STAGE$H" "$SSH" -F "$ENTRY" -G "$h" >"$STAGE/.out" 2>"$STAGE/.err" </dev/null
		say dump $? "$h"
		cat "$STAGE/.out"
		sed -e '/^Pseudo-terminal/d' -e "s|$STAGE/|/|g" -e 's/^/@err /' "$STAGE/.err" | tr -d '\r'
	done
}
probes
