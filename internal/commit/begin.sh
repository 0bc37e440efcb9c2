# From the lock to the reload.
# shellcheck disable=SC2154 # place() sets near, file and base

lock() {
	own "$RUN" || return
	until=$(($(now) + PATIENCE))
	tries=0
	while :; do
		if lock_try; then
			# Arm makes it: a reboot before arm then leaves no directory behind.
			if [ -e "$STATE" ] || [ -L "$STATE" ]; then own "$STATE" || return; fi
			sweep
			if resolve_pending; then
				buffer_stderr
				return
			fi
			lock_release
		else
			HOLDER=${HELD##* }
			LEFT=
		fi
		[ -z "$HOPELESS$HOW" ] || return 1
		if [ -n "$RESOLVE" ]; then
			sh "$RESOLVE/rollback" now </dev/null >/dev/null
			RESOLVE=
		fi
		if [ "$(now)" -ge "$until" ]; then
			if [ -n "$HOLDER" ] || lock_prepare; then BUSY=1; fi
			WATCHDOG=$(cat "$STATE/$HOLDER/watchdog" 2>/dev/null)
			return 1
		fi
		nap
	done
}

# resolve_pending ends what earlier changes left: it waits for a change whose time
# is not up, has an unconfirmed one rolled back, and removes the rest. A change
# without a watchdog is only removed: its user was not promised a rollback, and it
# may be days old.
resolve_pending() {
	RESUMED=
	for d in "$STATE"/*; do
		[ -d "$d" ] || continue
		if ! ours "$d"; then
			# Disarm does not take the lock, and removes its change meanwhile.
			[ -d "$d" ] || continue
			EXPOSED="$OWNER $PERM $d"
			exposed taken "$d"
			return
		fi
		# Without the watchdog's name arming did not end, and nothing is swapped.
		if [ ! -e "$d/watchdog" ] || { [ ! -e "$d/armed" ] && [ ! -e "$d/rolling" ]; }; then
			clean "$d"
			continue
		fi
		HOLDER=${d##*/}
		if [ -e "$d/armed" ] && [ "$d" = "$S" ] && not_due "$d" 0; then
			RESUMED=1
		elif [ -e "$d/armed" ] && not_due "$d" -10; then
			return 1
		elif [ -e "$d/armed" ] && [ "$(cat "$d/watchdog")" = none ]; then
			clean "$d"
		else
			RESOLVE=$d
			return 1
		fi
	done
	[ -z "$RESUMED" ] || load_state
}

# load_state reads what the first, interrupted run of this same script found out.
load_state() {
	WATCHDOG=$(cat "$S/watchdog")
	ATBOOT=$(cat "$S/boot")
	[ ! -e "$S/loaded" ] || { read -r PROOF && read -r BEFORE && read -r AFTER; } <"$S/loaded"
}

compare() {
	[ -z "$RESUMED" ] || return 0
	each_change locate && each_base unchanged_base && each_change ready && each_include includes_known
}

# locate N PATH finds out where a file really is, and whether another account could
# exchange it. A file of an account is written as that account where that is possible.
locate() {
	if ! walk "$2"; then
		exposed link "$LINK"
	elif [ -n "$TAKEN" ] && [ -z "$FOREIGN" ]; then
		EXPOSED=$TAKEN
		exposed taken "$2"
	else
		eval "WAY_$1=\$WAY SHARED_$1=\$EXPOSED"
	fi
}

# includes_known PATTERN succeeds if the change was decided with every file that
# this Include reads. The shell expands the wildcards, as when files were gathered.
includes_known() {
	blanks=$IFS
	IFS=
	# shellcheck disable=SC2086 # wildcards are wanted
	set -- $1
	IFS=$blanks
	for file in "$@"; do
		if [ -f "$file" ] && [ -r "$file" ] && ! known "$file"; then
			conflict appeared "$file"
			return
		fi
	done
}

unchanged_base() { have=$(digest "$1") && as_planned "$1" "$2"; }

