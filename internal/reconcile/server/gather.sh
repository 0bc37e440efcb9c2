# Gathers every fact about one sshd in one go. Go puts assignments of CFG (main
# file or empty), IMAGE (not empty where nothing runs, and what we see of
# /proc is of the machine that builds the image), GREETED (not empty where the
# server told its release in its identification), OLD (not empty where that is before 8.7),
# FRESH (not empty where the connection is seconds old) and SOCKETS (not empty where
# it matters who listens), the functions specs and wants, where CFG is not empty commit's
# owned.sh and exposed.sh, files.sh, includes.sh, query.sh, and what finds the daemon in front: chain.sh
# over SSH, here.sh on this machine, nothing for an image. It drops the comments
# and joins the lines with blanks: a script of one line travels on the exec line
# and costs two round trips instead of three. So every line here ends where a
# blank may follow.

# A main file that the user names is read where only root can put it.
if [ -n "$CFG" ]; then
  walk "$CFG" || refused link "$LINK";
  if [ -n "$TAKEN" ]; then EXPOSED=$TAKEN; refused taken "$CFG"; fi;
fi;

# The daemon is its program on the disk, unless that was upgraded since. A reload
# runs what is there, and ends a daemon whose program is not.
if [ -n "$LP" ] && ! same "$SSHD" "/proc/$LP/exe"; then
  GREETED=;
  X=$(readlink "/proc/$LP/exe");
  if [ -n "$X" ] && [ ! -x "$SSHD" ]; then lost program "$SSHD"; fi;
fi;

# Where the user names the file, the daemon is the one that reads it: the one found
# above, or another.
reads() { if [ -z "$FILE" ]; then compiled; fi; [ "$FILE" = "$CFG" ] || same "$FILE" "$CFG"; };
other() { EACH=; GREETED=; why=$LOST; lost() { LOST=$1; };
  for f in $(grep -lsF -e ' [listener] ' -e "$CFG" /proc/[0-9]*/cmdline); do
    f=${f#/proc/}; LP=${f%/*}; LOST=;
    if listens "$LP"; then
      arguments "$LP";
      if same "$SSHD" "/proc/$LP/exe" && [ -z "$LOST" ] && reads; then return; fi;
    fi;
  done;
  LP=; SSHD=; OPTS=; LOST=$why;
  return 1; };
# What the program reads without -f: it says so before anything else, and ends soon
# where it is given no key.
compiled() { reading "$("$SSHD" -dd -t -h / 2>&1 </dev/null)"; };
reading() { case $1 in
  *'load_server_config: filename '*) FILE=${1#*load_server_config: filename }; FILE=${FILE%%[[:cntrl:]]*} ;;
  *) FILE= ;;
  esac; };
if [ -n "$CFG" ] && [ -z "$IMAGE" ]; then
  if [ "$LOST" = cut ]; then FILE=$CFG;
  elif { [ -n "$LP$EACH" ] && reads; } || other; then :;
  elif [ "$LOST" = parent ]; then EACH=1;
  else say noreader; fi;
