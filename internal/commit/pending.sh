# A pending change: what is kept over a reboot, and what watches over it.

booted() { [ -d "${RUN%/*}/systemd/system" ] && command -v systemctl >/dev/null; }

# fresh DIR: is the time of a pending change not up yet? A clock that was set
# back, or a boot in between, means that it is.
fresh() {
	read -r due since span <"$1/deadline" || return 1
	LEFT=$((due - $(now)))
	[ "$since" = "$BOOT" ] && [ "$LEFT" -gt "$2" ] && [ "$LEFT" -le "$span" ]
}

# Beside each file, where a rename is one step and needs no room, arm makes a directory
# of ours alone, whose name no Include *.conf matches. The new text is made in it, and
# it keeps the old file as "old".
#
# The file's directory may be another account's: Coolify's installer gives its own to
# uid 9999. Then root must neither open by name what that account could exchange for a
# link or a pipe in the same moment, nor run a program that looks first and acts later.
# What is safe there, and all that is done:
# - mkdir(2) takes no name that exists, and cd then holds the directory: the account can
#   rename it, but not enter it, nor move it elsewhere, which takes the right to
#   write to it; so ".." stays the directory that the file is in;
# - link(2) on Linux gives a symbolic link itself a second name, and not what it leads
#   to: under a name of ours it cannot change any more, and is looked at and read there;
# - rename(2) and unlink(2) follow no link in the last part of a name. mv moves into a
#   directory, though, also one that a link leads to, but for mv -T of GNU and BusyBox.
# Owner and mode of the new file are those of the old one, so that the account cannot
# read more than before, and has what it could have done to its own directory anyway.

# place N reads where a file is, and what is ours beside it.
place() {
	file=$(cat "$S/$1.file") || return
	base=${file##*/}
	near=$(beside "$file" "$1")
	shared=
	[ ! -e "$S/$1.shared" ] || shared=T
}

beside() { echo "${1%/*}/.sshkeepalive-$ID-$2"; }

# within DIR COMMAND... runs it in a directory that is ours alone.
within() { inside "$1" alone "$@"; }
alone() {
	ours . || { say "$1 is not ours"; return 1; }
	shift
	"$@"
}

# told COMMAND... keeps what it says, behind the name of the file.
told() {
	SAID=$("$@" 2>&1) || {
		SAID="$file: $SAID"
		return 1
	}
	SAID=
}

# hold NAME gives the file beside us a second name that no other account can exchange,
# and prints the digest of what it holds.
hold() {
	rm -f "$1"
	if [ ! -e "../$base" ] && [ ! -L "../$base" ]; then
		echo -
	else
		ln "../$base" "$1" 2>/dev/null || copy "$1" || {
			say "$file is not a regular file, or cannot have a second name there"
			return 1
		}
		regular "$1" && digest "$1"
	fi
}

# copy is for file systems without links.
copy() { [ -z "$shared" ] && like "../$base" "$1" && cat "../$base" >"$1" && durable "$1"; }

regular() { { [ -f "$1" ] && [ ! -L "$1" ]; } || { say "$file is not a regular file"; return 1; }; }

# replace NAME puts ours in the place of the file.
replace() { mv "-f$shared" "$1" "../$base" && durable ..; }
remove() { rm -f "../$base" && durable ..; }

# current prints the digest of the file as it is now.
current() {
	if [ -n "$shared" ]; then within "$near" glance; else digest "$file"; fi
}

glance() {
	hold now
	rc=$?
	rm -f now
	return "$rc"
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

# What runs at boot. Under systemd it is pulled in by sysinit.target and ordered
# before sshd and its socket; default dependencies would make that a cycle,
# because ssh.socket comes before basic.target. OpenRC orders its services too.
# Elsewhere nothing that a file can ask for runs before sshd, so sshd is made to load
# its files again.
boots() {
	ATBOOT=none
	[ "$ME" = 0 ] || return 0
	if booted; then
		unit=$ETC/systemd/system/sshkeepalive-boot-$ID.service
		wants=$ETC/systemd/system/sysinit.target.wants
		printf '%s\n' '[Unit]' "Description=roll back change $ID of sshd, which nobody confirmed" \
			DefaultDependencies=no After=local-fs.target "RequiresMountsFor=$S" \
			'Before=ssh.service sshd.service ssh.socket sshd.socket shutdown.target' \
			Conflicts=shutdown.target '[Service]' Type=oneshot \
			"ExecStart=/bin/sh $S/rollback boot" >"$unit" &&
			mkdir -p "$wants" && ln -sf "$unit" "$wants/${unit##*/}" &&
			durable "$unit" "$wants" && ATBOOT=systemd
	elif [ -d "$ETC/runlevels/default" ] && command -v rc-service >/dev/null; then
		# Neither Debian nor Alpine has the service that runs local.d in a runlevel.
		service=$ETC/init.d/sshkeepalive-$ID
		printf '%s\n' '#!/sbin/openrc-run' 'depend() { before sshd ssh; }' \
			"start() { [ ! -e $S/rollback ] || /bin/sh $S/rollback boot; }" >"$service" && chmod 700 "$service" &&
			ln -sf "$service" "$ETC/runlevels/default/${service##*/}" &&
			durable "$service" "$ETC/init.d" "$ETC/runlevels/default" && ATBOOT=openrc
	elif [ -d "$ETC/cron.d" ]; then
		printf '@reboot root /bin/sh %s/rollback boot\n' "$S" >"$ETC/cron.d/sshkeepalive-$ID" &&
			durable "$ETC/cron.d/sshkeepalive-$ID" "$ETC/cron.d" && ATBOOT=cron
	fi
	return 0
}

# The watchdog must not be a child of the session: with KillUserProcesses=yes
# logind kills what sudo left behind, even though it runs as root.
watch() {
	if booted && command -v systemd-run >/dev/null; then
		# systemd 219 (RHEL 7) has no --collect. The default accuracy of a timer
		# is a minute. A daemon that the way back starts must outlive its unit.
		for extra in '--collect -p KillMode=process --timer-property=AccuracySec=100ms' '--timer-property=AccuracySec=100ms' ''; do
			# shellcheck disable=SC2086 # words are wanted
			if systemd-run $extra --unit="sshkeepalive-$ID" --on-active="$TIMEOUT" \
				/bin/sh "$S/rollback" due </dev/null >/dev/null; then
				WATCHDOG=systemd
				return 0
			fi
		done
	fi
	if watchat; then return 0; fi
	WATCHDOG=sleeper
	if command -v setsid >/dev/null; then
		(trap - HUP PIPE; setsid sh "$S/rollback" wait </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &)
	else
		(trap - HUP PIPE; sh "$S/rollback" wait </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &)
	fi
	# Until it has left our process group it could die with us.
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ ! -e "$S/waiting" ] || return 0
		nap
	done
	say "the watchdog did not start"
	return 1
}

# at counts in whole minutes and takes jobs also when no atd runs. It starts the
# watchdog early in the minute, which then waits for the deadline.
watchat() {
	command -v at >/dev/null || return 1
	daemon=$(cat "${RUN%/*}/atd.pid" 2>/dev/null) && kill -0 "$daemon" || return 1
	job=$(echo "[ ! -f $S/rollback ] || sh $S/rollback wait" | at now + "$((TIMEOUT / 60))" minutes 2>&1 |
		sed -n 's/^job \([0-9]*\) .*/\1/p')
	[ -n "$job" ] && WATCHDOG="at $job"
}

# unwatch DIR ends the watchdog; a sleeper sees by itself that the mark is gone.
unwatch() {
	# shellcheck disable=SC2046 # words are wanted
	set -- "${1##*/}" $(cat "$1/watchdog" 2>/dev/null)
	case $2 in
	at) atrm "$3" 2>/dev/null ;;
	*) ! booted || systemctl stop "sshkeepalive-$1.timer" 2>/dev/null ;;
	esac
	rm -f "$ETC/systemd/system/sshkeepalive-boot-$1.service" \
		"$ETC/systemd/system/sysinit.target.wants/sshkeepalive-boot-$1.service" \
		"$ETC/runlevels/default/sshkeepalive-$1" "$ETC/init.d/sshkeepalive-$1" "$ETC/cron.d/sshkeepalive-$1" 2>/dev/null
}

