# Runs the program on standard input as the account WHO. It is read whole before any of
# it runs, and is on no command line. It is sent as gather.sh is, so every line ends
# where a blank may follow.
as() { r='eval "$(cat)"';
  case $WHO in ''|-*|*[!A-Za-z0-9._@\\-]*) printf '@nouser %s\n' "$WHO"; exit 0 ;; esac;
  if ! id "$WHO" >/dev/null 2>&1; then printf '@nouser %s\n' "$WHO"; exit 0; fi;
  if command -v runuser >/dev/null; then runuser -u "$WHO" -- /bin/sh -c "$r";
  elif command -v sudo >/dev/null; then sudo -n -H -u "$WHO" -- /bin/sh -c "$r";
  else su -s /bin/sh "$WHO" -c "$r"; fi; };
