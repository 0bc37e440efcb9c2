# Removes control sockets at which no process listens. Go puts in front: files.sh, the
# functions of package commit that tell which accounts could exchange a file, and DEAD:
# on each line what tells a socket from its successor, and its path. It is sent as
# gather.sh is, so every line ends where a blank may follow.

file() { stat -c %d:%i:%Y "$1" 2>/dev/null || stat -f %d:%i:%m "$1" 2>/dev/null; };
kept() { say kept "$(printf '%s' "$1" | tr '\n' ' ')"; };

# A new master may take the name over at any moment, and what is removed by its name is
# then a living socket. So the socket is moved aside, which no other program does, and is
# removed only if it is still the one that was asked; else it gets its name back.
take() { if [ ! -e "./$2" ]; then kept "it is gone"; return; fi;
  if [ "$(file "./$2")" != "$1" ]; then kept "another socket has its name"; return; fi;
  aside=./.sshkeepalive-$$-$n;
  e=$(mv "./$2" "$aside" 2>&1) || { kept "$e"; return; };
  if [ "$(file "$aside")" = "$1" ]; then e=$(rm -f "$aside" 2>&1) || { kept "$e"; return; };
    say removed;
  elif ln "$aside" "./$2" 2>/dev/null; then rm -f "$aside"; kept "another socket has its name";
  else kept "two other sockets had its name: the first is $aside"; fi; };

# Only root and the account itself may be able to exchange files on the way to it, or a
# removal could be led to another file.
prune() { if [ -L "$2" ]; then kept "it is a link"; return; fi;
  walk "$2";
  if [ -n "$EXPOSED" ]; then kept "$(id -un) does not remove it, because another account could exchange files on the way (its number, and the mode: $EXPOSED)"; return; fi;
  DIR=${WAY%/*};
  inside "${DIR:-/}" take "$1" "${WAY##*/}" 2>/dev/null || kept "its directory was exchanged, or cannot be entered"; };

identify;
n=0;
printf '%s\n' "$DEAD" | while IFS= read -r l; do
  if [ -z "$l" ]; then continue; fi;
  n=$((n+1));
  say socket "${l#* }";
  prune "${l%% *}" "${l#* }";
done;
say end;
