# Has the kernel and logind take over values. These stand in the functions load and unload
# of commit, whose functions they use, and Go puts the calls behind.
kernel() { printf '%s\n' "$2" >"/proc/sys/net/ipv4/$1"; }

# logind KEYWORD VALUE...: logind reads its files on SIGHUP and ends no session by that. It
# says when it has only from systemd 256 on, and a reload by systemctl came with that
# release, so it is asked what it uses.
logind() {
	p=$(systemctl show -p MainPID systemd-logind.service 2>/dev/null)
	p=${p#MainPID=}
	[ "${p:-0}" -gt 0 ] || return 0
	kill -HUP "$p" || return
	until=$(($(now) + 10))
	while ! uses "$@"; do
		if [ "$(now)" -ge "$until" ]; then
			say "systemd-logind does not use the new values after 10 seconds"
			return 1
		fi
		nap
	done
}

uses() {
	while [ $# -gt 0 ]; do
		[ "$(property "$1")" = "$2" ] || return
		shift 2
	done
}

property() {
	busctl --auto-start=no get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager "$1" 2>/dev/null |
		sed 's/^[a-z]* *[0-9]* *//' | xargs -n1 | sort -u | xargs
}
