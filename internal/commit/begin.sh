# From the lock to the reload.

lock() {
	until=$(($(now) + PATIENCE))
	tries=0
	breaks=0
	while :; do
		if grab; then
			sweep
			if settle; then
				hush
				return 0
			fi
			drop
		else
			HOLDER=$(sed 's/.* //' "$RUN/lock" 2>/dev/null)
		fi
		[ -z "$HOPELESS" ] || return 1
		if [ -n "$RESOLVE" ]; then
			sh "$RESOLVE/rollback" now </dev/null >/dev/null
			RESOLVE=
		fi
		if [ "$(now)" -ge "$until" ]; then
			if [ -n "$HOLDER" ] || enlist; then BUSY=1; fi
			rm -f "$RUN/lock.$$"
			return 1
		fi
		nap
	done
}

# settle deals with what earlier changes left: one whose time is not up is
# waited for, one that was not confirmed is rolled back, the rest is swept up.
# Without a watchdog nobody was promised a rollback, and it may be days later.
settle() {
	RESUMED=
	for d in "$STATE"/*; do
		[ -d "$d" ] || continue
		# Without the watchdog's name arming did not end, and nothing is swapped.
		if [ ! -e "$d/watchdog" ] || { [ ! -e "$d/armed" ] && [ ! -e "$d/rolling" ]; }; then
			clean "$d"
			continue
		fi
		HOLDER=${d##*/}
		if [ -e "$d/armed" ] && [ "$d" = "$S" ] && fresh "$d" 0; then
			RESUMED=1
		elif [ -e "$d/armed" ] && fresh "$d" -10; then
			return 1
		elif [ -e "$d/armed" ] && [ "$(cat "$d/watchdog")" = none ]; then
			clean "$d"
		else
			RESOLVE=$d
			return 1
		fi
	done
	[ -z "$RESUMED" ] || recall
}

# recall is what the first, interrupted, run of this very script found out.
recall() {
	WATCHDOG=$(cat "$S/watchdog")
	ATBOOT=$(cat "$S/boot")
	[ ! -e "$S/loaded" ] || { read -r PROOF && read -r BEFORE && read -r AFTER; } <"$S/loaded"
}

conflict() {
	HOW=$1
	WHICH=$2
	return 1
}

compare() {
	[ -z "$RESUMED" ] || return 0
	each_base unmoved && each_change ready && each_include counted
}

# counted PATTERN: was the change decided in view of every file that an Include
# reads? The wildcards are the shell's, as when the files were gathered.
counted() {
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

unmoved() {
	have=$(digest "$1") || return
	case $have in
	"$2") ;;
	-) conflict missing "$1" ;;
	*) if [ "$2" = - ]; then conflict appeared "$1"; else conflict changed "$1"; fi ;;
	esac
}

# A file that already has its new text is no conflict: the change may have been
# made in another way meanwhile, and the daemon may still have to load it.
ready() {
	have=$(digest "$2") || return
	[ "$have" = "$4" ] || unmoved "$2" "$3"
}

# put FILE WRITER. cat says why it could not write, which not every printf does;
# and the file for our messages may be on the same full disk.
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
	sshd_lent -t -f "$MAIN" && checks
}

# dump SPEC
dump() {
	SPEC=$1
	if [ -n "$1" ]; then
		sshd_lent -T -C "$1" -f "$MAIN" >"$RUN/.dump"
	else
		sshd_lent -T -f "$MAIN" >"$RUN/.dump"
	fi
}

# holds KEYWORD PATTERN VALUES: the lines of the last dump, all and in order.
# sshd 10.4 and later no longer print keywords in lower case.
holds() {
	have=$(sed -n -e "s/^$2 //p" -e t -e "s/^$2\$//p" "$RUN/.dump" | tr -d '\r')
	[ "$have" = "$3" ] && return 0
	say "$1 would be '$have' and not '$3'${SPEC:+ for $SPEC}"
	return 1
}

