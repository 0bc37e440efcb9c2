# Gathers every fact about one user's ssh in one go. Go puts in front: FILE (the
# managed file), WHO (whose ssh; empty is who runs this), the functions probes
# (which calls each with the probe hosts) and lines (which prints the wanted
# lines), and client_person.sh. It is sent as gather.sh is, so every line ends where
# a blank may follow.

# ssh finds the user's file by the account and not by HOME.
MAIN=$H/.ssh/config;
SYS=/etc/ssh/ssh_config;
case $SSH in /usr/local/*) if [ -e /usr/local/etc/ssh/ssh_config ]; then SYS=/usr/local/etc/ssh/ssh_config; fi ;; esac;
if [ ! -e "$SYS" ] && [ -e /usr/etc/ssh/ssh_config ]; then SYS=/usr/etc/ssh/ssh_config; fi;
# shellcheck disable=SC2088 # the tilde of a file name, which this expands
case $FILE in '~/'*) F=$H/${FILE#??} ;; *) F=$FILE ;; esac;
say managed "$F";
if [ -e "$F" ] && { [ ! -f "$F" ] || [ ! -r "$F" ]; }; then
  say unreadable "$F" "$(cat "$F" 2>&1 >/dev/null)"; exit 0;
fi;

FILES=;
ATTRS=;
attr() { word "$1"; ATTRS="$ATTRS $WORD"; };
attrs() { a=$(eval "stat -L -c '@attr %a %u %n' $1" 2>/dev/null);
  [ -n "$a" ] || a=$(eval "stat -L -f '@attr %Mp%Lp %u %N' $1" 2>/dev/null);
  printf '%s\n' "$a"; };
above() { d=$1;
  while [ ! -d "$d" ] && [ -n "${d%/*}" ]; do d=${d%/*}; done;
  if [ -d "$d" ]; then attr "$d"; fi; };
SEEN='|';
LIST=;
# shellcheck disable=SC2088 # the tilde of a file name, which this expands
anchor() { case $1 in /*) A=$1 ;; '~/'*) A=$H/${1#??} ;; *) A=$BASE/$1 ;; esac; };
walk() { case $SEEN in *"|$1|"*) return ;; esac;
  SEEN="$SEEN$1|";
  if [ ! -f "$1" ]; then return; fi;
  attr "$1";
  if [ ! -r "$1" ]; then return; fi;
  FILES="$FILES $WORD";
  set -f;
  for g in $(includes "$1"); do
    anchor "$g";
    LIST="$LIST $A";
    for f in $(set +f; for p in $A; do echo "$p"; done); do walk "$f"; done;
  done;
  set +f; };
BASE=$H/.ssh;
walk "$MAIN";
BASE=${SYS%/*};
walk "$SYS";
ALONE=1;
if [ "$F" = "$MAIN" ] || [ "$F" = "$SYS" ]; then ALONE=; fi;
set -f;
for g in $LIST; do
  # shellcheck disable=SC2254 # a pattern is wanted
  case $F in $g) if [ "${F%/*}" = "${g%/*}" ] || case ${g%/*} in *[*?[]*) true ;; *) false ;; esac; then ALONE=; fi ;; esac;
done;
set +f;
case $F in "$H/.ssh/"*.d/*|"${SYS%/*}/"*.d/*) ALONE= ;; esac;
if [ -n "$ALONE" ]; then BASE=$H/.ssh; walk "$F"; say alone; fi;
eval "send $FILES";
[ -z "$FILES" ] || eval "mounts $FILES";
say main "$MAIN";
say system "$SYS";
above "${F%/*}";

# ssh -G runs the commands of Match exec, and may ask the resolver; neither may
# keep us for ever.
T=$(mktemp -d) || { say notemp; exit 0; };
trap 'rm -rf "$T"' EXIT;
chmod 755 "$T";
person() { if [ "$WHO" = "$ME" ]; then "$@"; else as "$@"; fi; };
bounded() { if command -v timeout >/dev/null; then person timeout 20 "$@"; else person "$@"; fi; };
ask() { bounded "$SSH" "$@" >"$T/out" 2>"$T/err" </dev/null; RC=$?;
  if [ $RC -eq 124 ]; then echo 'ssh -G did not end within 20 seconds' >>"$T/err"; fi; };
told() { say "$1" "$RC" "$2"; cat "$T/out"; sed -e '/^Pseudo-terminal/d' -e 's/^/@err /' "$T/err" | tr -d '\r'; };
read_for() { if [ -z "$ALONE" ]; then ask -G "$1"; elif [ -e "$F" ]; then ask -F "$F" -G "$1"; else ask -F /dev/null -G "$1"; fi; };
each() { for h in "$@"; do
    read_for "$h";
    told dump "$h";
    if [ $RC -ne 0 ]; then return; fi;
    { lines; sed -n -e 's/^hostname /HostName /p' -e 's/^port /Port /p' -e 's/^user /User /p' -e 's/^proxyjump /ProxyJump /p' "$T/out"; } >"$T/want";
    chmod 644 "$T/want";
    ask -F "$T/want" -G "$h";
    told canon "$h";
    p=$(sed -n 's/^controlpath //p' "$T/out");
    case $p in /*) above "${p%/*}" ;; esac;
  done; };
probes;
attrs "$ATTRS";
identify;
say end;
