# Changes of other runs that are live and that nothing has confirmed yet, by the marks
# that the scripts of commit leave. Go assigns STATE, their directory. What another
# account than root and ours can have written there is not believed.
alone() { set -f;
  # shellcheck disable=SC2046 # words are wanted
  set -- $(ls -ldn "$1" 2>/dev/null);
  set +f;
  case $1:$3 in d????-??-*:0|d????-??-*:"$ME") ;; *) return 1 ;; esac; };
marks() { B=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime 2>/dev/null | tr -d ' ');
  for d in "$STATE"/*; do
    if [ -d "$d" ] && alone "$d" && [ -s "$d/watchdog" ]; then
      M=;
      if [ -e "$d/rolling" ]; then M=rolling; elif [ -e "$d/armed" ]; then M=armed; fi;
      # shellcheck disable=SC2046 # words are wanted
      [ -z "$M" ] || say pending "${d##*/}" "$M" "$(date +%s)" "${B:-unknown}" $(cat "$d/deadline" "$d/watchdog" 2>/dev/null);
    fi;
  done; };
ME=$(id -u);
if alone "$STATE/."; then marks; fi;
say end;
