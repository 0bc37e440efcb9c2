# Looks at the sessions of sshd, at those of logind, and at processes that process 1
# adopted. Go puts in front: files.sh, and asked(), which asks sshd in the contexts of
# SPECS. It makes no file. It is sent as other scripts are, so every line ends where a
# blank may follow.
if [ ! -r "/proc/$$/stat" ]; then say noproc "$(uname -s)"; exit 0; fi;
if [ "$(id -u)" != 0 ]; then say noroot "$(id -un)"; exit 0; fi;
if ! command -v awk >/dev/null; then say noawk; exit 0; fi;
LC_ALL=C;
export LC_ALL;
tell() { [ -z "$1" ] || printf '%s\n' "$1"; };
# A /proc that shows each account its own processes only shows them all to root, unless
# a container took the right to trace away: bit 19.
c=$(sed -n 's/^CapEff:.*\(........\)$/\1/p' /proc/self/status);
case $(sed -n 's/^[^ ]* \/proc proc \([^ ]*\).*/\1/p' /proc/mounts) in
  *hidepid=0*|*hidepid=off*) ;;
  *hidepid=*) if [ $((0x$c >> 19 & 1)) = 0 ]; then say hidden; fi ;;
esac;

# Every process of sshd, and every one whose parent is process 1. Of its cgroups, that of
# systemd is in the hierarchy of that name or in the one that has none; the other has /. The kernel writes a
# line end in the name of a program as \n here, and not in comm. Of a command line only
# the title is read that sshd gives itself: others hold secrets.
LIST=$(for d in /proc/[0-9]*; do echo "$d"; done | awk -v self=$$ '
  function first(f, l) { l = ""; getline l < f; close(f); return l; }
  { s = first($0 "/stat");
  if (s == "") next;
  p = substr($0, 7) + 0;
  t = s;
  sub(/^.*\) /, "", t);
  split(t, w, " ");
  parent[p] = w[2];
  d = s ~ /^[0-9]+ \(sshd/;
  if (w[2] != 1 && !d) next;
  u = "-";
  f = $0 "/status";
  while ((getline l < f) > 0) if (l ~ /^Uid:/) { split(l, v, /[ \t]+/); u = v[2]; }
  close(f);
  c = "";
  f = $0 "/cgroup";
  while ((getline l < f) > 0) if (l ~ /^[0-9]+:name=systemd:|^0::/ && length(c) < 2) { c = l; sub(/^[^:]*:[^:]*:/, "", c); }
  close(f);
  l = first($0 "/loginuid");
  a = first($0 "/sessionid");
  n = s;
  sub(/^[0-9]+ \(/, "", n);
  sub(/\) [^)]*$/, "", n);
  print "@process " p " " w[1] " " w[2] " " w[20] " " n;
  print "@ids " u " " (l == "" ? "-" : l) " " (a == "" ? "-" : a);
  print "@cgroup " c;
  if (d) { t = first($0 "/cmdline"); sub(/[^ -~].*/, "", t); print "@title " substr(t, 1, 300); }
  if (d && u == 0) { monitor[p] = 1; print "@monitor " p; }
  }
  END { p = self; while (p > 1 && !(p in monitor)) p = parent[p]; print "@self " p + 0; print "@login " first("/proc/" self "/loginuid");
}');
read -r UP _ </proc/uptime;
say clock "$(date +%s)" "$UP";
awk '
  /^[ \t]*UID_MIN[ \t]/ { print "@" tolower($1) " " $2;
}' /etc/login.defs 2>/dev/null;
tell "$LIST";

