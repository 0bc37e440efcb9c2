# Gathers every fact about one sshd in one go. Go puts assignments of CFG (main
# file or empty), IMAGE (not empty where nothing runs, and what we see of
# /proc is of the machine that builds the image), GREETED (not empty where the
# server told its release as it greeted) and SOCKETS (not empty where it matters
# who listens), the functions specs and wants, files.sh and ask.sh in front,
# drops the comments and joins the lines with blanks: a script of one line
# travels on the exec line and costs two round trips instead of three. So every
# line here ends where a blank may follow.

# The daemon that accepted this very connection is the topmost sshd above us. A
# session outlives a restarted listener (KillMode=process); then its monitor is
# topmost, and its title does not end in "[listener] ..." (8.2 and later) nor
# start with a path (before). Where launchd or a socket unit starts a daemon for
# each connection, that is -i, and nobody's listener. The BSDs have no /proc of
# this kind; there ps tells.
if [ -r "/proc/$$/status" ]; then
  title() { TITLE=; { read -r TITLE <"/proc/$1/cmdline"; } 2>/dev/null;
    case $TITLE in sshd:\ *) ;; *) TITLE=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null) ;; esac; };
  about() { NAME=; PARENT=;
    { while read -r k v; do case $k in
      Name:) NAME=$v ;;
      PPid:) PARENT=$v; break ;;
      esac; done <"/proc/$1/status"; } 2>/dev/null; };
else
  title() { TITLE=$(ps -o args= -p "$1" 2>/dev/null); };
  about() { NAME=$(ps -o comm= -p "$1" 2>/dev/null | sed 's|.*/||');
    PARENT=$(ps -o ppid= -p "$1" 2>/dev/null | tr -d ' '); };
