# A pending change: its state, which survives a reboot, and its watchdog.

has_systemd() { [ -d "${RUN%/*}/systemd/system" ] && command -v systemctl >/dev/null; }

# not_due DIR SECONDS succeeds if more than SECONDS are left until the rollback of a
# pending change. If the clock was set back, or the host has booted since, it fails.
not_due() {
	read -r due since span <"$1/deadline" || return 1
	LEFT=$((due - $(now)))
	[ "$since" = "$BOOT" ] && [ "$LEFT" -gt "$2" ] && [ "$LEFT" -le "$span" ]
}

# Beside each file, where a rename is atomic and needs no room, arm makes a directory
# that only this account can enter. Its name does not match Include *.conf. The new
# text is written in it, and it keeps the old file as "old".
#
# The file's directory may be another account's: Coolify's installer gives its own to
# uid 9999. Then root must neither open by name what that account could exchange for a
# link or a pipe in the same moment, nor run a program that looks first and acts later.
# Only what is safe there is done:
# - mkdir(2) fails for a name that exists, and cd then holds the directory: the account can
#   rename it, but not enter it, nor move it elsewhere, which takes the right to
#   write to it; so ".." stays the directory that the file is in;
# - link(2) on Linux gives a symbolic link itself a second name, not its target: in our
#   directory that account cannot change it any more, and it is checked and read there;
# - rename(2) and unlink(2) do not follow a link in the last part of a name. mv moves into a
#   directory, though, also one that a link leads to, but for mv -T of GNU and BusyBox.
# Owner and mode of the new file are those of the old one, so that the account cannot
# read more than before, and has what it could have done to its own directory anyway.

# place N reads the path of a file, and of our directory beside it.
place() {
	file=$(cat "$S/$1.file") || return
	base=${file##*/}
	near=$(beside "$file" "$1")
	shared=
	[ ! -e "$S/$1.shared" ] || shared=T
}

beside() { echo "${1%/*}/.sshkeepalive-$ID-$2"; }

# within DIR COMMAND... runs it in a directory that only this account can enter.
within() { inside "$1" alone "$@"; }
alone() {
	ours . || { say "$1 is not ours"; return 1; }
	shift
	"$@"
}

# capture_messages COMMAND... keeps its messages in SAID, after the name of the file.
capture_messages() {
	SAID=$("$@" 2>&1) || {
		SAID="$file: $SAID"
		return 1
	}
	SAID=
}

# hold NAME gives the file a second name in our directory, which no other account can
# exchange, and prints the digest of its contents.
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

# copy replaces hold's link on file systems without links.
copy() { [ -z "$shared" ] && like "../$base" "$1" && cat "../$base" >"$1" && durable "$1"; }

regular() { { [ -f "$1" ] && [ ! -L "$1" ]; } || { say "$file is not a regular file"; return 1; }; }

# replace NAME renames a file of our directory over the real one.
replace() { mv "-f$shared" "$1" "../$base" && durable ..; }
remove() { rm -f "../$base" && durable ..; }

# current prints the digest of the file as it is now.
current() {
	if [ -n "$shared" ]; then within "$near" digest_held; else digest "$file"; fi
}

digest_held() {
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

# install_boot_rollback installs what rolls back at boot. Under systemd sysinit.target
# pulls it in, ordered before sshd and its socket; default dependencies would make that
# a cycle, because ssh.socket comes before basic.target. OpenRC orders its services
# too. Elsewhere no file can ask for something to run before sshd, so sshd is made to
# load its files again.
install_boot_rollback() {
	ATBOOT=none
	[ "$ME" = 0 ] || return 0
	if has_systemd; then
		unit=$ETC/systemd/system/sshkeepalive-boot-$ID.service
		wants=$ETC/systemd/system/sysinit.target.wants
		[ -d "$wants" ] || true >"$S/wants"
		printf '%s\n' '[Unit]' "Description=roll back change $ID, which was not confirmed" \
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

# start_watchdog. The watchdog must not be a child of the session: with KillUserProcesses=yes
# logind kills what sudo left behind, even though it runs as root.
start_watchdog() {
	if has_systemd && command -v systemd-run >/dev/null; then
		# systemd 219 (RHEL 7) has no --collect. The default accuracy of a timer
		# is a minute. A daemon that the rollback starts must outlive its unit.
		for extra in '--collect -p KillMode=process --timer-property=AccuracySec=100ms' '--timer-property=AccuracySec=100ms' ''; do
			# shellcheck disable=SC2086 # words are wanted
			if systemd-run $extra --unit="sshkeepalive-$ID" --on-active="$TIMEOUT" \
				/bin/sh "$S/rollback" due </dev/null >/dev/null; then
				WATCHDOG=systemd
				return 0
			fi
		done
	fi
	if watchdog_by_at; then return 0; fi
	WATCHDOG=sleeper
	if command -v setsid >/dev/null; then
		(trap - HUP PIPE; setsid sh "$S/rollback" wait </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &)
	else
		(trap - HUP PIPE; sh "$S/rollback" wait </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &)
	fi
	# Until it has left our process group it could be killed with this script.
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ ! -e "$S/waiting" ] || return 0
		nap
	done
	say "the watchdog did not start"
	return 1
}

# watchdog_by_at: at counts in whole minutes, and accepts jobs also when atd does not
# run. It starts the watchdog early in the minute, which then waits for the deadline.
watchdog_by_at() {
	command -v at >/dev/null || return 1
	daemon=$(cat "${RUN%/*}/atd.pid" 2>/dev/null) && kill -0 "$daemon" || return 1
	job=$(echo "[ ! -f $S/rollback ] || sh $S/rollback wait" | at now + "$((TIMEOUT / 60))" minutes 2>&1 |
		sed -n 's/^job \([0-9]*\) .*/\1/p')
	[ -n "$job" ] && WATCHDOG="at $job"
}

# stop_watchdog DIR ends the watchdog; a sleeping one sees that the mark is gone.
stop_watchdog() {
	# shellcheck disable=SC2046 # words are wanted
	set -- "${1##*/}" $(cat "$1/watchdog" 2>/dev/null)
	case $2 in
	at) atrm "$3" 2>/dev/null ;;
	*) ! has_systemd || systemctl stop "sshkeepalive-$1.timer" 2>/dev/null ;;
	esac
	rm -f "$ETC/systemd/system/sshkeepalive-boot-$1.service" \
		"$ETC/systemd/system/sysinit.target.wants/sshkeepalive-boot-$1.service" \
		"$ETC/runlevels/default/sshkeepalive-$1" "$ETC/init.d/sshkeepalive-$1" "$ETC/cron.d/sshkeepalive-$1" 2>/dev/null
	[ ! -e "$STATE/$1/wants" ] || rmdir "$ETC/systemd/system/sysinit.target.wants" 2>/dev/null
}

