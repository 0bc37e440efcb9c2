# Says that a path is not safe. Go puts files.sh and commit's owned.sh in front, whose
# walk has set EXPOSED. It is sent as gather.sh is, so every line ends where a blank may
# follow.
owner() { set -f;
  # shellcheck disable=SC2046 # words are wanted
  set -- $(ls -ld "${1#* * }" 2>/dev/null);
  set +f;
  printf '%s\n' "$3"; };
refused() { say exposed "$1" "$EXPOSED"; say whose "$(owner "$EXPOSED")"; say path "$2"; exit 0; };