else
  # sshd goes to the root directory, where it would look for a relative name.
  case $FILE in /dev/*|/proc/*|[!/]*) lost file "$FILE" ;; esac;
fi;

[ -x "$SSHD" ] || for f in "$(command -v sshd 2>/dev/null)" /usr/sbin/sshd /usr/local/sbin/sshd /usr/bin/sshd; do
  if [ -x "$f" ]; then SSHD=$f; break; fi;
done;
if [ ! -x "$SSHD" ]; then say nosshd; exit 0; fi;
say sshd "$SSHD";
if [ -z "$GREETED" ]; then
  V=$("$SSHD" -V 2>&1);
  case $V in *OpenSSH_*) V=OpenSSH_${V#*OpenSSH_} ;; esac;
  say version "${V%%"$NL"*}";
  OLD=;
  old "$V";
fi;

# A unit is the daemon's if systemd says that it is its main process: a supervisor
# has a unit too, and so has the login of a user who started it by hand.
# The service that runs this daemon, of those in a directory: it is ssh on Debian.
# A container has the scripts, and no init that minds them.
ours() { p=; { read -r p </run/sshd.pid; } 2>/dev/null;
  [ "$p" = "$LP" ] || return;
  for s in sshd ssh; do if [ -e "$1/$s" ]; then return; fi; done; return 1; };
UNIT=;
if [ -n "$LP" ]; then
  say daemon "$LP";
  { while read -r l; do case $l in */*.service*) l=${l%.service*}; UNIT=${l##*/}.service ;; esac; done <"/proc/$LP/cgroup"; } 2>/dev/null;
fi;
if [ -n "$EACH" ]; then say each; fi;
if [ -z "$LP" ]; then say init none;
elif [ -d /run/systemd/system ]; then
  # shellcheck disable=SC2086 # no unit is no word
  systemctl show -p Id -p MainPID -p ActiveState -p Accept -p Triggers $UNIT ssh.socket sshd.socket 2>/dev/null | {
    flush() { case $id/$state/$main in *.socket/active/*) say socket "$accept $wakes" ;; "$UNIT/"*"/$LP") say unit "$id" ;; esac; id=; };
    while read -r l; do v=${l#*=}; case $l in
      Id=*) id=$v ;;
      MainPID=*) main=$v ;;
      ActiveState=*) state=$v ;;
      Accept=*) accept=$v ;;
      Triggers=*) wakes=$v ;;
      '') flush ;;
      esac; done; flush; };
  say init systemd;
elif ours /run/openrc/started; then say init openrc "$s";
elif [ -d /etc/rc.d ] && [ -f /etc/rc.subr ]; then say init rcd sshd;
elif { [ -p /run/initctl ] || [ -p /dev/initctl ]; } && command -v service >/dev/null && ours /etc/init.d; then say init rcd "$s";
else say init none; fi;

# Where a Match asks for an item that -C does not give, sshd -T refuses: 7.7 to
# 8.0 for each item, and releases up to 10.0 at least for lport. What is missing
# gets a value that nothing matches; neutral() in spec.go gives the same.
effective() { SPEC=$1;
  while :; do
    eval "ask \"\$SSHD\" -T $READ $OPTS ${SPEC:+-C \"\$SPEC\"}";
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
# The main file is the daemon's own -f, and otherwise what the program says that it
# reads, as it answers the first question: a program more for that would make a look
# a sixth slower. But -d is a LogLevel that wins over the files: where something sets
# one, the question is asked again, and elsewhere it is INFO.
MAIN=${CFG:-$FILE};
DIR=;
LOUD=;
READ='-f "$MAIN"';
if [ -z "$MAIN" ]; then
  LOUD=1;
  READ=;
  effective '';
  READ='-f "$MAIN"';
  reading "$OUT";
  MAIN=$FILE;
  DIR=${MAIN%/*};
  case $OPTS in *-q*|*[Ll][Oo][Gg][Ll][Ee][Vv][Ee][Ll]*) LOUD= ;; esac;
  case $OUT in *' setting '[Ll][Oo][Gg][Ll][Ee][Vv][Ee][Ll]*) LOUD= ;; esac;
fi;
if [ -z "$MAIN" ] && [ -n "$IMAGE" ]; then for f in /etc /usr/local/etc /usr/etc; do
  if [ -e "$f/ssh/sshd_config" ]; then MAIN=$f/ssh/sshd_config; break; fi;
done; fi;
if [ -z "$MAIN" ]; then lost compiled "$SSHD: ${ERR%%"$NL"*}"; exit 0; fi;
say main "$MAIN";
if [ ! -r "$MAIN" ]; then say unreadable "$(cat "$MAIN" 2>&1 >/dev/null)"; exit 0; fi;
if [ -n "$LP" ] && [ -d "/proc/$LP/root/" ] && ! same "/proc/$LP/root$MAIN" "$MAIN"; then lost root "$MAIN"; fi;
eval "set -- $OPTS";
while [ $# -gt 0 ]; do case $1 in
  -[46q]) say option "$1"; shift ;;
  *) say option "$1 $2"; shift 2 ;;
  esac; done;
if [ -n "$LOUD" ]; then say loud; else effective ''; fi;
LOUD=;
reported dump;

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
AWAY=;
meet() { case $SEEN in *"|$1|"*) return ;; esac;
  SEEN="$SEEN$1|";
  case $1 in */../*) AWAY=1 ;; /etc/ssh/*|/usr/*) if [ -L "$1" ]; then AWAY=1; fi ;; *) AWAY=1 ;; esac;
  case $1 in *"$NL"*) say oddname "${1%%"$NL"*}"; exit 0 ;; esac;
  stamp "$1";
  NEW="$NEW $WORD"; };
NEW=;
SERVER=1;
meet "$MAIN";
while [ -n "$NEW" ]; do
  FILES=$FILES$NEW;
  set -f;
  i=$IFS;
  IFS=$NL;
  # shellcheck disable=SC2046 # lines are wanted
  set -- $(eval "includes $NEW");
  NEW=;
  for g in "$@"; do
    if [ -z "$DIR" ]; then case $g in /*) ;; *) compiled; DIR=${FILE%/*} ;; esac; fi;
    d=${g%/*};
    case $g in */*) ;; *) d=. ;; esac;
    case $d in /*) ;; *) d=$DIR/$d ;; esac;
    if [ -d "$d" ]; then say includedir "$d"; stamp "$d"; fi;
  done;
  set +f;
  IFS=;
  for g in "$@"; do
    case $g in /*) ;; *) g=$DIR/$g ;; esac;
    for f in $g; do
      if [ -f "$f" ] && [ -r "$f" ]; then meet "$f"; fi;
    done;
  done;
  IFS=$i;
done;
# What cloud-init would write at the first boot of an instance decides where our lines
# go. It may be a file of ours that an Include of ours reads, and that no other would:
# such a one is told of also when the Include is gone.
for f in /usr/bin/cloud-init /usr/local/bin/cloud-init; do if [ -x "$f" ]; then say cloudinit; break; fi; done;
d=${MAIN%/*}/sshd_config.d;
if [ -d "$d" ]; then say includedir "$d"; fi;
for f in "$d"/*.conf; do
  l=;
  if [ -f "$f" ] && [ -r "$f" ]; then IFS= read -r l <"$f"; fi;
  case $l in '# Managed by Terraform: sshkeepalive_server'*) meet "$f" ;; esac;
done;
FILES=$FILES$NEW;
NEW=;
eval "send $FILES";
eval "mounts $FILES";
say dir "${DIR:-${MAIN%/*}}";

# Without its pid file a daemon does not tell when it loaded its files, but when it
# was started.
age() { { read -r s <"/proc/$LP/stat"; } 2>/dev/null || return; set -- ${s##*) }; say born "${20}" "$(sed -n 's/^btime //p' /proc/stat)"; };
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
  p=;
  if [ -n "$PF" ]; then { read -r p <"$PF"; } 2>/dev/null; fi;
  if [ "${p:-none}" = "$LP" ]; then say pidfile "$PF"; stamp "$PF";
  elif [ -n "$LP" ]; then age; fi;
  each() { for s in "$@"; do effective "$s"; reported context "$s"; done; };
  specs;
  wants;
fi;

stamped "$STAMPS";

# Which sockets listen, with their inode numbers: a reload makes new ones. A busy
# host has thousands of others, which a shell would read byte by byte.
[ -z "$SOCKETS" ] || sed -n 's/^ *[0-9]*: \([^ ]*\) [^ ]* 0A [^ ]* [^ ]* [^ ]*  *[0-9]*  *[0-9]* \([0-9]*\) .*/@listen \1 \2/p' /proc/net/tcp /proc/net/tcp6 2>/dev/null;
# Only a change that is under way leaves this directory.
if [ -d "$STATE" ]; then say state; fi;
identify;
say end;
