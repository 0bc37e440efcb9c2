# The running daemon: which process it is, how it loads its files, and how that
# is seen.

manager() { u=${UNIT%.socket}; echo "${u%.service}.service"; }

running() {
	[ "${1:-0}" -gt 0 ] && kill -0 "$1" 2>/dev/null && [ "$(born "$1")" != dead ] || return 1
	[ -n "$SSHD" ] && [ -r "/proc/$1/comm" ] || return 0
	# The kernel cuts this name at 15 bytes.
	case ${SSHD##*/} in "$(cat "/proc/$1/comm")"*) ;; *) return 1 ;; esac
}

# calling PID: its command line, as far as it stays the same for as long as it runs.
calling() { { tr '\0' ' ' <"/proc/$1/cmdline" || ps -o args= -p "$1"; } 2>/dev/null | sed 's/ \[listener\] .*//'; }

# listener is the daemon that the change was decided for, or what was started in its
# place: by its unit, with its pid file, or else with its command line.
listener() {
	case $KIND in
	systemd | socket)
		p=$(systemctl show -p MainPID "$(manager)" 2>/dev/null)
		p=${p#MainPID=}
		if [ "${p:-0}" -gt 0 ]; then
			echo "$p"
			return
		fi
		;;
	esac
	if running "$PID"; then
		echo "$PID"
	elif [ -n "$PIDFILE" ]; then
		p=$(cat "$PIDFILE" 2>/dev/null)
		if running "$p"; then echo "$p"; else echo "$PID"; fi
	else
		heir=$(successor)
		echo "${heir:-$PID}"
	fi
}

successor() {
	was=$(cat "$S/calling" 2>/dev/null) && [ -n "$was" ] || return
	for p in $(grep -lsF -e "$was" /proc/[0-9]*/cmdline | tr -dc '0-9\n'); do
		# Anybody can have a process with this command line.
		if grep -q '^Uid:[[:space:]]*0[[:space:]]' "/proc/$p/status" && running "$p" && [ "$(calling "$p")" = "$was" ]; then
			echo "$p"
			return
		fi
	done
}

# sockets PID: the inode numbers of its listening sockets, in its own network
# namespace. SIGHUP makes new ones; process, start time and descriptors stay.
sockets() {
	# shellcheck disable=SC2012 # these names are numbers
	open=$(ls -l "/proc/$1/fd" 2>/dev/null | sed -n 's/.*socket:\[\([0-9]*\)\].*/ \1 /p')
	for table in "/proc/$1/net/tcp" "/proc/$1/net/tcp6"; do
		[ -r "$table" ] && grep ' 0A ' "$table" 2>/dev/null | while read -r _ _ _ state _ _ _ _ _ inode _; do
			[ "$state" = 0A ] || continue
			case $open in *" $inode "*) echo "$inode" ;; esac
		done
	done
}

# witness says in one line what changes when the daemon loads its files.
witness() {
	p=$(listener)
	if [ "$KIND" = socket ]; then
		echo "process ${p:-0}"
		return
	fi
	# shellcheck disable=SC2046 # words are wanted
	set -- $(sockets "$p" | sort -n)
	if [ $# -gt 0 ]; then
		echo "inode $*"
	elif [ -n "$PIDFILE" ] && [ -e "$PIDFILE" ] && running "$p"; then
		echo "pidfile $(stat -c %i-%.9Z "$PIDFILE" 2>/dev/null || stat -f %i-%Fc "$PIDFILE" 2>/dev/null)"
	fi
}

# witnessed waits until the daemon has visibly loaded its files, and has stopped
# changing: it opens one socket after the other.
witnessed() {
	AFTER=
	PROOF=none
	[ -n "$BEFORE" ] || return 0
	last=
	dead=0
	until=$(($(now) + 10))
	while [ "$(now)" -lt "$until" ]; do
		seen=$(witness)
		case $seen in
		"$BEFORE") ;;
		'')
			running "$(listener)" || dead=$((dead + 1))
			[ "$dead" -lt 20 ] || break
			;;
		"${BEFORE%% *}"' '*)
			if [ "$seen" = "$last" ]; then
				AFTER=${seen#* }
				PROOF=${seen%% *}
				BEFORE=${BEFORE#* }
				return 0
			fi
			last=$seen
			;;
		esac
		nap
	done
	BEFORE=${BEFORE#* }
	if [ "$dead" -ge 20 ]; then
		say "the daemon died of its files"
	else
		say "the daemon did not load its files within 10 seconds"
	fi
	return 1
}

# lastwords PID: what a daemon said that did not load its files, such as which
# address it cannot have. It knows that only by then.
lastwords() {
	! command -v journalctl >/dev/null ||
		journalctl -q -o cat --since=-1min -n 5 "_PID=$1" 2>/dev/null | grep -v '^Received SIGHUP' >&2
}

# sshd wants its privilege separation directory, which systemd removes with the
# service; a host whose ssh.socket has not started a daemon yet has none. We take
# it away again only where no daemon can have started to use it meanwhile: one
# without it refuses every login.
sshd_lent() {
	sshd_asked "$@"
	if [ "$rc" -ne 0 ] && [ -n "$KEYLESS" ] && case $SAYS in *'no hostkeys available'*) lend ;; *) false ;; esac; then
		set -- "$@" -h "$RUN/.key"
		sshd_asked "$@"
	fi
	lack=$(printf '%s\n' "$SAYS" | sed -n 's/^Missing privilege separation directory: //p' | tr -d '\r')
	if [ "$rc" -ne 0 ] && [ -n "$lack" ] && mkdir -m 755 "$lack"; then
		sshd_asked "$@"
		[ "$KIND" != none ] || rmdir "$lack"
	fi
	[ -z "$SAYS" ] || printf '%s\n' "$SAYS" >&2
	return "$rc"
}

