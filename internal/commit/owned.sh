# Where a path really leads, and which accounts could change that. Other programs
# take these functions along on one line, so every line ends where a blank may follow.

ME=$(id -u);

# attributes PATH: who owns it, and its mode as ls prints it, which every system does.
attributes() { set -f;
  # shellcheck disable=SC2046 # words are wanted
  set -- $(ls -ldn "$1" 2>/dev/null);
  set +f;
  PERM=$1; OWNER=$3; GROUP=$4; };

# ingroup DIR: is the group of DIR called as its owner is, who is not root?
ingroup() { set -f;
  # shellcheck disable=SC2046 # words are wanted
  set -- $(ls -ld "$1" 2>/dev/null);
  set +f;
  [ "$ME" != 0 ] && [ -n "$3" ] && [ "$3" = "$4" ]; };

# exclusive DIR ENTRY: can only root and we change what ENTRY of DIR is? sshd asks the
# same of every directory above authorized_keys (safe_path in misc.c). What an access
# list gives to others shows in the bits of the group. In a sticky directory an entry is
# safe that is ours. macOS has /var/run 775 of root and daemon (1), a group of root alone;
# and an account may share its own directory with the group of its name, which most
# systems make for it alone.
SAFE=//;
exclusive() { case $SAFE in *"//$1//"*) return ;; esac;
  attributes "$1";
  if [ -z "$PERM" ] && [ ! -e "$1" ]; then return; fi;
  case $OWNER in 0|"$ME") ;; *) return 1 ;; esac;
  case $PERM:$OWNER:$GROUP in
    d????-??-*|d????w??-*:0:1) SAFE=$SAFE$1// ;;
    d????w??-*:"$ME":*) ingroup "$1" ;;
    d????????[tT]*) set -- "$PERM" "$OWNER" "$1/$2";
      attributes "$3";
      case $OWNER in 0|"$ME") return ;; esac;
      PERM=$1; OWNER=$2;
      return 1 ;;
    *) return 1 ;;
  esac; };

# walk PATH sets WAY to where PATH leads, without a link in it. EXPOSED is the first
# directory on that way in which another account could exchange files, with its owner
# and mode, and TAKEN the first one that belongs to another account. A link there, or
# below, is that account's word: it is not followed, and walk fails with LINK set.
walk() { WAY=; EXPOSED=; TAKEN=; LINK=; REST=$1; HOPS=0;
  while [ -n "$REST" ]; do
    REST=${REST#/};
    PART=${REST%%/*};
    case $REST in */*) REST=/${REST#*/} ;; *) REST= ;; esac;
    case $PART in ''|.) continue ;; ..) WAY=${WAY%/*}; continue ;; esac;
    if ! exclusive "${WAY:-/}" "$PART"; then
      EXPOSED=${EXPOSED:-"$OWNER $PERM ${WAY:-/}"};
      case $OWNER in 0|"$ME") ;; *) TAKEN=${TAKEN:-"$OWNER $PERM ${WAY:-/}"} ;; esac;
    fi;
    if [ -L "$WAY/$PART" ]; then
      HOPS=$((HOPS + 1));
      if [ -n "$EXPOSED" ] || [ $HOPS -gt 40 ]; then LINK=$WAY/$PART; return 1; fi;
      TO=$(readlink "$WAY/$PART");
      REST=/$TO$REST;
      case $TO in /*) WAY= ;; esac;
    else WAY=$WAY/$PART; fi;
  done; };

# inside DIR COMMAND... runs it in that very directory: a working directory is held, and
# what the system says is its path cannot be a link that led elsewhere.
inside() ( if ! cd -P "$1" 2>/dev/null || [ "$(pwd -P)" != "$1" ]; then echo "$1: was exchanged while it was used" >&2; exit 1; fi;
  shift;
  "$@"; );
