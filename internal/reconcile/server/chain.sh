# instance P: is it the main process of a unit that systemd made for one connection?
# The unit has the command line, and may leave options to a file of variables.
instance() { [ -d /run/systemd/system ] || return;
  m=; ARGV=; envs=; own=; i=$IFS; IFS=$NL; set -f;
  for l in $(systemctl show -p MainPID -p ExecStart -p Environment -p EnvironmentFiles 'ssh*@*' 2>/dev/null); do
    case $l in MainPID=*) m=${l#*=} ;; esac;
    if [ "$m" = "$1" ]; then case $l in
      ExecStart=*) ARGV=${l#*argv\[\]=}; ARGV=${ARGV%% [;] ignore_errors=*} ;;
      Environment=*) own=${l#*=} ;;
      EnvironmentFiles=*) l=${l#*=}; envs="$envs$NL${l% \(*}" ;;
      esac; fi;
  done;
  case $ARGV in *\$*)
    v=${ARGV#*\$}; v=${v#\{}; l=${v%%[!A-Za-z0-9_]*}; v=${v#"$l"}; v=${v#\}};
    # shellcheck disable=SC2086 # words are wanted
    x=$(sed -n "s/^[[:space:]]*$l=\([\"']\{0,1\}\)\(.*\)\1\$/\2/p" $envs 2>/dev/null);
    ARGV=${ARGV%%\$*}$x$v;
    case $own in *"$l="*) ARGV=$ARGV\$ ;; esac ;;
  esac;
  set +f; IFS=$i;
  case $ARGV in
  '') return 1 ;;
  *[\$\\\"\']*|*"$NL"*) lost readings "$ARGV" ;;
  *) parsed; EACH=1; GREETED= ;;
  esac; };

# Finds the daemon that accepted this very session: LP is its process. Every
# parent of this script is looked at, through sudo or doas, up to process 1. A
# process of sshd has the title "NAME: text", where NAME is its program: a session
# has its user there, and a listener, from 8.2 on, its command line, which begins
# with a path. So the daemon is the parent of the topmost process of the nearest
# session. Another sshd further up, in whose session the daemon was started,
# has nothing to do with it. Before 8.2, and with a command line of more than 1023
# bytes, a listener keeps its arguments; then its program has the session's name, or
# from 9.8 on that of sshd-session.
#
# A listener that was restarted is not above its old sessions, and what starts an
# sshd for each connection is not an sshd: UP is the process that is there instead.
# launchd starts Apple's sshd, and systemd names the unit.
p=$$;
S=;
UP=none;
while [ "${p:-0}" -gt 0 ]; do
  if named "$p"; then
    case $TEXT in /*) LP=$p; break ;; esac;
    S=$p;
    SESSION=$NAME;
  elif [ -n "$S" ]; then
    case $TITLE in /*) case $SESSION in "$NAME"|"$NAME-session") LP=$p ;; esac ;; esac;
    UP="$NAME $p";
    break;
  fi;
  p=$PARENT;
done;
if [ "$OWNER" != 0 ]; then LP=; UP="$NAME $p"; fi;
if [ -z "$S" ]; then LP=; lost session;
elif [ -n "$LP" ]; then arguments "$LP";
elif [ "$UP" = 'launchd 1' ]; then SSHD=/usr/sbin/sshd; EACH=1;
elif ! instance "$S"; then lost parent "$UP"; fi;
