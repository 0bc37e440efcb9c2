# Makes what must be there before files can be exchanged, and takes it back, only where no
# other account can exchange files. Go puts files.sh, commit's owned.sh and exposed.sh in
# front, and the calls behind. It is sent as gather.sh is, so every line ends where a
# blank may follow.
safe() { walk "$1" || refused link "$LINK"; [ -z "$EXPOSED" ] || refused taken "$1"; };

# make DIR MODE
make() { if [ -d "$1" ]; then return; fi;
  safe "$1";
  mkdir -m "$2" "$WAY" || exit; };

# begin FILE MASK WRITER makes a file that is not there.
begin() { if [ -e "$1" ]; then return; fi;
  safe "$1";
  (umask "$2"; set -C; "$3" >"$WAY") || exit; };

# unbegin FILE WRITER takes one away that is as begin left it, and drop a directory.
unbegin() { if ! walk "$1" || [ -n "$EXPOSED" ] || [ ! -f "$WAY" ]; then return; fi;
  if [ "$(bound cat "$WAY")" = "$("$2")" ]; then rm -f "$WAY"; fi; };
drop() { if walk "$1" && [ -z "$EXPOSED" ]; then rmdir "$WAY" 2>/dev/null; fi; :; };
