# From the lock to the reload.
# shellcheck disable=SC2154 # place() sets near, file and base

lock() {
	own "$RUN" || return
	until=$(($(now) + PATIENCE))
	tries=0
	while :; do
		if grab; then
			own "$STATE" || return
			sweep
			if settle; then
				hush
				return
			fi
			drop
		else
			HOLDER=${HELD##* }
		fi
		[ -z "$HOPELESS$HOW" ] || return 1
		if [ -n "$RESOLVE" ]; then
			sh "$RESOLVE/rollback" now </dev/null >/dev/null
			RESOLVE=
		fi
		if [ "$(now)" -ge "$until" ]; then
			if [ -n "$HOLDER" ] || enlist; then BUSY=1; fi
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
		if ! ours "$d"; then
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

compare() {
	[ -z "$RESUMED" ] || return 0
	each_change locate && each_base unmoved && each_change ready && each_include counted
}

# locate N PATH finds out where a file really is, and whether another account could
# exchange it. What belongs to an account is written as that account, if it can be.
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

unmoved() { have=$(digest "$1") && as_planned "$1" "$2"; }

# as_planned PATH OLD
as_planned() {
	case $have in
	"$2") ;;
	-) conflict missing "$1" ;;
	*) if [ "$2" = - ]; then conflict appeared "$1"; else conflict changed "$1"; fi ;;
	esac
}

# A file that already has its new text is no conflict: the change may have been
# made in another way meanwhile, and the daemon may still have to load it. One that
# another account could exchange while we look is looked at by arm.
ready() {
	eval "file=\$WAY_$1 shared=\$SHARED_$1"
	[ -z "$shared" ] || return 0
	have=$(digest "$file" "$2") || return
	[ "$have" = "$4" ] || as_planned "$2" "$3"
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

# arm writes down how to go back, on disk, and has a process wait to do it. The
# old file keeps a second name beside it: going back is a rename, which needs no
# space and keeps owner, mode, label, access list and times.
arm() {
	[ -z "$RESUMED" ] || return 0
	mkdir -p "$S" && put "$S/rollback" rollback_text && all "$S/rollback" "$ROLLBACK" && sh -n "$S/rollback" &&
		blank "$RUN/spare.$ID" && true >"$S/when" && each_change mark && each_change backup || return
	boots
	WATCHDOG=none
	echo "$ATBOOT" >"$S/boot" &&
		echo "$(($(now) + TIMEOUT)) $BOOT $TIMEOUT" >"$S/deadline" &&
		true >"$S/armed" || return
	if [ -n "$WATCHED" ]; then watch || return; fi
	echo "$WATCHDOG" >"$S/watchdog" && durable "$S"/* "$S" "$STATE" "${STATE%/*}"
}

# mark N PATH OLD NEW records which file it is, and what is ours beside it, before
# there is any.
mark() {
	eval "file=\$WAY_$1 shared=\$SHARED_$1"
	[ -z "$shared" ] || true >"$S/$1.shared" || return
	touch -r "$(parent "$file")/." "$S/$1.when" && echo "$file" >"$S/$1.file" && beside "$file" "$1" >>"$S/temps"
}

# unmark N leaves the directory of a file that never changed as it was, with its
# time: one that is newer than sshd's pid file looks like an unread change.
unmark() {
	[ -e "$S/$1.file" ] || return 0
	place "$1" && erase "$near" "$S/$1.when"
}

# backup N PATH OLD NEW keeps the old file, and what it holds. Validating takes a while,
# so the file is compared once more.
backup() {
	place "$1" && told inside "$(parent "$file")" mkdir -m 700 "./${near##*/}" && have=$(within "$near" stored) || return
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
		say "$file: it lies where other accounts can exchange files, and there it takes the option -T of mv, which this system's has not"
		return 1
	fi
	durable . ..
}

# swap first writes every new file beside the old one, so that a full or
# read-only disk is found before anything is different.
swap() {
	each_include counted && each_change prepare && true >"$S/swapping" && durable "$S/swapping" "$S" && each_change exchange
}

prepare() {
	[ "$4" != - ] || return 0
	place "$1"
	[ "$(cat "$S/$1.sum")" != "$4" ] || return 0
	told within "$near" compose "new_$1" "$4"
}

# compose WRITER NEW
compose() {
	file=old
	rm -f new
	if [ -e old ]; then like old new; else likemain new; fi && "$1" | cat >new || return
	if [ "$(digest new)" != "$2" ]; then
		say "could not be written"
		return 1
	fi
	durable new
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
	place "$1"
	have=$(current) || return
	[ "$have" != "$4" ] || return 0
	if [ "$have" != "$(cat "$S/$1.sum")" ]; then
		true >"$S/$1.theirs"
		conflict changed "$2"
		return
	fi
	if [ "$4" = - ]; then told within "$near" remove; else told within "$near" replace new; fi
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
asfound() { place "$1" && [ "$(current)" = "$(cat "$S/$1.sum")" ]; }

retreat() {
	ERR=
	if claim && undo; then word=rolledback; else word=stuck; fi
	ERR=$RUN/.messages
	answer "$word"
}
