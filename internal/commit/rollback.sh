# The rollback, for the watchdog ("due", "wait"), after a boot ("boot"), and for a
# client that did not confirm, or found a change unconfirmed ("now").
# shellcheck disable=SC2154 # place() sets near, file and base

acquire() {
	case $MODE in
	wait)
		echo $$ >"$S/waiting"
		until=$(sed 's/ .*//' "$S/deadline")
		span=0
		# The seconds are counted too, in case the clock is set back.
		while [ -e "$S/armed" ] && [ "$(now)" -lt "$until" ] && [ "$span" -lt "$TIMEOUT" ]; do
			sleep 1
			span=$((span + 1))
		done
		[ -e "$S/armed" ] || [ -e "$S/rolling" ] || return 1
		;;
	esac
	lock_force && sweep && buffer_stderr && mark_rolling
}

# lock_force takes the lock. It kills a holder that still has it after ten seconds:
# that process hangs in the middle of a change, for which the watchdog exists.
lock_force() {
	until=$(($(now) + 10))
	tries=0
	while ! lock_try; do
		[ -z "$HOPELESS" ] || return 1
		if [ "$(now)" -ge "$until" ] && [ -n "$HELD" ] && alive "$HELD"; then
			kill -9 "${HELD%% *}"
			until=$(($(now) + 10))
		fi
		nap
	done
}

# mark_rolling decides against disarm, which renames the same mark: one of them wins.
mark_rolling() { mv "$S/armed" "$S/rolling" 2>/dev/null || [ -e "$S/rolling" ]; }

restore() { each_change put_back; }

# put_back N PATH OLD NEW restores a file. It skips one that was not replaced yet: an
# edit in place by another process is visible under both names. What another process
# wrote over our file is kept, but not in force: the promise is the old file.
put_back() {
	[ -e "$S/swapping" ] && [ ! -e "$S/$1.theirs" ] || return 0
	place "$1" && found=$(cat "$S/$1.sum") || return
	have=$(current) || return
	[ "$have" != "$found" ] || return 0
	! within "$near" untouched || return 0
	RESTORED=1
	case $have in
	- | "$4") ;;
	*) within "$near" keep_copy "$STATE/kept-$ID-$1" ;;
	esac
	if [ "$found" = - ]; then within "$near" remove; else within "$near" replace old; fi &&
		[ "$(current)" = "$found" ]
}

untouched() { [ -e old ] && [ "$(inode old)" = "$(inode "../$base")" ]; }

# keep_copy FILE copies the file that is replaced. Where there is no room for a copy,
# the text stays beside the file.
keep_copy() {
	hold kept >/dev/null
	if cp -p kept "$1"; then rm -f kept; else rm -f "$1"; fi
}

# test -ef is not everywhere.
inode() { stat -c %i "$1" 2>/dev/null || stat -f %i "$1" 2>/dev/null; }

tidy() { clean "$S"; }

# rolled_back also writes to the system's log: the client that made the change may
# never ask again.
rolled_back() {
	! command -v logger >/dev/null ||
		logger -t sshkeepalive "change $ID was not confirmed: rolled back" 2>/dev/null
	answer rolledback
}

# not_rolled_back: there was nothing to roll back, or it failed. A change that was
# interrupted before it was armed, or after it was committed, is removed.
not_rolled_back() {
	if [ -e "$S/armed" ] || [ -e "$S/rolling" ]; then
		answer stuck
		retry
	else
		[ -z "$LOCKED" ] || clean "$S"
		# Nothing reads the answer of a watchdog.
		if [ "$MODE" = now ]; then report_ended; else lock_release; fi
	fi
}

# retry runs the watchdog again after a pause. What keeps the daemon from loading the
# old files may be another file, which the user may repair.
retry() {
	case $MODE in
	due | wait)
		sleep 10
		[ ! -e "$S/rollback" ] || exec sh "$S/rollback" due
		;;
	esac
}
