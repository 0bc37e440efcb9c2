# Asks the host's ssh about the candidate tree, as the account that it is for. Go puts in
# front: STAGE (a new directory), H (whose home), SSH, ENTRY (the main file below STAGE),
# files.sh, the functions stage (which calls put PATH WRITER for each file) and probes.

umask 077
mkdir -m 700 "$STAGE" || exit
trap 'rm -rf "$STAGE"' EXIT
put() { mkdir -p "${1%/*}" && "$2" >"$1" || exit; }
stage
# Include looks ~ up by HOME, so that it leads to the copies.
each() {
	for h in "$@"; do
		bound env HOME="$STAGE$H" "$SSH" -F "$ENTRY" -G "$h" >"$STAGE/.out" 2>"$STAGE/.err" </dev/null
		say dump $? "$h"
		head -c 1000000 "$STAGE/.out"
		head -c 100000 "$STAGE/.err" | sed -e '/^Pseudo-terminal/d' -e "s|$STAGE/|/|g" -e 's/^/@err /' | tr -d '\r'
	done
}
probes