# as_planned PATH OLD
as_planned() {
	case $have in
	"$2") ;;
	-) conflict missing "$1" ;;
	*) if [ "$2" = - ]; then conflict appeared "$1"; else conflict changed "$1"; fi ;;
	esac
}

# ready N PATH OLD NEW. A file that already has its new text is not a conflict:
# another process may have made the same change since the plan, and the daemon may
# still have to load it. A file that another account could exchange while it is
# compared is compared by arm.
ready() {
	eval "file=\$WAY_$1 shared=\$SHARED_$1"
	[ -z "$shared" ] || return 0
	have=$(digest "$file" "$2") || return
	[ "$have" = "$4" ] || as_planned "$2" "$3"
}

# put FILE WRITER writes a file. cat reports why it could not write, which not every
# printf does. SAID keeps that: the file for messages may be on the same full disk.
put() {
	SAID=$({ mkdir -p "${1%/*}" && "$2" | cat >"$1"; } 2>&1) && return
	SAID="$1: $SAID"
	return 1
}

stage() {
	[ -z "$RESUMED" ] || return 0
	mkdir -p "$STAGE" && each_staged put
}

validate() {
	[ -z "$RESUMED" ] && [ -n "$SSHD" ] || return 0
	ask_sshd -t -f "$MAIN" && checks
}

# dump SPEC
dump() {
	SPEC=$1
	if [ -n "$1" ]; then
		ask_sshd -T -C "$1" -f "$MAIN" >"$RUN/.dump"
	else
		ask_sshd -T -f "$MAIN" >"$RUN/.dump"
	fi
}

# holds KEYWORD PATTERN VALUES compares with the lines of the last dump, all of them
# and in their order.
# sshd 10.4 and later no longer print keywords in lower case.
holds() {
	have=$(sed -n -e "s/^$2 //p" -e t -e "s/^$2\$//p" "$RUN/.dump" | tr -d '\r')
	[ "$have" = "$3" ] && return 0
	say "$1 would be '$have' and not '$3'${SPEC:+ for $SPEC}"
	return 1
}

# arm writes the rollback program to disk and starts the watchdog that will run it.
# The old file keeps a second name beside it: a rollback is a rename, which needs no
# space and keeps owner, mode, label, access list and times.
arm() {
	[ -z "$RESUMED" ] || return 0
	own "$STATE" && mkdir -p "$S" && put "$S/rollback" rollback_text && has_digest "$S/rollback" "$ROLLBACK" && sh -n "$S/rollback" &&
		make_lock_dir "$RUN/spare.$ID" && true >"$S/when" && each_change mark && each_change backup || return
	install_boot_rollback
	WATCHDOG=none
	echo "$ATBOOT" >"$S/boot" &&
		echo "$(($(now) + TIMEOUT)) $BOOT $TIMEOUT" >"$S/deadline" &&
		true >"$S/armed" || return
	if [ -n "$WATCHED" ]; then start_watchdog || return; fi
	echo "$WATCHDOG" >"$S/watchdog" && durable "$S"/* "$S" "$STATE" "${STATE%/*}"
}

# mark N PATH OLD NEW records the file and the name of our directory beside it,
# before that directory exists.
mark() {
	eval "file=\$WAY_$1 shared=\$SHARED_$1"
	[ -z "$shared" ] || true >"$S/$1.shared" || return
	touch -r "$(parent "$file")/." "$S/$1.when" && echo "$file" >"$S/$1.file" && beside "$file" "$1" >>"$S/temps"
}

# unmark N removes our directory beside a file that was not changed, and restores
# the time of the directory above: a directory that is newer than sshd's pid file
# looks like a change that sshd has not read.
unmark() {
	[ -e "$S/$1.file" ] || return 0
	place "$1" && erase "$near" "$S/$1.when"
}

# backup N PATH OLD NEW keeps the old file and its digest. Validation takes a while,
# so the file is compared again.
backup() {
	place "$1" && capture_messages inside "$(parent "$file")" mkdir -m 700 "./${near##*/}" && have=$(within "$near" stored) || return
	[ "$have" = "$4" ] || as_planned "$2" "$3" || return
	echo "$have" >"$S/$1.sum"
}