# clean DIR removes every trace of a change that is over. The marks go first, so
# that nobody rolls back with half of what that needs.
clean() {
	[ -d "$1" ] || return 0
	rm -f "$1/armed" "$1/rolling"
	unwatch "$1"
	if [ -f "$1/temps" ]; then
		while read -r temp; do
			case ${temp##*/} in .sshkeepalive-"${1##*/}"-*) erase "$temp" "$1/when" now ;; esac
		done <"$1/temps"
	fi
	rm -rf "$1" "$RUN/spare.${1##*/}"
}

# erase DIR WHEN [now] removes what is ours beside a file, and leaves that file's
# directory the time of WHEN, or the one it has now: a directory that is newer than
# sshd's pid file says that sshd has not read a change of it.
erase() {
	[ -d "$1" ] || return 0
	[ -z "$3" ] || touch -r "${1%/*}/." "$2"
	within "$1" rm -f old new now
	inside "$(parent "$1")" forget "${1##*/}" "$2"
}

forget() {
	rmdir "./$1"
	touch -r "$2" . 2>/dev/null || :
}

# parent PATH
parent() {
	set -- "${1%/*}"
	echo "${1:-/}"
}

all() { [ "$(digest "$1")" = "$2" ]; }
isold() { [ "$(seen "$@")" = "$3" ]; }
isnew() { [ "$(seen "$@")" = "$4" ]; }

# seen N PATH is current for a change of which nothing is written down any more.
seen() {
	walk "$2" || return
	file=$WAY
	base=${file##*/}
	near=$(beside "$file" "$1")
	shared=${EXPOSED:+T}
	[ -z "$shared" ] || inside "$(parent "$file")" mkdir -m 700 "./${near##*/}" || return
	current
	[ -z "$shared" ] || inside "$(parent "$file")" rmdir "./${near##*/}"
}

# settled answers for a change that is over: its files say how it ended.
settled() {
	if each_change isnew; then
		answer applied
	elif each_change isold; then
		answer rolledback
	else
		say "the files are neither the old nor the new ones"
		answer unclear
	fi
}
