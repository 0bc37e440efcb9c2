# What every script that asks an sshd needs: SSHD is the program, HK what makes it
# load the keys of the host.

# sshd -T wants its privilege separation directory, which is missing while
# ssh.socket has not started a daemon yet. It is given one, which stays: a daemon
# that starts at this moment would lose it again, and refuse every login.
workspace() { T=$(mktemp -d) || { say notemp; exit 0; };
  trap 'rm -rf "$T"' EXIT; };
give() { d=$(sed -n 's/^Missing privilege separation directory: //p' "$T/err" | tr -d '\r');
  [ -n "$d" ] && mkdir -m 755 "$d" 2>/dev/null; };
ask() { "$@" >"$T/out" 2>"$T/err" </dev/null; RC=$?;
  if [ $RC -ne 0 ] && give; then "$@" >"$T/out" 2>"$T/err" </dev/null; RC=$?; fi; };
told() { say "$1" "$RC" "$2"; cat "$T/out"; sed 's/^/@err /' "$T/err" | tr -d '\r'; };

# The wanted lines alone, to be judged and spelled.
canon() { printf '%s\n' "$@" >"$T/want";
  case $(tr '[:upper:]' '[:lower:]' <"$T/want") in *hostkey\ *) set -- ;; *) set -- $HK ;; esac;
  ask "$SSHD" -T -f "$T/want" "$@"; told canon; };
