# Whose ssh it is: sets H and HOME to the home of WHO, whom Go assigns (empty is who
# runs this), SSH to the program, and V to its release. It is sent as gather.sh is, so every line ends
# where a blank may follow.

WHO=${WHO:-$(id -un)};
case $WHO in ''|-*|*[!A-Za-z0-9._@\\-]*) say nouser "$WHO"; exit 0 ;; esac;
H=$(getent passwd "$WHO" 2>/dev/null | cut -d: -f6);
if [ -z "$H" ] && id "$WHO" >/dev/null 2>&1; then
  case $WHO in *[!A-Za-z0-9._-]*) ;; *) eval "H=~$WHO" ;; esac;
fi;
case $H in /*) ;; *) say nouser "$WHO"; exit 0 ;; esac;
HOME=$H;
export HOME;
say user "$(id -u "$WHO")" "$WHO";
say home "$H";
say os "$(uname -s)";

SSH=;
for f in "$(command -v ssh 2>/dev/null)" /usr/bin/ssh /usr/local/bin/ssh; do
  if [ -x "$f" ]; then SSH=$f; break; fi;
done;
if [ -z "$SSH" ]; then say nossh; exit 0; fi;
say ssh "$SSH";
V=$("$SSH" -V 2>&1 | grep -m1 OpenSSH_);
say version "$V";
