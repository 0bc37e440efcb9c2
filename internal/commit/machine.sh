# What every script needs: time, digests, processes, the lock, messages.

now() { date +%s; }

# Not every sleep knows fractions.
nap() { sleep 0.1 2>/dev/null || sleep 1; }


# A step's messages replace those of the step before: what sshd -t warned about
# is no part of why a rename failed.
step() {
	STEP=$1
	[ -z "$ERR" ] || true >"$ERR"
	"$1"
}

say() { printf '%s\n' "$*" >&2; }

# digest FILE: its SHA-256, "-" where there is none. Fails where it could not look.
digest() {
	if [ ! -e "$1" ] && [ ! -L "$1" ]; then
		echo -
		return 0
	fi
	# What is masked by a link to /dev/null would have us rename over /dev/null.
	if [ -e "$1" ] && [ ! -f "$1" ]; then
		say "$1 is no regular file: make it one, or take it away"
		return 1
	fi
	if command -v sha256sum >/dev/null; then
		sum=$(sha256sum <"$1") || return
	elif command -v sha256 >/dev/null; then
		sum=$(sha256 -q <"$1") || return
	elif command -v shasum >/dev/null; then
		sum=$(shasum -a 256 <"$1") || return
	elif command -v openssl >/dev/null; then
		sum=$(openssl dgst -sha256 -r <"$1") || return
	else
		say "no sha256sum, sha256, shasum or openssl on this machine"
		return 1
	fi
	echo "${sum%% *}"
}

# real PATH: the file behind it. A rename over a symbolic link would replace the
# link. readlink -f is neither POSIX nor on older macOS.
real() {
	link=$1
	hops=0
	while [ -L "$link" ]; do
		to=$(readlink "$link") || return
		case $to in
		/*) link=$to ;;
		*) link=${link%/*}/$to ;;
		esac
		hops=$((hops + 1))
		if [ "$hops" -gt 40 ]; then
			say "$1: too many symbolic links"
			return 1
		fi
	done
	dir=${link%/*}
	dir=$(cd -P "${dir:-/}" && pwd -P) || return
	echo "${dir%/}/${link##*/}"
}

# sync FILE... came with coreutils 8.24; elsewhere all is written, or the
# arguments are ignored, which is the same.
durable() { sync "$@" 2>/dev/null || sync; }

# born PID: when a process started, so that a reused number is not taken for it.
born() {
	if stat=$(cat "/proc/$1/stat" 2>/dev/null); then
		# shellcheck disable=SC2086 # words are wanted
		set -- ${stat##*) }
		case $1 in
		Z | X) echo dead ;;
		*) echo "${20}" ;;
		esac
	else
		ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' '_'
	fi
}

# alive RECORD: does the process that wrote this lock still run?
alive() {
	# shellcheck disable=SC2086 # words are wanted
	set -- $1
	[ "$3" = "$BOOT" ] && kill -0 "$1" 2>/dev/null && [ "$(born "$1")" = "$2" ]
}

# The lock is a file that appears with its whole text by link(2), so that there
# is no moment at which its owner is not known.
grab() {
	mine=$RUN/lock.$$
	if ! enlist 2>/dev/null; then
		# The one before us may just have removed the empty directory.
		tries=$((tries + 1))
		if [ "$tries" -ge 3 ] && ! enlist; then
			HOPELESS=1
			rm -f "$mine" 2>/dev/null
			rmdir "$RUN" 2>/dev/null
		fi
		return 1
	fi
	if ln "$mine" "$RUN/lock" 2>/dev/null; then
		rm -f "$mine"
		LOCKED=1
		return 0
	fi
	rm -f "$mine"
	unstale
	return 1
}

# cat says why it could not write, which not every printf does.
enlist() { mkdir -p "$RUN" && printf '%s\n' "$$ $(born $$) $BOOT $ID" | cat >"$mine"; }

# Only who holds lock.break may remove somebody else's lock, or two could each
# break what the other just took.
unstale() {
	record=$(cat "$RUN/lock" 2>/dev/null) || return 0
	alive "$record" && return 0
	if mkdir "$RUN/lock.break" 2>/dev/null; then
		record=$(cat "$RUN/lock" 2>/dev/null)
		[ -z "$record" ] || alive "$record" || rm -f "$RUN/lock"
		rmdir "$RUN/lock.break"
	else
		breaks=$((breaks + 1))
		[ "$breaks" -lt 50 ] || rmdir "$RUN/lock.break" 2>/dev/null
	fi
}

# Whatever else is here belongs to a script that was killed: only the holder of
# the lock makes files here.
sweep() {
	for left in "$RUN"/* "$RUN"/.[a-z]*; do
		case $left in
		"$RUN/lock" | "$RUN/lock.break") ;;
		*) rm -rf "$left" ;;
		esac
	done
}

drop() {
	[ -n "$LOCKED" ] || return 0
	LOCKED=
	rm -f "$RUN/.sshd" "$RUN/.dump" "$RUN/.messages" "$RUN/.key" "$RUN/.key.pub" "$RUN/lock"
	rmdir "$RUN" 2>/dev/null
	return 0
}

# From here on nothing is printed until the end: a peer that no longer reads
# must not stop us half way.
hush() {
	true >"$RUN/.messages" || return
	ERR=$RUN/.messages
	exec 3>&2 2>>"$ERR"
}

# answer WORD is the one thing a script prints, last.
answer() {
	printf '@%s\n' "answer $1" "step ${STUCK:-$STEP}" "watchdog $WATCHDOG" "boot $ATBOOT" \
		"proof $PROOF" "before $BEFORE" "after $AFTER" "left ${LEFT:-0}" "holder $HOLDER" \
		"how $HOW" "path $WHICH" end
	[ -z "$ERR" ] || {
		cat "$ERR"
		[ -z "$SAID" ] || echo "$SAID"
	} >&3
	drop
}
