# The way back, for the watchdog ("due", "wait"), after a boot ("boot"), and for
# whoever found the change unconfirmed ("now").
# shellcheck disable=SC2154 # place() sets near, file and base

seize() {
	case $MODE in
	wait)
		echo $$ >"$S/waiting"
		until=$(sed 's/ .*//' "$S/deadline")
		span=0
		# The seconds are counted too, in case somebody sets the clock back.
		while [ -e "$S/armed" ] && [ "$(now)" -lt "$until" ] && [ "$span" -lt "$TIMEOUT" ]; do
			sleep 1
			span=$((span + 1))
		done
		[ -e "$S/armed" ] || [ -e "$S/rolling" ] || return 1
		;;
	esac
	grip && sweep && hush && claim
}

# grip takes the lock. A holder that still has it after ten seconds hangs in the
# middle of a change, and that is what the watchdog is there for.
grip() {
	until=$(($(now) + 10))
	tries=0
	while ! grab; do
		[ -z "$HOPELESS" ] || return 1
		if [ "$(now)" -ge "$until" ] && [ -n "$HELD" ] && alive "$HELD"; then
			kill -9 "${HELD%% *}"
			until=$(($(now) + 10))
		fi
		nap
	done
}

# claim decides against disarm, which renames the same mark: one of the two wins.
claim() { mv "$S/armed" "$S/rolling" 2>/dev/null || [ -e "$S/rolling" ]; }

restore() { each_change back; }

# back N PATH OLD NEW. A file that we never replaced is not ours to put back: its
# edit, in place, shows under both names. What somebody else wrote over our file
# is kept, but not in force: the promise is the old file.
back() {
	[ -e "$S/swapping" ] && [ ! -e "$S/$1.theirs" ] || return 0
	place "$1" && found=$(cat "$S/$1.sum") || return
	have=$(current) || return
	[ "$have" != "$found" ] || return 0
	! within "$near" untouched || return 0
	RESTORED=1
	case $have in
	- | "$4") ;;
	*) within "$near" keep "$STATE/kept-$ID-$1" ;;
	esac
	if [ "$found" = - ]; then within "$near" remove; else within "$near" replace old; fi &&
		[ "$(current)" = "$found" ]
}

untouched() { [ -e old ] && [ "$(inode old)" = "$(inode "../$base")" ]; }

# keep FILE. Where there is no room for a copy, the text stays beside the file.
keep() {
	hold kept >/dev/null
	if cp -p kept "$1"; then rm -f kept; else rm -f "$1"; fi
}

# test -ef is not everywhere.
inode() { stat -c %i "$1" 2>/dev/null || stat -f %i "$1" 2>/dev/null; }

tidy() { clean "$S"; }

# rolled reports to the system's log too: the one who made the change may never
# come back to ask.
rolled() {
	! command -v logger >/dev/null ||
		logger -t sshkeepalive "change $ID was not confirmed: rolled back" 2>/dev/null
	answer rolledback
}

# unrolled: there was nothing to go back from, or it did not work. A change that
# was interrupted before it was armed, or after it was committed, is swept up.
unrolled() {
	if [ -e "$S/armed" ] || [ -e "$S/rolling" ]; then
		answer stuck
		retry
	else
		[ -z "$LOCKED" ] || clean "$S"
		# A watchdog is asked nothing.
		if [ "$MODE" = now ]; then settled; else drop; fi
	fi
}

# retry: the watchdog does not give up. What keeps the daemon from loading the old
# files may be a file of somebody else, who will mend it.
retry() {
	case $MODE in
	due | wait)
		sleep 10
		[ ! -e "$S/rollback" ] || exec sh "$S/rollback" due
		;;
	esac
}
