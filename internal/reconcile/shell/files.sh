# What every script that gathers facts about a tree of files needs.

say() { SAY=$1; shift; for ARG; do SAY="$SAY $ARG"; done; printf '@%s\n' "$SAY"; };

# Which machine it is, where the system has an id.
identify() { for f in /etc/machine-id /var/lib/dbus/machine-id; do
    if [ -s "$f" ]; then read -r l <"$f"; say machine "$l"; break; fi;
  done; };

# A name as one word of a list that eval reads.
word() { case $1 in
  *\'*) WORD="'$(printf '%s' "$1" | sed "s/'/'\\\\''/g")'" ;;
  *) WORD="'$1'" ;;
  esac; };

# bound ends a program that waits without end: for a pipe that another account put in the
# place of a file.
# Where AWAY is empty no other account can have put one there, and a program is saved.
AWAY=1;
if command -v timeout >/dev/null; then bound() { if [ -n "$AWAY" ]; then timeout 20 "$@"; else "$@"; fi; }; else bound() { "$@"; }; fi;

NL=$(printf '\nx');
NL=${NL%x};

# Files: their names, then what wc counts of each, then the bytes of all in the same
# order, and a line that proves that they were as many. One program for all is the
# least that a host can be asked to start.
send() { [ $# -gt 0 ] || return 0; for f in "$@"; do say file "$f"; done; say sizes; bound wc -c "$@"; say bytes; bound cat "$@"; echo; };

# Which of the files are mounts of their own, as containers and ConfigMaps have them:
# no other file can take the place of such a one.
mounts() { [ $# -gt 0 ] || return 0;
  for f in "$@"; do set -- "$@" -e " $f "; shift; done;
  grep -F "$@" /proc/self/mountinfo 2>/dev/null | while read -r l; do say mount "$l"; done; };