fi;
islistener() { title "$1"; case $TITLE in
  *\ -i|*\ -i\ *) return 1 ;;
  *'[listener]'*) return 0 ;;
  /*sshd\ *|sshd\ -*) return 0 ;;
  esac; return 1; };
above() { p=$$; while [ "${p:-0}" -gt 1 ]; do
    about "$p";
    if [ "$NAME" = sshd ] && islistener "$p"; then LP=$p; fi;
    p=$PARENT;
  done; };
LP=;
[ -n "$IMAGE" ] || above;
[ -n "$LP" ] || GREETED=;
[ -n "$LP$IMAGE" ] || for u in ssh sshd; do
  [ -d /run/systemd/system ] || break;
  p=$(systemctl show -p MainPID --value "$u.service" 2>/dev/null);
  if [ "${p:-0}" -gt 0 ]; then LP=$p; break; fi;
done;
[ -n "$LP$IMAGE" ] || for f in /run/sshd.pid /var/run/sshd.pid; do
  [ -r "$f" ] || continue;
  read -r p <"$f";
  if islistener "$p"; then LP=$p; break; fi;
done;

SSHD=; OPTS=; ARGV=;
if [ -n "$LP" ]; then
  title "$LP";
  ARGV=$TITLE;
  SSHD=${ARGV#sshd: };
  SSHD=${SSHD%%[[:space:]]*};
  # shellcheck disable=SC3013 # POSIX since 2024; where it is missing, readlink tells
  if ! [ "/proc/$LP/exe" -ef "$SSHD" ] 2>/dev/null; then GREETED=; SSHD=$(readlink "/proc/$LP/exe" 2>/dev/null); fi;
  say daemon "$LP" "${SSHD:-unknown}";
  say argv "$ARGV";
  CGROUP=;
  { while read -r l; do CGROUP="$CGROUP $l"; done <"/proc/$LP/cgroup"; } 2>/dev/null;
  say cgroup "$CGROUP";
fi;
# The service that runs this daemon, of those in a directory: it is ssh on Debian.
# A container has the scripts, and no init that minds them.
ours() { p=; { read -r p </run/sshd.pid; } 2>/dev/null;
  [ "$p" = "$LP" ] || return;
  for s in sshd ssh; do if [ -e "$1/$s" ]; then return; fi; done; return 1; };
if [ -n "$IMAGE" ]; then say init none;
elif [ -d /run/systemd/system ]; then
  systemctl show -p Id -p ActiveState -p Accept ssh.socket sshd.socket 2>/dev/null | {
    flush() { [ "$active" != active ] || say socket "$id" "$accept"; active=; };
    while read -r l; do case $l in
      Id=*) id=${l#*=} ;;
      ActiveState=*) active=${l#*=} ;;
      Accept=*) accept=${l#*=} ;;
      '') flush ;;
      esac; done; flush; };
  say init systemd;
elif ours /run/openrc/started; then say init openrc "$s";
elif [ -d /etc/rc.d ] && [ -f /etc/rc.subr ]; then say init rcd sshd;
elif { [ -p /run/initctl ] || [ -p /dev/initctl ]; } && command -v service >/dev/null && ours /etc/init.d; then say init rcd "$s";
else say init none; fi;
[ -x "$SSHD" ] || for f in "$(command -v sshd 2>/dev/null)" /usr/sbin/sshd /usr/local/sbin/sshd /usr/bin/sshd; do
  if [ -x "$f" ]; then SSHD=$f; break; fi;
done;
if [ ! -x "$SSHD" ]; then say nosshd; exit 0; fi;
say sshd "$SSHD";
if [ -z "$GREETED" ]; then
  V=$("$SSHD" -V 2>&1);
  case $V in *OpenSSH_*) V=OpenSSH_${V#*OpenSSH_} ;; esac;
  say version "${V%%"$NL"*}";
fi;

# Options on the daemon's command line win over every file; take them along.
words() { f=; while [ $# -gt 0 ]; do case $1 in
    '[listener]') break ;;
    -f) FOUND=$2; shift ;;
    -f*) FOUND=${1#-f} ;;
    -o|-p|-h) say option "$1 $2"; OPTS="$OPTS $1 $2"; shift ;;
    -o*|-p*|-h*) say option "$1"; OPTS="$OPTS $1" ;;
    -C|-c|-E|-b|-g|-k|-u) shift ;;
    esac; [ $# -gt 0 ] && shift; done; };
FOUND=;
MAIN=/etc/ssh/sshd_config;
set -f;
words $ARGV;
set +f;
for f in "$CFG" "$FOUND" /etc/ssh/sshd_config /usr/local/etc/ssh/sshd_config /usr/etc/ssh/sshd_config; do
  [ -n "$f" ] || continue;
  if [ -n "$CFG$FOUND" ] || [ -e "$f" ]; then MAIN=$f; break; fi;
done;
DIR=/etc/ssh;
case $MAIN in /usr/local/etc/ssh/*) DIR=/usr/local/etc/ssh ;; esac;
say main "$MAIN";
say dir "$DIR";
if [ ! -r "$MAIN" ]; then say unreadable "$(cat "$MAIN" 2>&1 >/dev/null)"; exit 0; fi;

# Every file the tree could read and every directory that an Include looks into,
# generation by generation: what reads one file reads all of them in one go. The
# globs are the shell's; sshd's own order does not matter here.
STAMPS=;
FILES=;
stamp() { word "$1"; STAMPS="$STAMPS $WORD"; };
stamped() { times=$(eval "stat -c '@stat %.9Z %.9Y %n' $1" 2>/dev/null);
  [ -n "$times" ] || times=$(eval "stat -f '@stat %Fc %Fm %N' $1" 2>/dev/null);
  [ -z "$times" ] || printf '%s\n' "$times"; };
SEEN='|';
meet() { case $SEEN in *"|$1|"*) return ;; esac;
  SEEN="$SEEN$1|";
  case $1 in *"$NL"*) say oddname "${1%%"$NL"*}"; exit 0 ;; esac;
  stamp "$1";
  NEW="$NEW $WORD"; };
cd "$DIR" 2>/dev/null || cd /;
NEW=;
meet "$MAIN";
while [ -n "$NEW" ]; do
  FILES=$FILES$NEW;
  set -f;
  # shellcheck disable=SC2046 # words are wanted
  set -- $(eval "includes $NEW");
  NEW=;
  for g in "$@"; do
    d=${g%/*};
    case $g in */*) ;; *) d=. ;; esac;
    case $d in /*) ;; *) d=$DIR/$d ;; esac;
    if [ -d "$d" ]; then say includedir "$d"; stamp "$d"; fi;
  done;
  set +f;
  for g in "$@"; do
    case $g in /*) ;; *) g=$DIR/$g ;; esac;
    for f in $g; do
      if [ -f "$f" ] && [ -r "$f" ]; then meet "$f"; fi;
    done;
  done;
done;
eval "send $FILES";
eval "mounts $FILES";

# Where a Match asks for an item that -C does not give, sshd -T refuses: 7.7 to
# 8.0 for each item, and releases up to 10.0 at least for lport. What is missing
# gets a value that nothing matches; neutral() in spec.go gives the same.
effective() { SPEC=$1;
  while :; do
    ask "$SSHD" -T -f "$MAIN" $OPTS ${SPEC:+-C "$SPEC"};
    [ $RC -ne 0 ] || break;
    v=${ERR%\'*not in connection test specification*};
    case ${v##*\'} in
      user) v=user=no-such-user ;;
      host) v=host=no.such.host.invalid ;;
      addr) v=addr=192.0.2.1 ;;
      laddr) v=laddr=192.0.2.2 ;;
      lport) v=lport=1 ;;
      *) break ;;
    esac;
    SPEC=${SPEC:+$SPEC,}$v;
  done; };
effective '';
told dump;
if [ $RC -eq 0 ]; then
  # Every key that the daemon can load, because RequiredRSASize and the like
  # judge them.
  HK=;
  PF=;
  i=$IFS;
  IFS=$NL;
  set -f;
  for l in $OUT; do case $l in
    [Hh][Oo][Ss][Tt][Kk][Ee][Yy]\ *) l=${l#* }; if [ -r "$l" ] && [ "$l" != "$T/key" ]; then HK="$HK -h $l"; fi ;;
    [Pp][Ii][Dd][Ff][Ii][Ll][Ee]\ *) PF=${l#* } ;;
    esac; done;
  set +f;
  IFS=$i;
  say keys "$HK";
  if [ -n "$PF" ] && [ -e "$PF" ]; then say pidfile "$PF"; stamp "$PF"; fi;
  each() { for s in "$@"; do effective "$s"; told context "$s"; done; };
  specs;
  wants;
fi;

stamped "$STAMPS";

# Which sockets listen, with their inode numbers: a reload makes new ones. A busy
# host has thousands of others, which a shell would read byte by byte.
[ -z "$SOCKETS" ] || sed -n 's/^ *[0-9]*: \([^ ]*\) [^ ]* 0A [^ ]* [^ ]* [^ ]*  *[0-9]*  *[0-9]* \([0-9]*\) .*/@listen \1 \2/p' /proc/net/tcp /proc/net/tcp6 2>/dev/null;
identify;
say end;
