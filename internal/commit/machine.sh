# What every script needs: time, digests, processes, the lock, messages.

now() { date +%s; }

# Not every sleep supports fractions.
nap() { sleep 0.1 2>/dev/null || sleep 1; }


# step NAME runs a step. Its messages replace those of the step before: a warning of
# sshd -t does not explain why a rename failed.
step() {
	STEP=$1
	[ -z "$ERR" ] || true >"$ERR"
	"$1"
}

say() { printf '%s\n' "$*" >&2; }

# digest FILE [NAME] prints its SHA-256, or "-" if the file does not exist. It fails
# if it could not read the file.
digest() {
	if [ ! -e "$1" ] && [ ! -L "$1" ]; then
		echo -
		return 0
	fi
	# A file that is masked by a link to /dev/null would make us rename over /dev/null.
	if [ -e "$1" ] && [ ! -f "$1" ]; then
		say "${2:-$1} is not a regular file: replace it with a regular file, or remove it"
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

# durable FILE... writes files to disk. sync with arguments came with coreutils 8.24;
# elsewhere sync writes everything, with or without arguments.
durable() { sync "$@" 2>/dev/null || sync; }

# start_time PID prints when a process started, so that a reused number is not
# mistaken for it.
start_time() {
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

# alive RECORD succeeds if the process that wrote this lock record still runs.
alive() {
	# shellcheck disable=SC2086 # words are wanted
	set -- $1
	[ "$3" = "$BOOT" ] && kill -0 "$1" 2>/dev/null && [ "$(start_time "$1")" = "$2" ]
}

# ours DIR succeeds if only this account can enter and write the directory.
ours() {
	attributes "$1"
	[ "$OWNER" = "$ME" ] || return
	case $PERM in d????-??-*) ;; *) return 1 ;; esac
}

# own DIR makes a directory that only this account can enter, or checks the one that
# exists. Its contents are trusted, and run: no other account may have been able to
# put them there.
own() {
	# The process that held the lock before may be about to remove the empty directory.
	for _ in 1 2 3 4 5 6 7 8 9; do
		mkdir "$1" 2>/dev/null || [ -d "$1" ] || mkdir -p "$1" || return
		if ! walk "$1"; then
			exposed link "$LINK"
			return
		fi
		if [ -z "$EXPOSED" ]; then
			! ours "$WAY" || return 0
			EXPOSED="$OWNER $PERM $WAY"
		fi
		# One without an owner went away while it was looked at, and may be back.
		case $EXPOSED in ' '*) ;; *) break ;; esac
	done
	exposed taken "$1"
}

# conflict HOW PATH
conflict() {
	HOW=$1
	WHICH=$2
	return 1
}

# exposed HOW PATH reports a conflict about the directory in EXPOSED.
exposed() {
	# shellcheck disable=SC2046 # words are wanted
	WHOSE=$(set -f; set -- $(ls -ld "${EXPOSED#* * }"); echo "$3")
	conflict "$1" "$2"
}

# The lock is a directory with one entry, whose name is the record of the holder:
# process, start time, boot, change. It appears by rename(2), which does not replace a
# directory that has an entry, and is taken over from a dead process by renaming the
# entry. Only one process can succeed in each of these, the holder is known at every
# moment, and neither needs room on a disk that is full.
LOCK=$RUN/lock
MINE=$LOCK.$$
lock_try() {
	[ -n "$RECORD" ] || RECORD="$$ $(start_time $$) $BOOT $ID"
	HELD=
	if [ -e "$LOCK" ]; then
		lock_take_over || return
	else
		lock_prepare || return
		# If another process came first, an mv without -T moves ours into the lock.
		mv -T "$MINE" "$LOCK" 2>/dev/null || [ -e "$LOCK" ] || mv "$MINE" "$LOCK" 2>/dev/null
		if [ ! -e "$LOCK/$RECORD" ]; then
			[ ! -e "$LOCK/${MINE##*/}" ] || mv "$LOCK/${MINE##*/}" "$MINE"
			return 1
		fi
	fi
	LOCKED=1
}

# lock_prepare makes the directory that becomes the lock. For the rollback, arm left
# one (spare.ID), which a rollback that was killed may not have put back.
lock_prepare() {
	[ ! -e "$MINE/$RECORD" ] || return 0
	if [ -n "$MODE" ]; then
		mv "$RUN/spare.$ID" "$MINE" 2>/dev/null || for left in "$LOCK".*; do
			if [ -d "$left" ] && ! kill -0 "${left##*.}" 2>/dev/null && mv "$left" "$MINE"; then break; fi
		done
	fi
	set -- "$MINE"/*
	if ! { [ -e "$1" ] || make_lock_dir "$MINE" 2>/dev/null; }; then
		tries=$((tries + 1))
		[ "$tries" -ge 3 ] || return
		make_lock_dir "$MINE" || { HOPELESS=1; return 1; }
	fi
	set -- "$MINE"/*
	mv "$1" "$MINE/$RECORD"
}

make_lock_dir() {
	mkdir -p "$1" || return
	true >"$1/free" || {
		rmdir "$1"
		return 1
	}
}

# lock_take_over takes the lock of a process that died.
lock_take_over() {
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

# sweep removes what scripts that were killed left: only the holder of the lock makes
# files here.
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

# lock_release releases the lock. A change that is still pending gets its spare one
# back.
lock_release() {
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

# buffer_stderr sends messages to a file until the end: a peer that no longer reads
# must not stop the script half way. A rollback goes on without messages where there
# is no room for them.
buffer_stderr() {
	ERR=$RUN/.messages
	{ mkdir -p "$RUN" && true >"$ERR"; } || { [ -n "$MODE" ] && ERR=/dev/null; } || return
	exec 3>&2 2>>"$ERR"
}

# answer WORD prints the report, which is the last thing that a script does.
answer() {
	printf '@%s\n' "answer $1" "step ${STUCK:-$STEP}" "watchdog $WATCHDOG" "boot $ATBOOT" \
		"proof $PROOF" "before $BEFORE" "after $AFTER" "left ${LEFT:-0}" "holder $HOLDER" \
		"how $HOW" "path $WHICH" "exposed $EXPOSED" "whose $WHOSE" end
	[ -z "$ERR" ] || {
		cat "$ERR"
		[ -z "$SAID" ] || echo "$SAID"
	} >&3
	lock_release
}