# A rollback asks too, and may have no room for a file.
sshd_asked() {
	{
		SAYS=$(sshd_with "$@" 2>&1 >&4 4>&- </dev/null)
		rc=$?
	} 4>&1
}

lend() { [ -e "$RUN/.key" ] || ssh-keygen -q -t ed25519 -N '' -f "$RUN/.key" </dev/null >/dev/null 2>&1; }

# sound asks sshd about the files in force. What the host has since then is not
# what was staged, and SIGHUP kills a daemon whose files it cannot read.
sound() { [ -z "$SSHD" ] || sshd_lent -t -f "$LIVE"; }

# loudly is for programs that may start a daemon: it must not inherit that we
# ignore signals.
loudly() (
	trap - HUP PIPE
	exec 3>&- </dev/null >/dev/null
	"$@"
)

# Ubuntu makes ssh.socket's addresses from sshd_config by a generator, and a
# socket cannot start while its service runs. Sessions live on: KillMode=process.
restart_socket() {
	if [ -e /usr/lib/systemd/system-generators/sshd-socket-generator ]; then
		loudly systemctl daemon-reload &&
			loudly systemctl stop "$(manager)" &&
			loudly systemctl restart "$(manager | sed 's/service$/socket/')" || return
	fi
	# The sixth start within ten seconds is one too many for systemd, and closes
	# the socket for good; each change of ours counts, and each way back.
	systemctl reset-failed "$(manager)" 2>/dev/null
	loudly systemctl restart "$(manager)"
}

# reload_unit: a sshd that says RELOADING=1 and then dies of its files leaves the
# job, and everybody who waits for it, hanging for TimeoutStartSec (systemd 257).
reload_unit() {
	# A unit that somebody wrote may not know how.
	case $(systemctl show -p CanReload "$UNIT" 2>/dev/null) in
	*=no)
		kill -HUP "$(listener)"
		return
		;;
	esac
	if command -v timeout >/dev/null; then set -- timeout 10; else set --; fi
	loudly "$@" systemctl reload "$UNIT"
	rc=$?
	[ "$rc" -ne 124 ] || say "systemctl reload $UNIT did not end within 10 seconds"
	return "$rc"
}

activate() {
	case $KIND in
	systemd) reload_unit ;;
	socket) restart_socket ;;
	openrc) loudly rc-service "$UNIT" reload ;;
	rcd) loudly service "$UNIT" reload ;;
	signal)
		p=$(listener)
		if ! running "$p"; then
			say "no running sshd to signal"
			return 1
		fi
		kill -HUP "$p"
		;;
	esac
}

# revive is activate for a daemon that the new files may have killed. It is
# also what runs at boot.
revive() {
	[ -e "$S/loading" ] || [ -n "$RESTORED" ] || return 0
	[ "$KIND" != none ] || return 0
	if [ "$MODE" = boot ]; then
		PID=0
		if booted; then
			! systemctl -q is-active "$(manager)" || loudly systemctl --no-block restart "$(manager)"
			return
		fi
		# A daemon that is about to start as we are may have read the new files, and
		# not written its pid file yet. OpenRC waits for us before it starts one.
		patience=60
		[ "$(cat "$S/boot")" != openrc ] || patience=0
		arrived "$patience" || return 0
	fi
	fit=1
	sound || fit=
	BEFORE=$(witness)
	case $KIND in
	systemd | socket) revive_systemd || return ;;
	openrc) revive_service rc-service || return ;;
	rcd) revive_service service || return ;;
	signal) revive_process || return ;;
	esac
	if [ -z "$fit" ]; then
		# Somebody else broke the files meanwhile. That is the end of it only if
		# the daemon has never loaded ours.
		[ ! -e "$S/loading" ]
		return
	fi
	witnessed
}

# arrived SECONDS: does the daemon run within that time?
arrived() {
	until=$(($(now) + $1))
	while ! running "$(listener)"; do
		[ "$(now)" -lt "$until" ] || return
		nap
	done
}

# revive_service PROGRAM. To Debian's script the reload of a daemon that died is a
# success, and so is the start of one that dies of its files at once.
revive_service() {
	if running "$(listener)" && loudly "$1" "$UNIT" reload; then return; fi
	loudly "$1" "$UNIT" restart || return
	[ -z "$PIDFILE" ] || arrived 10
}

revive_systemd() {
	systemctl reset-failed "$(manager)" 2>/dev/null
	if [ "$KIND" = socket ]; then
		# One connection to invalid files is enough to close the port for good:
		# service-start-limit-hit.
		sock=$(manager | sed 's/service$/socket/')
		systemctl reset-failed "$sock" 2>/dev/null
		if ! systemctl -q is-active "$sock"; then
			# Nor does a socket start while its service runs.
			[ -z "$fit" ] || loudly systemctl stop "$(manager)"
			loudly systemctl start "$sock" || return
		fi
		[ -z "$fit" ] || restart_socket
	elif [ -z "$fit" ]; then
		loudly systemctl start "$UNIT"
	elif running "$(listener)"; then
		loudly systemctl reload-or-restart "$UNIT"
	else
		# A restart does not wait for a reload that hangs, as another reload would.
		loudly systemctl restart "$UNIT"
	fi
}

# Without a service manager a dead daemon stays dead unless its supervisor
# starts it; after two seconds we do.
revive_process() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		p=$(listener)
		if running "$p"; then
			[ -z "$fit" ] || kill -HUP "$p"
			return
		fi
		nap
	done
	BEFORE=
	[ -n "$fit" ] && loudly sshd_with -f "$LIVE"
}