# clean DIR removes everything that a finished change left. The marks go first, so
# that no rollback starts with half of the files that it needs.
clean() {
	[ -d "$1" ] || return 0
	rm -f "$1/armed" "$1/rolling"
	stop_watchdog "$1"
	if [ -f "$1/temps" ]; then
		while read -r temp; do
			case ${temp##*/} in .sshkeepalive-"${1##*/}"-*) erase "$temp" "$1/when" now ;; esac
		done <"$1/temps"
	fi
	rm -rf "$1" "$RUN/spare.${1##*/}" || return
	# A reboot before the lock is released then leaves no directory behind.
	rmdir "$STATE" 2>/dev/null || :
}

# erase DIR WHEN [now] removes our directory beside a file, and gives the directory
# above the time of WHEN, or, with now, the one that it has: a directory that is newer
# than sshd's pid file looks like a change that sshd has not read.
erase() {
	[ -d "$1" ] || return 0
	[ -z "$3" ] || touch -r "${1%/*}/." "$2"
	within "$1" rm -f old new now
	inside "$(parent "$1")" remove_dir_keep_time "${1##*/}" "$2"
}

remove_dir_keep_time() {
	rmdir "./$1"
	touch -r "$2" . 2>/dev/null || :
}

# parent PATH
parent() {
	set -- "${1%/*}"
	echo "${1:-/}"
}

has_digest() { [ "$(digest "$1")" = "$2" ]; }
is_old() { [ "$(current_at_path "$@")" = "$3" ]; }
is_new() { [ "$(current_at_path "$@")" = "$4" ]; }

# current_at_path N PATH prints the digest of the file, like current, for a change
# whose state is already removed.
current_at_path() {
	walk "$2" || return
	file=$WAY
	base=${file##*/}
	near=$(beside "$file" "$1")
	shared=${EXPOSED:+T}
	[ -z "$shared" ] || inside "$(parent "$file")" mkdir -m 700 "./${near##*/}" || return
	current
	[ -z "$shared" ] || inside "$(parent "$file")" rmdir "./${near##*/}"
}

# report_ended reports a change that is over: its files show how it ended.
report_ended() {
	if each_change is_new; then
		answer applied
	elif each_change is_old; then
		answer rolledback
	else
		say "the files are neither the old nor the new ones"
		answer unclear
	fi
}