# arm writes down how to go back, on disk, and has somebody wait to do it. The
# old file keeps a second name in its own directory: going back is a rename,
# which needs no space and keeps owner, mode, label, access list and times.
arm() {
	[ -z "$RESUMED" ] || return 0
	mkdir -p "$S" && put "$S/rollback" rollback_text && all "$S/rollback" "$ROLLBACK" && sh -n "$S/rollback" &&
		each_change mark && each_change backup || return
	boots
	WATCHDOG=none
	echo "$ATBOOT" >"$S/boot" &&
		echo "$(($(now) + TIMEOUT)) $BOOT $TIMEOUT" >"$S/deadline" &&
		true >"$S/armed" || return
	if [ -n "$WATCHED" ]; then watch || return; fi
	echo "$WATCHDOG" >"$S/watchdog" && durable "$S"/* "$S" "$STATE" "${STATE%/*}"
}

# mark N PATH OLD NEW records which file it is, what it holds, and our names
# beside it, before there is any. Validating takes a while, so the file is compared
# once more.
mark() {
	ready "$@" && file=$(real "$2") && touch -r "${file%/*}" "$S/$1.when" &&
		echo "$file" >"$S/$1.file" && echo "$have" >"$S/$1.sum" &&
		{ beside "$file" "$1" new && beside "$file" "$1" old && beside "$file" "$1" back; } >>"$S/temps"
}

# unmark N leaves the directory of a file that never changed as it was, with its
# time: one that is newer than sshd's pid file looks like an unread change.
unmark() {
	[ -e "$S/$1.file" ] || return 0
	file=$(cat "$S/$1.file")
	for kind in new old back; do rm -f "$(beside "$file" "$1" "$kind")"; done
	touch -r "$S/$1.when" "${file%/*}" 2>/dev/null || :
}

backup() {
	file=$(cat "$S/$1.file")
	[ -e "$file" ] || return 0
	old=$(beside "$file" "$1" old)
	rm -f "$old"
	ln "$file" "$old" 2>/dev/null || { like "$file" "$old" && cat "$file" >"$old" && durable "$old"; } || return
	durable "${old%/*}"
}

# like MODEL FILE makes FILE with the owner, mode, label, access list and
# attributes of MODEL. Only GNU cp can copy these alone; cp -p brings the text
# along, which the caller overwrites, and no label.
like() {
	true >"$2" || return
	cp --attributes-only --preserve=all "$1" "$2" 2>/dev/null && return
	cp -p "$1" "$2" || return
	! command -v chcon >/dev/null || chcon --reference="$1" "$2" 2>/dev/null || :
}

# swap first writes every new file beside the old one, so that a full or
# read-only disk is found before anything is different.
swap() {
	each_include counted && each_change prepare && true >"$S/swapping" && durable "$S/swapping" "$S" && each_change exchange
}

prepare() {
	[ "$4" != - ] || return 0
	file=$(cat "$S/$1.file")
	[ "$(digest "$file")" != "$4" ] || return 0
	new=$(beside "$file" "$1" new)
	rm -f "$new"
	if [ -e "$file" ]; then
		like "$file" "$new"
	else
		likemain "$new"
	fi && put "$new" "new_$1" || return
	if [ "$(digest "$new")" != "$4" ]; then
		say "$new: could not be written"
		return 1
	fi
	durable "$new"
}

# A new file has the owner and mode of the main one: 0600 on Red Hat's systems,
# 0644 elsewhere. Its label is the policy's.
likemain() {
	true >"$1" || return
	if [ -e "$LIVE" ]; then
		cp --attributes-only --preserve=mode,ownership "$LIVE" "$1" 2>/dev/null || cp -p "$LIVE" "$1" || return
	else
		chmod 644 "$1" || return
	fi
	! command -v restorecon >/dev/null || restorecon "$1" 2>/dev/null || :
}

exchange() {
	file=$(cat "$S/$1.file")
	have=$(digest "$file") || return
	[ "$have" != "$4" ] || return 0
	if [ "$have" != "$(cat "$S/$1.sum")" ]; then
		true >"$S/$1.theirs"
		conflict changed "$2"
		return
	fi
	if [ "$4" = - ]; then
		rm -f "$file"
	else
		mv -f "$(beside "$file" "$1" new)" "$file" </dev/null
	fi && durable "${file%/*}"
}

reload() {
	[ ! -e "$S/loaded" ] || return 0
	BEFORE=$(witness)
	if [ "$KIND" = none ]; then
		PROOF=none
	else
		sound && true >"$S/loading" || return
		p=$(listener)
		calling "$p" >"$S/calling" || return
		if ! { activate && witnessed; }; then
			lastwords "$p"
			return 1
		fi
	fi
	printf '%s\n' "$PROOF" "$BEFORE" "$AFTER" >"$S/loaded.new" && mv "$S/loaded.new" "$S/loaded"
}

live() {
	rm -rf "$STAGE"
	fresh "$S" -1000
	answer live
}

# abandon ends a change that did not come through: what is live is rolled back
# here and now by the same steps as the watchdog's.
abandon() {
	STUCK=$STEP
	if [ -n "$BUSY" ]; then
		answer busy
	elif [ -z "$LOCKED" ]; then
		answer failed
	else
		rm -rf "$STAGE"
		if [ -e "$S/loading" ] || changed; then
			retreat
		else
			[ ! -d "$S" ] || each_change unmark
			clean "$S"
			answer failed
		fi
	fi
}

# changed: is any file not as arm found it?
changed() { [ -e "$S/armed" ] && ! each_change asfound; }
asfound() { all "$2" "$(cat "$S/$1.sum")"; }

retreat() {
	ERR=
	if claim && undo; then word=rolledback; else word=stuck; fi
	ERR=$RUN/.messages
	answer "$word"
}
