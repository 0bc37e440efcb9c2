# Looks at the container of a Coolify: asks the engine what it runs, and the kernel which
# sockets are in it and which processes listen there. No program of the container is run
# and none of its files opened. Go puts in front: CONTAINER (its name), files.sh and
# listening.sh; the script of the environment file follows. It is sent as other scripts
# are, so every line ends where a blank may follow, and it never exits.

FORMAT='@container {{.Id}} {{.State.Pid}} {{json .Created}} {{json .State.StartedAt}} {{json .State.Status}} {{json .Config.Image}}';
MUX=/var/www/html/storage/app/ssh/mux;
say now "$(date +%s)";

# An engine is asked only where it runs: asking dockerd where systemd listens for it would
# start it, and podman would make its directories.
# Only root's count: with a process of that name any account could have an engine started.
runs() { grep -lx "$1" /proc/[0-9]*/comm 2>/dev/null | while read -r l; do stat -c %u "${l%/comm}"; done 2>/dev/null | grep -qx 0; };
ROW=;
if [ ! -r "/proc/$$/stat" ]; then say noproc "$(uname -s)"; fi;
for ENGINE in docker podman; do
  case $ENGINE in docker) d=dockerd ;; *) d=conmon ;; esac;
  if [ -n "$ROW" ] || ! runs "$d"; then continue; fi;
  if ! command -v "$ENGINE" >/dev/null; then say refused "$ENGINE" "$d runs, and there is no program $ENGINE"; continue; fi;
  if OUT=$(bound "$ENGINE" container inspect --format "$FORMAT" "$CONTAINER" 2>&1 </dev/null); then
    ROW=$(printf '%s\n' "$OUT" | grep '^@container ' | head -n 1);
  fi;
  if [ -n "$ROW" ]; then say engine "$ENGINE"; printf '%s\n' "$ROW"; else say refused "$ENGINE" "$(printf '%s' "${OUT:-it did not answer}" | tr '\n' ' ' | cut -c 1-500)"; fi;
done;

# The process that an engine names is that of the container only if the kernel has the id
# of the container in what it tells of the process: an engine may be that of another machine.
# shellcheck disable=SC2086 # words are wanted, and no name of ID and PID is a pattern
set -- ${ROW%%\"*};
ID=$2;
P=$3;
case $P in ''|0|1|*[!0-9]*) P= ;; esac;
case $ID in *[!0-9a-f]*) P= ;; esac;
if [ ${#ID} != 64 ]; then P=; fi;
if [ -n "$P" ]; then
  NS=$(readlink "/proc/$P/ns/mnt");
  if ! grep -qF "$ID" "/proc/$P/cgroup" "/proc/$P/mountinfo" 2>/dev/null || [ -z "$NS" ] || [ "$NS" = "$(readlink /proc/self/ns/mnt)" ]; then say foreign "$P"; P=; fi;
fi;

# The directory of the sockets, which no link may lead to: an absolute one leads out of
# the container. A container that exchanges a directory for a link in this very moment has
# names of sockets of the host listed, and nothing else of it.
DIR=;
if [ -n "$P" ]; then
  DIR=/proc/$P/root$MUX;
  d=/proc/$P/root;
  for f in var www html storage app ssh mux; do
    d=$d/$f;
    if [ -z "$DIR" ]; then continue; fi;
    if [ -L "$d" ]; then say nodir "${d#/proc/*/root} in the container is a link, which is not followed"; DIR=;
    elif [ ! -d "$d" ]; then say nodir "${d#/proc/*/root} is not in the container"; DIR=; fi;
  done;
fi;
# What could not be read in full is not told: "none" must not stand for it.
more() { [ "$(printf '%s\n' "$1" | wc -l)" -ge "$2" ]; };
if [ -n "$DIR" ]; then
  read -r l _ </proc/uptime;
  say uptime "$l";
  FOUND=$({ bound find "$DIR" -maxdepth 1 -type s 2>/dev/null && echo @found; } | grep -x -e "$DIR/[A-Za-z0-9_.:@-]\{1,100\}" -e @found | head -n 5000);
  case $FOUND in *@found) FOUND=${FOUND%@found} ;; *) say nodir 'the sockets could not be listed, or are more than 4999' ;; esac;
  NAMES=$FOUND;
  # shellcheck disable=SC2046 # lines are wanted, in which no blank is
  FOUND=$(stat -c '%a %u %Y %n' $(printf '%s\n' "$FOUND" | sort) 2>/dev/null | sed "s|$DIR/||");
  if [ -n "$NAMES" ] && [ -z "$FOUND" ]; then say nodir 'stat does not tell about the sockets'; fi;
  # Processes that have the same file systems are in the container. Sockets that they
  # listen at without a file are of masters that no ssh finds any more.
  HELD=$(bound ls -l /proc/[0-9]*/ns/mnt 2>/dev/null | grep -F -e "-> $NS" | sed -n 's|.* \(/proc/[0-9]*\)/ns/mnt -> .*|\1/fd|p' | head -n 5000);
  if [ -z "$HELD" ] || more "$HELD" 5000; then say nodir 'the processes of the container could not be listed, or are more than 4999'; fi;
  LOST=$({ printf '%s\n' "$FOUND"; echo @unix; bound cat "/proc/$P/net/unix"; } 2>/dev/null | LC_ALL=C awk -v mux="$MUX/" '
    /^@unix$/ && !part { part = 1; next; }
    !part { have[$4] = 1; next; }
    $4 == "00010000" { p = $0;
      for (i = 0; i < 7; i++) sub(/^ *[^ ]+ +/, "", p);
      if (index(p, mux) != 1) next;
      p = substr(p, length(mux) + 1);
      if (!(p in have) && match(p, /\.[A-Za-z0-9]+$/) && RLENGTH == 17) p = substr(p, 1, RSTART - 1);
      if (!(p in have) && p ~ /^[A-Za-z0-9_.:@-]+$/ && length(p) <= 100) { have[p] = 1; print p; }
  }' | head -n 1000);
  if more "$LOST" 1000; then say nodir 'more than 999 sockets have no file'; fi;
  PATHS=$(printf '%s\n' "$FOUND" | sed -n 's/^[0-9]* [0-9]* [0-9]* /@socket /p');
  printf '%s\n' "$FOUND" | sed -n 's/^[0-9]/@socket &/p';
  for f in $LOST; do
    if [ ! -S "$DIR/$f" ]; then say lost "$f"; PATHS="$PATHS$NL@socket $f"; fi;
  done;
  # shellcheck disable=SC2086 # words are wanted
  HELD=$({ printf '%s\n' "$PATHS" | sed -n "s|^@socket |&$MUX/|p"; echo @unix; bound cat "/proc/$P/net/unix"; echo @held; bound ls -ln /dev/null $HELD; } 2>/dev/null | listening | head -n 20000);
  if more "$HELD" 20000; then say nodir 'more than 19999 processes listen'; elif [ -n "$HELD" ]; then printf '%s\n' "$HELD"; fi;
  if [ "$(readlink "/proc/$P/ns/mnt")" != "$NS" ]; then say nodir 'the container ended while it was looked at'; fi;
  UP=$l;
  read -r l _ </proc/uptime;
  if [ $((${l%%.*} - ${UP%%.*})) -ge 19 ]; then say nodir 'the processes could not be looked at in time'; fi;
fi;
say env;
