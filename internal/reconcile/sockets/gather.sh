# Looks at the control sockets of one user's ssh. Go puts in front: SOCKETS (a
# directory or a pattern), WHO, files.sh, account.sh and listening.sh. It is sent as
# gather.sh is, so every line ends where a blank may follow.

# shellcheck disable=SC2088 # the tilde of a file name, which this expands
case $SOCKETS in '~/'*) P=$H/${SOCKETS#??} ;; *) P=$SOCKETS ;; esac;
P=${P%/};
# What may not be searched must not pass for empty: the deepest directory that can be
# seen tells, and has to be read only where names are looked up in it.
w=${P%%[*?[]*};
LIST=;
if [ "$w" != "$P" ]; then w=${w%/*}; LIST=1; elif [ -d "$w" ]; then LIST=1; else w=${w%/*}; fi;
while [ -n "$w" ] && [ ! -d "$w" ]; do w=${w%/*}; LIST=; done;
w=${w:-/};
if [ ! -x "$w" ] || { [ -n "$LIST" ] && [ ! -r "$w" ]; }; then
  say closed "$w: $(id -un) may not look into it"; exit 0;
fi;

# Without something that ends it, ssh -O check waits without end for a master that is
# stopped: the connection lands in the queue of the socket, and no answer comes.
if command -v timeout >/dev/null; then bounded() { exec timeout 5 "$@"; };
elif command -v perl >/dev/null; then bounded() { exec perl -e 'alarm shift; exec @ARGV' 5 "$@"; };
else bounded() { echo 'the host has neither timeout nor perl to end ssh -O check with'; exit 1; }; fi;
T=$(mktemp -d) || { say notemp; exit 0; };
trap 'rm -rf "$T"' EXIT;

# A socket that answers, but not as a master, has ssh go on and connect to the host:
# the name that does not exist and the command that fails keep it here.
check() { s=$(printf '%s' "$1" | sed 's/%/%%/g');
  (bounded "$SSH" -F /dev/null -o BatchMode=yes -o ProxyCommand=false -S "$s" -O check sshkeepalive.invalid) >"$T/$2" 2>&1 </dev/null;
  say check "$?" >"$T/$2.out";
  { stat -L -c '@stat %a %u %Y %d:%i %U' "$1" 2>/dev/null || stat -L -f '@stat %Lp %u %m %d:%i %Su' "$1" 2>/dev/null;
    { head -c 4000 "$T/$2"; echo; } | tr -d '\r' | sed 's/^/@said /'; } >>"$T/$2.out"; };

# Sixteen at once, because each that does not answer takes all of its time.
n=0;
PATHS=;
each() { for f in "$@"; do
    if [ ! -S "$f" ]; then continue; fi;
    case $f in *[[:cntrl:]]*) say odd; continue ;; esac;
    n=$((n+1));
    say socket "$f";
    PATHS="$PATHS@socket $f$NL";
    check "$f" "$n" &
    if [ $((n % 16)) -eq 0 ]; then wait; fi;
  done;
  wait; };
LIST=$IFS;
IFS=;
# shellcheck disable=SC2086 # a pattern is wanted, and IFS leaves blanks alone
if [ -d "$P" ]; then set -- "$P"/* "$P"/.[!.]*; else set -- $P; fi;
IFS=$LIST;
each "$@";
say now "$(date +%s)";
i=0;
while [ $i -lt $n ]; do i=$((i+1)); cat "$T/$i.out"; done;

# Which process listens at a socket whose master does not say it. Of the processes those
# can be looked into that the account may trace.
WAITS=;
i=0;
while [ $i -lt $n ]; do i=$((i+1)); if ! grep -q -e 'Master running' -e 'Connection refused' "$T/$i.out"; then WAITS=1; fi; done;
if [ -n "$WAITS" ] && [ -r /proc/net/unix ] && command -v awk >/dev/null; then
  read -r l _ </proc/uptime;
  say uptime "$l";
  { printf '%s' "$PATHS"; echo @unix; cat /proc/net/unix; echo @held; bound ls -ln /dev/null /proc/[0-9]*/fd; } 2>/dev/null | listening;
fi;

# Which host a socket is for, as ssh itself expands ControlPath for the names that the
# Host lines have.
if [ $n -gt 0 ]; then
  cat "$H"/.ssh/config "$H"/.ssh/config.d/* /etc/ssh/ssh_config /etc/ssh/ssh_config.d/* 2>/dev/null | sed -n 's/^[[:space:]]*[Hh][Oo][Ss][Tt][[:space:]=]\{1,\}//p' | tr -s ' \t"=' '\n\n\n\n' |
  grep -x '[A-Za-z0-9_][A-Za-z0-9._@:-]*' | sort -u | head -n 50 | while read -r l; do
    bound "$SSH" -G "$l" 2>/dev/null </dev/null | sed -n 's/^\(user\|hostname\|port\|controlpath\) /@for \1 /p';
    say for name "$l";
  done;
fi;
identify;
say end;
