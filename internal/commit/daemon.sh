# The running daemon: which process it is, how it loads its files, and how to see
# that it did.

service_unit() { u=${UNIT%.socket}; echo "${u%.service}.service"; }

running() {
	[ "${1:-0}" -gt 0 ] && kill -0 "$1" 2>/dev/null && [ "$(start_time "$1")" != dead ] || return 1
	[ -n "$SSHD" ] && [ -r "/proc/$1/comm" ] || return 0
	# The kernel cuts this name at 15 bytes.
	case ${SSHD##*/} in "$(cat "/proc/$1/comm")"*) ;; *) return 1 ;; esac
}

# command_line PID prints the part of its command line that stays the same while it
# runs.
command_line() { { tr '\0' ' ' <"/proc/$1/cmdline" || ps -o args= -p "$1"; } 2>/dev/null | sed 's/ \[listener\] .*//'; }

# listener prints the process of the daemon that the change was decided for, or of
# the one started in its place: found by its unit, its pid file, or its command line.
listener() {
	case $KIND in
	systemd | socket)
		p=$(systemctl show -p MainPID "$(service_unit)" 2>/dev/null)
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
		# Any account can have a process with this command line.
		if grep -q '^Uid:[[:space:]]*0[[:space:]]' "/proc/$p/status" && running "$p" && [ "$(command_line "$p")" = "$was" ]; then
			echo "$p"
			return
		fi
	done
}

# sockets PID prints the inode numbers of its listening sockets, in its own network
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

# load_proof prints one line that changes when the daemon loads its files.
load_proof() {
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

# wait_loaded waits until load_proof has changed, and then has stopped changing: a
# daemon opens one socket after the other.
wait_loaded() {
	AFTER=
	PROOF=none
	[ -n "$BEFORE" ] || return 0
	last=
	dead=0
	until=$(($(now) + 10))
	while [ "$(now)" -lt "$until" ]; do
		seen=$(load_proof)
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
		say "the daemon exited while loading its files"
	else
		say "the daemon did not load its files within 10 seconds"
	fi
	return 1
}

# show_daemon_log PID prints the last log lines of a daemon that did not load its
# files, such as the address that it could not bind: it finds that out only then.
show_daemon_log() {
	! command -v journalctl >/dev/null ||
		journalctl -q -o cat --since=-1min -n 5 "_PID=$1" 2>/dev/null | grep -v '^Received SIGHUP' >&2
}

# ask_sshd runs sshd, with a host key and a privilege separation directory if it
# lacks them. systemd removes that directory with the service; a host whose
# ssh.socket has not started a daemon yet does not have it. The directory is removed
# only where no daemon can have started since then: a daemon without it refuses
# every login.
ask_sshd() {
	run_sshd "$@"
	if [ "$rc" -ne 0 ] && [ -n "$KEYLESS" ] && case $SAYS in *'no hostkeys available'*) make_host_key ;; *) false ;; esac; then
		set -- "$@" -h "$RUN/.key"
		run_sshd "$@"
	fi
	lack=$(printf '%s\n' "$SAYS" | sed -n 's/^Missing privilege separation directory: //p' | tr -d '\r')
	if [ "$rc" -ne 0 ] && [ -n "$lack" ] && mkdir -m 755 "$lack"; then
		run_sshd "$@"
		[ "$KIND" != none ] || rmdir "$lack"
	fi
	[ -z "$SAYS" ] || printf '%s\n' "$SAYS" >&2
	return "$rc"
}

# run_sshd keeps what sshd says in a variable: a rollback may have no room for a file.
run_sshd() {
	{
		SAYS=$(sshd_with "$@" 2>&1 >&4 4>&- </dev/null)
		rc=$?
	} 4>&1
}

make_host_key() { [ -e "$RUN/.key" ] || ssh-keygen -q -t ed25519 -N '' -f "$RUN/.key" </dev/null >/dev/null 2>&1; }

# files_valid runs sshd -t on the live files. They may differ from what was staged,
# and SIGHUP kills a daemon whose files it cannot read.
files_valid() { [ -z "$SSHD" ] || ask_sshd -t -f "$LIVE"; }

# with_signals COMMAND... runs a program that may start a daemon, with the default
# signal handling: the daemon must not inherit that this script ignores signals.
with_signals() (
	trap - HUP PIPE
	exec 3>&- </dev/null >/dev/null
	"$@"
)