stored() {
	if [ -n "$shared" ] && [ -n "$(ls -A)" ]; then
		say "$near: another account put files there"
		return 1
	fi
	hold now || return
	if [ -e now ] && ! mv "-f$shared" now old; then
		say "$file: it lies where other accounts can exchange files, and there it takes the option -T of mv, which mv of this system does not have"
		return 1
	fi
	durable . ..
}

# swap first writes every new file beside the old one, so that a full or
# read-only disk is found before any file is replaced.
swap() {
	each_include includes_known && each_change prepare && true >"$S/swapping" && durable "$S/swapping" "$S" && each_change exchange
}

prepare() {
	[ "$4" != - ] || return 0
	place "$1"
	[ "$(cat "$S/$1.sum")" != "$4" ] || return 0
	capture_messages within "$near" compose "new_$1" "$4"
}

# compose WRITER NEW
compose() {
	file=old
	rm -f new
	if [ -e old ]; then like old new; else like_main new; fi && "$1" | cat >new || return
	if [ "$(digest new)" != "$2" ]; then
		say "could not be written"
		return 1
	fi
	durable new
}

# like_main makes a file with the owner and mode of the main one: 0600 on Red Hat's
# systems, 0644 elsewhere. The policy gives its label.
like_main() {
	true >"$1" || return
	if [ -e "$LIVE" ]; then
		cp --attributes-only --preserve=mode,ownership "$LIVE" "$1" 2>/dev/null || cp -p "$LIVE" "$1" || return
	else
		chmod 644 "$1" || return
	fi
	! command -v restorecon >/dev/null || restorecon "$1" 2>/dev/null || :
}

exchange() {
	place "$1"
	have=$(current) || return
	[ "$have" != "$4" ] || return 0
	if [ "$have" != "$(cat "$S/$1.sum")" ]; then
		true >"$S/$1.theirs"
		conflict changed "$2"
		return
	fi
	if [ "$4" = - ]; then capture_messages within "$near" remove; else capture_messages within "$near" replace new; fi
}

reload() {
	[ ! -e "$S/loaded" ] || return 0
	BEFORE=$(load_proof)
	if [ "$KIND" = none ]; then
		PROOF=none
	elif [ "$KIND" = commands ]; then
		PROOF=none
		true >"$S/loading" && load || return
	else
		files_valid && true >"$S/loading" || return
		p=$(listener)
		command_line "$p" >"$S/calling" || return
		if ! { activate && wait_loaded; }; then
			show_daemon_log "$p"
			return 1
		fi
	fi
	printf '%s\n' "$PROOF" "$BEFORE" "$AFTER" >"$S/loaded.new" && mv "$S/loaded.new" "$S/loaded"
}

live() {
	rm -rf "$STAGE"
	not_due "$S" -1000
	answer live
}

# give_up ends a change whose step failed. What is live is rolled back at once, by
# the steps that the watchdog would take.
give_up() {
	STUCK=$STEP
	if [ -n "$BUSY" ]; then
		answer busy
	elif [ -z "$LOCKED" ]; then
		answer failed
	else
		rm -rf "$STAGE"
		if [ -e "$S/loading" ] || changed; then
			roll_back_now
		else
			[ ! -d "$S" ] || each_change unmark
			clean "$S"
			answer failed
		fi
	fi
}

# changed succeeds if a file is not as arm found it.
changed() { [ -e "$S/armed" ] && ! each_change as_found; }
as_found() { place "$1" && [ "$(current)" = "$(cat "$S/$1.sum")" ]; }

roll_back_now() {
	ERR=
	if mark_rolling && undo; then word=rolledback; else word=stuck; fi
	ERR=$RUN/.messages
	answer "$word"
}
