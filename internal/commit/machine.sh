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

# digest FILE [NAME]: its SHA-256, "-" where there is none. Fails where it could not look.
digest() {
	if [ ! -e "$1" ] && [ ! -L "$1" ]; then
		echo -
		return 0
	fi
	# What is masked by a link to /dev/null would have us rename over /dev/null.
	if [ -e "$1" ] && [ ! -f "$1" ]; then
		say "${2:-$1} is not a regular file: make it one, or take it away"
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

# ours DIR: does it belong to us alone?
ours() {
	attributes "$1"
	[ "$OWNER" = "$ME" ] || return
	case $PERM in d????-??-*) ;; *) return 1 ;; esac
}

# own DIR makes a directory that is ours alone, or takes the one that is there. What
# it holds is believed, and run: so no other account may have been able to put it there.
own() {
	# The process that held the lock before may be about to remove the empty directory.
	for _ in 1 2 3 4 5 6 7 8 9; do
		mkdir "$1" 2>/dev/null || [ -d "$1" ] || mkdir -p "$1" || return
		if ! walk "$1"; then
			exposed link "$LINK"
			return
		fi
		[ -z "$EXPOSED" ] || break
		! ours "$WAY" || return 0
		EXPOSED="$OWNER $PERM $WAY"
		[ ! -e "$WAY" ] || break
	done
	exposed taken "$1"
}

# conflict HOW PATH
conflict() {
	HOW=$1
	WHICH=$2
	return 1
}

# exposed HOW PATH is a conflict about what EXPOSED names.
exposed() {
	# shellcheck disable=SC2046 # words are wanted
	WHOSE=$(set -f; set -- $(ls -ld "${EXPOSED#* * }"); echo "$3")
	conflict "$1" "$2"
}

# The lock is a directory with one entry, whose name says who holds it: process, when
# that started, boot, change. It appears by rename(2), which replaces no directory that
# has an entry, and is inherited from a process that died by renaming the entry. Each of
# these can only be done by one, there is no moment at which the holder is not known,
# and none needs room on a disk that is full.
LOCK=$RUN/lock
MINE=$LOCK.$$
grab() {
	[ -n "$RECORD" ] || RECORD="$$ $(born $$) $BOOT $ID"
	HELD=
	if [ -e "$LOCK" ]; then
		inherit || return
	else
		enlist || return
		# Where another came first, a mv without -T moves ours into the lock.
		mv -T "$MINE" "$LOCK" 2>/dev/null || [ -e "$LOCK" ] || mv "$MINE" "$LOCK" 2>/dev/null
		if [ ! -e "$LOCK/$RECORD" ]; then
			[ ! -e "$LOCK/${MINE##*/}" ] || mv "$LOCK/${MINE##*/}" "$MINE"
			return 1
		fi
	fi
	LOCKED=1
}

# enlist makes what becomes the lock. For the rollback arm left one, the spare, which a
# rollback that was killed may not have given back.
enlist() {
	[ ! -e "$MINE/$RECORD" ] || return 0
	if [ -n "$MODE" ]; then
		mv "$RUN/spare.$ID" "$MINE" 2>/dev/null || for left in "$LOCK".*; do
			if [ -d "$left" ] && ! kill -0 "${left##*.}" 2>/dev/null && mv "$left" "$MINE"; then break; fi
		done
	fi
	set -- "$MINE"/*
	if ! { [ -e "$1" ] || blank "$MINE" 2>/dev/null; }; then
		tries=$((tries + 1))
		[ "$tries" -ge 3 ] || return
		blank "$MINE" || { HOPELESS=1; return 1; }
	fi
	set -- "$MINE"/*
	mv "$1" "$MINE/$RECORD"
}

blank() {
	mkdir -p "$1" || return
	true >"$1/free" || {
		rmdir "$1"
		return 1
	}
}

# inherit takes the lock over from a process that died.
inherit() {
	[ -d "$LOCK" ] || rm -f "$LOCK"
	for entry in "$LOCK"/*; do
		if [ -d "$entry" ]; then
			kill -0 "${entry##*.}" 2>/dev/null || mv "$entry" "$RUN" 2>/dev/null
		elif [ ! -e "$entry" ]; then
			rmdir "$LOCK" 2>/dev/null
		elif alive "${entry##*/}"; then
			HELD=${entry##*/}
		else
			mv "$entry" "$LOCK/$RECORD" 2>/dev/null
		fi
	done
	[ -e "$LOCK/$RECORD" ]
}

# Whatever else is here belongs to a script that was killed: only the holder of
# the lock makes files here.
sweep() {
	for left in "$RUN"/* "$RUN"/.[a-z]*; do
		case $left in
		"$LOCK") ;;
		"$LOCK".*) kill -0 "${left##*.}" 2>/dev/null || rm -rf "$left" ;;
		"$RUN"/spare.*) [ -d "$STATE/${left##*.}" ] || rm -rf "$left" ;;
		*) rm -rf "$left" ;;
		esac
	done
}

# drop gives the lock up, and back to a change that is still pending.
drop() {
	if [ -n "$LOCKED" ]; then
		LOCKED=
		rm -f "$RUN/.dump" "$RUN/.messages" "$RUN/.key" "$RUN/.key.pub"
		rm -rf "$MINE"
		mv "$LOCK" "$MINE"
	fi
	if [ -n "$MODE" ] && [ -d "$S" ] && [ ! -e "$RUN/spare.$ID" ]; then mv "$MINE" "$RUN/spare.$ID" 2>/dev/null; fi
	rm -rf "$MINE"
	rmdir "$RUN" "$STATE" 2>/dev/null
	return 0
}

# From here on nothing is printed until the end: a peer that no longer reads
# must not stop us half way. A rollback does without messages where there is no room.
hush() {
	ERR=$RUN/.messages
	{ mkdir -p "$RUN" && true >"$ERR"; } || { [ -n "$MODE" ] && ERR=/dev/null; } || return
	exec 3>&2 2>>"$ERR"
}

# answer WORD is the one thing a script prints, last.
answer() {
	printf '@%s\n' "answer $1" "step ${STUCK:-$STEP}" "watchdog $WATCHDOG" "boot $ATBOOT" \
		"proof $PROOF" "before $BEFORE" "after $AFTER" "left ${LEFT:-0}" "holder $HOLDER" \
		"how $HOW" "path $WHICH" "exposed $EXPOSED" "whose $WHOSE" end
	[ -z "$ERR" ] || {
		cat "$ERR"
		[ -z "$SAID" ] || echo "$SAID"
	} >&3
	drop
}