# Which sockets those of its processes hold that run as root: each holds the connection
# of its client.
# shellcheck disable=SC2046 # lines are wanted
HELD=$(i=$IFS; IFS=$NL; ls -ln /dev/null $(printf '%s\n' "$LIST" | sed -n 's|^@monitor \([0-9]*\)$|/proc/\1/fd|p') 2>/dev/null | awk '
  /^\/proc\/[0-9]+\/fd:$/ { p = substr($0, 7) + 0; print "@held " p; }
  / -> socket:\[[0-9]+\]$/ { n = $NF; gsub(/[^0-9]/, "", n); print "@fd " p " " $(NF-2) " " n;
}');
tell "$HELD";

# The connections among them, as ss or the kernel has them, each behind its two ends.
SOURCE=;
if command -v ss >/dev/null; then ROWS=$(bound ss -tinoe 2>/dev/null </dev/null) && SOURCE=ss; fi;
if [ -z "$SOURCE" ]; then ROWS=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null); if [ -n "$ROWS" ]; then SOURCE=proc; fi; fi;
say source "$SOURCE";
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '
  function hex(s, i, n) { n = 0; for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return n; }
  $4 == "0A" { sub(/.*:/, "", $2); print "@listen " $10 " " hex($2);
}';
FOUND=$({ printf '%s\n' "$LIST" "$HELD"; echo "@rows"; printf '%s\n' "$ROWS"; } | awk -v source="$SOURCE" '
  function hex(s, i, n) { n = 0; for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789ABCDEF", substr(s, i, 1)) - 1; return n; }
  function quad(s) { return hex(substr(s, 7, 2)) "." hex(substr(s, 5, 2)) "." hex(substr(s, 3, 2)) "." hex(substr(s, 1, 2)); }
  function six(s, i, r, g) { if (substr(s, 1, 24) == "0000000000000000FFFF0000") return quad(substr(s, 25)); r = "";
    for (i = 1; i < 32; i += 8) { g = substr(s, i, 8); r = r ":" substr(g, 7, 2) substr(g, 5, 2) ":" substr(g, 3, 2) substr(g, 1, 2); } return "[" substr(r, 2) "]"; }
  function end(s, w) { split(s, w, ":"); return (length(w[1]) == 8 ? quad(w[1]) : six(w[1])) ":" hex(w[2]); }
  function bare(s) { sub(/:[0-9]+$/, "", s); gsub(/[][]/, "", s); sub(/^::ffff:/, "", s); return s; }
  function port(s) { sub(/.*:/, "", s); return s; }
  function tell(n, l, p, row) { if (!(n in holder)) return; print "@tcp " n " " l " " p; print "@row " row;
    if (user[holder[n]] != "") print "@spec user=" user[holder[n]] ",host=" bare(p) ",addr=" bare(p) ",laddr=" bare(l) ",lport=" port(l); }
  function flush(w) { if (match(row, /ino:[0-9]+/)) { split(row, w, " "); tell(substr(row, RSTART + 4, RLENGTH - 4), w[4], w[5], row); } row = ""; }
  rows && source == "ss" { if ($0 ~ /^[ \t]/) row = row " " $0; else { flush(); row = $0; } next; }
  rows { if ($10 ~ /^[0-9]+$/ && $4 != "0A") tell($10, end($2), end($3), $0); next; }
  /^@process / { p = $2; }
  /^@title / { t = $0; sub(/^@title [^:]*: /, "", t); sub(/@(notty|pts\/[0-9pts\/,]*)$/, "", t); sub(/ \[.*/, "", t); if (t ~ /^[A-Za-z0-9._@\\-]+$/) user[p] = t; }
  /^@fd / { holder[$4] = $2; }
  /^@rows$/ { rows = 1; }
  END { flush();
}');
tell "$FOUND" | grep -v '^@spec ';
SPECS=$(printf '%s\n' "$FOUND" | sed -n 's/^@spec //p' | sort -u | head -n 32);
asked;

# When each terminal was read last.
stat -c '@tty %X %n' /dev/pts/[0-9]* 2>/dev/null;

# The names of accounts, and nothing else of their lines.
U=$(printf '%s\n' "$LIST" | sed -n 's/^@ids \([0-9]*\) .*/\1/p' | sort -u | head -n 1000);
{ getent passwd $U || cat /etc/passwd; } 2>/dev/null </dev/null | cut -d: -f1,3 | sed 's/^/@account /';

# Logind is asked only where it runs: asking would start it.
if [ ! -d /run/systemd/sessions ]; then say nologind 'no logind runs on the host';
elif ! command -v loginctl >/dev/null; then say nologind 'the host has no loginctl';
elif ! IDS=$(bound loginctl list-sessions --no-legend 2>&1 </dev/null); then say nologind "loginctl: ${IDS%%"$NL"*}";
else
  # shellcheck disable=SC2046 # words are wanted
  set -- $(printf '%s\n' "$IDS" | awk '
    $1 ~ /^[A-Za-z0-9]+$/ { print $1;
  }');
  ALL=;
  if [ $# -gt 0 ]; then
    ALL=$(bound loginctl show-session -p Id -p Name -p Leader -p State -p RemoteHost -p Scope -p Service -p TTY -p TimestampMonotonic "$@" 2>&1 </dev/null) || { say nologind "loginctl: ${ALL##*"$NL"}"; ALL=; };
  fi;
  printf '%s\n' "$ALL" | sed -n 's/^\([A-Z][A-Za-z]*=.*\)/@session \1/p';
  for p in $(printf '%s\n' "$ALL" | sed -n 's/^Leader=\([1-9][0-9]*\)$/\1/p'); do
    if [ -d "/proc/$p" ]; then l=; { while read -r c; do case $c in *name=systemd:/?*|0::/?*) l=$c ;; esac; done <"/proc/$p/cgroup"; } 2>/dev/null; say leader "$p" "$l"; fi;
  done;
fi;
identify;
say end;