# Ubuntu makes ssh.socket's addresses from sshd_config by a generator, and a
# socket cannot start while its service runs. Sessions live on: KillMode=process.
restart_socket() {
	if [ -e /usr/lib/systemd/system-generators/sshd-socket-generator ]; then
		with_signals systemctl daemon-reload &&
			with_signals systemctl stop "$(service_unit)" &&
			with_signals systemctl restart "$(service_unit | sed 's/service$/socket/')" || return
	fi
	# systemd refuses the sixth start within ten seconds and closes the socket until
	# reset-failed; each change counts, and each rollback.
	systemctl reset-failed "$(service_unit)" 2>/dev/null
	with_signals systemctl restart "$(service_unit)"
}

# reload_unit: an sshd that reports RELOADING=1 and then exits because of its files
# leaves the job, and every process that waits for it, hanging for TimeoutStartSec
# (systemd 257).
reload_unit() {
	# A unit written by the user may not support a reload.
	case $(systemctl show -p CanReload "$UNIT" 2>/dev/null) in
	*=no)
		kill -HUP "$(listener)"
		return
		;;
	esac
	if command -v timeout >/dev/null; then set -- timeout 10; else set --; fi
	with_signals "$@" systemctl reload "$UNIT"
	rc=$?
	[ "$rc" -ne 124 ] || say "systemctl reload $UNIT did not end within 10 seconds"
	return "$rc"
}

activate() {
	case $KIND in
	systemd) reload_unit ;;
	socket) restart_socket ;;
	openrc) with_signals rc-service "$UNIT" reload ;;
	rcd) with_signals service "$UNIT" reload ;;
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

# restart_daemon makes the daemon load the restored files. Unlike activate it starts
# a daemon that the new files killed, and it also runs at boot.
restart_daemon() {
	[ -e "$S/loading" ] || [ -n "$RESTORED" ] || return 0
	[ "$KIND" != none ] || return 0
	if [ "$KIND" = commands ]; then
		unload
		return
	fi
	if [ "$MODE" = boot ]; then
		PID=0
		if has_systemd; then
			! systemctl -q is-active "$(service_unit)" || with_signals systemctl --no-block restart "$(service_unit)"
			return
		fi
		# A daemon that starts at the same time may have read the new files without
		# having written its pid file yet. OpenRC starts it only after this script.
		patience=60
		[ "$(cat "$S/boot")" != openrc ] || patience=0
		wait_running "$patience" || return 0
	fi
	fit=1
	files_valid || fit=
	BEFORE=$(load_proof)
	case $KIND in
	systemd | socket) restart_daemon_systemd || return ;;
	openrc) restart_daemon_service rc-service || return ;;
	rcd) restart_daemon_service service || return ;;
	signal) restart_daemon_process || return ;;
	esac
	if [ -z "$fit" ]; then
		# Another process broke the files since then. The rollback is complete only
		# if the daemon has never loaded the new ones.
		[ ! -e "$S/loading" ]
		return
	fi
	wait_loaded
}

# wait_running SECONDS succeeds if the daemon runs within that time.
wait_running() {
	until=$(($(now) + $1))
	while ! running "$(listener)"; do
		[ "$(now)" -lt "$until" ] || return
		nap
	done
}

# restart_daemon_service PROGRAM. Debian's init script reports success for the reload
# of a daemon that has exited, and for the start of one that exits at once.
restart_daemon_service() {
	if running "$(listener)" && with_signals "$1" "$UNIT" reload; then return; fi
	with_signals "$1" "$UNIT" restart || return
	[ -z "$PIDFILE" ] || wait_running 10
}

restart_daemon_systemd() {
	systemctl reset-failed "$(service_unit)" 2>/dev/null
	if [ "$KIND" = socket ]; then
		# One connection while the files are invalid is enough to close the port
		# until reset-failed: service-start-limit-hit.
		sock=$(service_unit | sed 's/service$/socket/')
		systemctl reset-failed "$sock" 2>/dev/null
		if ! systemctl -q is-active "$sock"; then
			# Nor does a socket start while its service runs.
			[ -z "$fit" ] || with_signals systemctl stop "$(service_unit)"
			with_signals systemctl start "$sock" || return
		fi
		[ -z "$fit" ] || restart_socket
	elif [ -z "$fit" ]; then
		with_signals systemctl start "$UNIT"
	elif running "$(listener)"; then
		with_signals systemctl reload-or-restart "$UNIT"
	else
		# A restart does not wait for a reload that hangs, as another reload would.
		with_signals systemctl restart "$UNIT"
	fi
}

# restart_daemon_process: without a service manager only a supervisor starts a
# daemon that has exited; after two seconds this function does.
restart_daemon_process() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		p=$(listener)
		if running "$p"; then
			[ -z "$fit" ] || kill -HUP "$p"
			return
		fi
		nap
	done
	BEFORE=
	[ -n "$fit" ] && with_signals sshd_with -f "$LIVE"
}
