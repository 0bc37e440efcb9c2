# Finds the environment file, whose name is in FILE, and opens it: sets F to a name under
# which it can be read any number of times. Go puts commit's owned.sh and exposed.sh in
# front. It is sent as gather.sh is, so every line ends where a blank may follow.

identity() { stat -c '%d:%i %F' "$@" 2>/dev/null; };

# Where another account can exchange the file for a link or for a pipe that blocks who
# opens it, a process of its own opens it; then it cannot be exchanged any more, and is
# what it seems if the directory still has it under that name, and no link to it.
hold() { C=; trap 'if [ -n "$C" ]; then kill "$C" 2>/dev/null; fi' EXIT;
  for _ in 1 2 3; do
    if [ -L "$F" ] || [ ! -f "$F" ]; then return 1; fi;
    # shellcheck disable=SC2217 # it reads nothing, it holds
    sleep 60 <"$F" >/dev/null 2>&1 &
    C=$!;
    for _ in 1 2 3 4 5 6 7 8 9; do
      I=$(identity -L "/proc/$C/fd/0");
      case $I in *' regular'*) if [ "$I" = "$(identity "$F")" ]; then F=/proc/$C/fd/0; return; fi ;; esac;
      sleep 0.02 2>/dev/null || sleep 1;
    done;
    kill "$C" 2>/dev/null;
  done; return 1; };

walk "$FILE" || refused link "$LINK";
D=${WAY%/*};
D=${D:-/};
F=./${WAY##*/};
if [ ! -e "$WAY" ] && [ ! -L "$WAY" ]; then say nofile; exit 0; fi;
if ! cd -P "$D" 2>/dev/null || [ "$(pwd -P)" != "$D" ]; then say exchanged; exit 0; fi;
if [ ! -f "$F" ] || [ ! -r "$F" ]; then say unreadable; exit 0; fi;
if [ -n "$EXPOSED" ] && ! hold; then say exchanged; exit 0; fi;
