# What finds a daemon and reads its command line. B stands between arguments.
LP=;
SSHD=;
FILE=;
OPTS=;
LOST=;
EACH=;
B=' ';

# shellcheck disable=SC3013 # POSIX since 2024
same() { [ "$1" -ef "$2" ] 2>/dev/null; };

# lost says what stands in the way. It ends the look, unless the user named the file
# and no reload could do harm; and where the session may only be older than the
# daemon, a new one is asked first.
lost() { say lost "$*"; LOST=$1; case $1$FRESH/$CFG in */|program*|root*|parent/*) exit 0 ;; esac; };

# title P: the command line, or what it begins with. about P: the name of its
# program, cut at 15 bytes, its parent, and its real user: anybody can have a process
# that looks like sshd, and only root's is believed. The BSDs have no /proc of this
# kind; there ps tells.
if [ -r "/proc/$$/status" ]; then
  title() { TITLE=; { read -r TITLE <"/proc/$1/cmdline"; } 2>/dev/null; };
  about() { NAME=; PARENT=; OWNER=;
    { while read -r k v; do case $k in
      Name:) NAME=$v ;;
      PPid:) PARENT=$v ;;
      Uid:) OWNER=${v%%[!0-9]*}; break ;;
      esac; done <"/proc/$1/status"; } 2>/dev/null; };
else
  title() { TITLE=$(ps -o args= -p "$1" 2>/dev/null); };
  about() { NAME=$(ps -o comm= -p "$1" 2>/dev/null | sed 's|.*/||');
    OWNER=$(ps -o ruid= -p "$1" 2>/dev/null | tr -d ' ');
    PARENT=$(ps -o ppid= -p "$1" 2>/dev/null | tr -d ' '); };
fi;
# named P: has it given itself a title, "NAME: text"? TEXT is the text. A shell has
# not, and one above us has this script on its command line: read would read each byte
# of it by itself.
named() { about "$1"; TEXT=; TITLE=; case $NAME in *sh|sudo|doas) return 1 ;; esac; title "$1"; TEXT=${TITLE#*: };
  case $TITLE in "$NAME: "*) ;; "$NAME"*": "*) [ ${#NAME} = 15 ] ;; *) return 1 ;; esac; };

# listens P: is it an sshd that waits for connections? One without such a title has
# sshd's own name.
listens() { named "$1"; [ "$OWNER" = 0 ] || return; case $TEXT/$NAME in /*' [listener] '*|/*/sshd) ;; *) return 1 ;; esac; };

# arguments P reads the command line of a daemon: SSHD is the program, FILE what -f
# names, and OPTS, for eval, the options that win over every file. The title, which
# replaces arguments and environment in memory from 8.2 on, has blanks between the
# arguments. But sshd takes nothing else than options: a word that is not one goes
# on with the argument before it. Of the environment nothing is left to be read.
arguments() { B=' ';
  named "$1";
  case $TEXT in
  /*' [listener] '*) ARGV=${TEXT%' [listener] '*} ;;
  *) raw "$1" ;;
  esac;
  case $ARGV in *\\*) ARGV=$(printf "$(printf %s "$ARGV" | sed 's/%/%%/g')x"); ARGV=${ARGV%x} ;; esac;
  parsed; };
parsed() { SSHD=; FILE=; OPTS=; O=0; V=; HAS=; rest=$ARGV;
  while [ -n "$rest" ]; do
    w=${rest%%"$B"*};
    case $rest in *"$B"*) rest=${rest#*"$B"} ;; *) rest= ;; esac;
    if [ -n "$O" ] && [ -z "$HAS" ]; then V=$w; HAS=1;
    elif ! lone && isoption "$w"; then doubt; flush; cluster "${w#-}";
    elif [ -n "$O" ]; then V=$V$B$w;
    else lost readings "$ARGV"; fi;
  done;
  flush; };
# A keyword without its value goes on with any word: -o "MACs -hmac-sha1".
lone() { case $B$O$V in ' o'*[!=\ ][=\ ]*[!=\ ]*) return 1 ;; ' o'*) ;; *) return 1 ;; esac; };
isoption() { case $1 in -?*) ;; *) return 1 ;; esac;
  c=${1#-};
  while [ -n "$c" ]; do case $c in
    [fohpcgCEbku]*) return ;;
    [46Deiqr]*) c=${c#?} ;;
    *) return 1 ;;
    esac; done; };
# A command, as the value of an option, may have options of its own. Only what EC2
# Instance Connect does is read all the same: AuthorizedKeysCommand, then -o.
doubt() { case $B$O$V/$w in
  */-[Deiqr]|' o'[Aa]uthorized*[Cc]ommand[\ =]*/-o) ;;
  ' o'[Aa]uthorized*[Cc]ommand[\ =]*|' o'[Ff]orce[Cc]ommand*|' o'[Ss]ubsystem*|' o'[A-Z][A-Z][A-Z][A-Z][A-Z][A-Z][A-Z][A-Z]*) lost readings "$ARGV" ;;
  esac; };
flush() { case $O in
  0) SSHD=$V ;;
  f) FILE=$V ;;
  [ohpcg]) case $V in *"$NL"*) lost readings "$ARGV" ;; esac; word "$V"; OPTS="$OPTS -$O $WORD" ;;
  esac; };
cluster() { O=; c=$1;
  while [ -n "$c" ]; do
    r=${c#?};
    case $c in
    [46q]*) OPTS="$OPTS -${c%"$r"}" ;;
    [fohpcgCEbku]*) O=${c%"$r"}; V=$r; HAS=$r; return ;;
    esac;
    c=$r;
  done; };

# raw P: the bytes of the command line. They are the arguments themselves before
# 8.2, and where the title would have more than 1023 bytes. A title is cut where the
# memory ends that the arguments and the environment had, as after env -i: how long
# the arguments were tells whether that concerns them.
raw() { ARGV=${TEXT% \(*};
  [ -r "/proc/$1/cmdline" ] || return;
  ARGV=$(tr '\0' '\n' <"/proc/$1/cmdline");
  case $ARGV in /*) B=$NL; return ;; esac;
  left=${ARGV#*"$NL"};
  ARGV=${ARGV%%"$NL"*};
  ARGV=${ARGV#*: };
  X=$(readlink "/proc/$1/exe");
  read -r s <"/proc/$1/stat";
  set -- ${s##*) };
  n=$((${47} - ${46} - 1));
  case $X in "$ARGV"*) case $((n - ${#X}))$((${49} - ${48}))$left in 0*|30D) ARGV=$X; return ;; esac ;; esac;
  if [ ${#ARGV} -ge $n ]; then ARGV=$(printf "%.${n}s" "$ARGV");
  else lost cut "$n $ARGV"; ARGV=${ARGV% *}; fi; };
