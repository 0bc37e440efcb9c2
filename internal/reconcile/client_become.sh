as() {
  if command -v runuser >/dev/null; then runuser -u "$WHO" -- "$@"; return; fi;
  if command -v sudo >/dev/null; then sudo -n -H -u "$WHO" -- "$@"; return; fi;
  words=;
  for word in "$@"; do words="$words '$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")'"; done;
  su -s /bin/sh "$WHO" -c "exec$words";
};
