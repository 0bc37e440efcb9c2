# Gathers every fact about one account's ssh in one go, as that account: what it cannot
# read is not read. Go puts in front: FILE (the managed file), WHO (whose ssh; empty is
# who runs this), the functions probes (which calls each with the probe hosts) and lines
# (which prints the wanted lines), files.sh, includes.sh, commit's owned.sh,
# exposed.sh and account.sh. It is sent as gather.sh is, so every line ends where a blank may
# follow.

OLD=;
old "$V";

# ssh finds the user's file by the account and not by HOME.
MAIN=$H/.ssh/config;
SYS=/etc/ssh/ssh_config;
case $SSH in /usr/local/*) if [ -e /usr/local/etc/ssh/ssh_config ]; then SYS=/usr/local/etc/ssh/ssh_config; fi ;; esac;
if [ ! -e "$SYS" ] && [ -e /usr/etc/ssh/ssh_config ]; then SYS=/usr/etc/ssh/ssh_config; fi;
# shellcheck disable=SC2088 # the tilde of a file name, which this expands
case $FILE in '~/'*) F=$H/${FILE#??} ;; *) F=$FILE ;; esac;
say managed "$F";

# What another account can put in the place of the file is neither read nor given to
# ssh, which would run the commands of its Match exec.
walk "$F" || refused link "$LINK";
if [ -n "$TAKEN" ]; then EXPOSED=$TAKEN; refused taken "$F"; fi;
OPEN=$EXPOSED;
REAL=$WAY;
if [ -e "$F" ]; then
  if [ ! -f "$F" ]; then say special "$F"; exit 0; fi;
  if [ ! -r "$F" ]; then say unreadable "$(cat "$F" 2>&1 >/dev/null)"; exit 0; fi;
fi;

# What ssh reads, generation by generation, and no deeper than ssh goes: what reads one
# file reads all of them in one go. A list has one name a line.
FILES=;
ATTRS=;
SEEN=$NL;
GLOBS=;
lines_of() { set -f;
  IFS=$NL; };
words_of() { set +f;
  IFS=$BLANKS; };
BLANKS=$IFS;
above() { d=$1;
  while [ ! -d "$d" ] && [ -n "${d%/*}" ]; do d=${d%/*}; done;
  if [ -d "$d" ]; then ATTRS=$ATTRS$d$NL; fi; };
# shellcheck disable=SC2088 # the tilde of a file name, which this expands
anchor() { case $1 in /*) A=$1 ;; '~/'*) A=$H/${1#??} ;; *) A=$BASE/$1 ;; esac;
  case $A in *[*?[]*) ;; *\\*) A=$(printf '%s\n' "$A" | sed 's/\\\(.\)/\1/g') ;; esac; };
meet() { case $SEEN in *"$NL$1$NL"*) return ;; esac;
  SEEN=$SEEN$1$NL;
  case $1 in *"$NL"*) say oddname "${1%%"$NL"*}"; exit 0 ;; esac;
  # shellcheck disable=SC3013 # POSIX since 2024
  if [ -p "$1" ] || [ -b "$1" ] || { [ -c "$1" ] && ! [ "$1" -ef /dev/null ]; }; then say special "$1"; exit 0; fi;
  if [ ! -f "$1" ]; then return; fi;
  ATTRS=$ATTRS$1$NL;
  if [ -r "$1" ]; then NEW=$NEW$1$NL; fi; };
tree() { NEW=;
  meet "$1";
  for depth in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    if [ -z "$NEW" ]; then return; fi;
    FILES=$FILES$NEW;
    lines_of;
    # shellcheck disable=SC2086 # lines are wanted
    set -- $NEW;
    b=$(find -L "$@" -prune -size +2048k 2>/dev/null);
    if [ -n "$b" ]; then say toobig "${b%%"$NL"*}"; exit 0; fi;
    # shellcheck disable=SC2046 # lines are wanted
    set -- $(includes "$@");
    NEW=;
    set +f;
    for g in "$@"; do
      anchor "$g";
      GLOBS=$GLOBS$A$NL;
      IFS=;
      for f in $A; do meet "$f"; done;
    done;
    words_of;
  done; };
BASE=$H/.ssh;
tree "$MAIN";
BASE=${SYS%/*};
tree "$SYS";
ALONE=1;
if [ "$F" = "$MAIN" ] || [ "$F" = "$SYS" ]; then ALONE=; fi;
lines_of;
for g in $GLOBS; do
  # shellcheck disable=SC2254 # a pattern is wanted
  case $F in $g) if [ "${F%/*}" = "${g%/*}" ] || case ${g%/*} in *[*?[]*) true ;; *) false ;; esac; then ALONE=; fi ;; esac;
done;
words_of;
case $F in "$H/.ssh/"*.d/*|"${SYS%/*}/"*.d/*) ALONE= ;; esac;
if [ -n "$ALONE" ]; then
  # ssh does not ask whose file it is that follows -F.
  EXPOSED=$OPEN;
  attributes "$REAL";
  case $OWNER in ''|0|"$ME") ;; *) EXPOSED="$OWNER $PERM $REAL" ;; esac;
  [ -z "$EXPOSED" ] || refused taken "$F";
  BASE=$H/.ssh;
  tree "$F";
  say alone;
fi;
lines_of;
# shellcheck disable=SC2086 # lines are wanted
set -- $FILES;
words_of;
send "$@";
mounts "$@";
say main "$MAIN";
say system "$SYS";
above "${F%/*}";

# ssh -G runs the commands of Match exec, and may ask the resolver; neither may
# keep us without end.
T=$(mktemp -d) || { say notemp; exit 0; };
trap 'rm -rf "$T"' EXIT;
ask() { bound "$SSH" "$@" >"$T/out" 2>"$T/err" </dev/null; RC=$?;
  if [ $RC -eq 124 ]; then echo 'ssh -G did not end within 20 seconds' >>"$T/err"; fi; };
reported() { say "$1" "$RC" "$2"; head -c 1000000 "$T/out"; head -c 100000 "$T/err" | sed -e '/^Pseudo-terminal/d' -e 's/^/@err /' | tr -d '\r'; };
read_for() { if [ -z "$ALONE" ]; then ask -G "$1"; elif [ -e "$F" ]; then ask -F "$F" -G "$1"; else ask -F /dev/null -G "$1"; fi; };
each() { for h in "$@"; do
    read_for "$h";
    reported dump "$h";
    if [ $RC -ne 0 ]; then return; fi;
    { lines; sed -n -e 's/^hostname /HostName /p' -e 's/^port /Port /p' -e 's/^user /User /p' -e 's/^proxyjump /ProxyJump /p' "$T/out"; } >"$T/want";
    ask -F "$T/want" -G "$h";
    reported canon "$h";
    p=$(sed -n 's/^controlpath //p' "$T/out");
    case $p in /*) above "${p%/*}" ;; esac;
  done; };
probes;

lines_of;
# shellcheck disable=SC2086 # lines are wanted
set -- $ATTRS;
words_of;
a=$(stat -L -c '@attr %a %u %n' "$@" 2>/dev/null);
[ -n "$a" ] || a=$(stat -L -f '@attr %Mp%Lp %u %N' "$@" 2>/dev/null);
printf '%s\n' "$a";
identify;
say end;
