# What every script that asks an sshd needs: SSHD is the program, HK what makes it
# load the keys of the host.

# sshd -T wants its privilege separation directory, which is missing while
# ssh.socket has not started a daemon yet. It is given one, which stays: a daemon
# that starts at this moment would lose it again, and refuse every login.
workspace() { LENT=; GIVEN=; T=$(mktemp -d) || { say notemp; exit 0; };
  trap 'rm -rf "$T"; [ -z "$GIVEN" ] || rmdir "$GIVEN"' EXIT; };
give() { d=$(sed -n 's/^Missing privilege separation directory: //p' "$T/err" | tr -d '\r');
  [ -n "$d" ] && mkdir -m 755 "$d" 2>/dev/null && if [ -n "$IMAGE" ]; then GIVEN=$d; fi; };

# An image gets its host keys at its first boot, and sshd says nothing without one.
lend() { [ -n "$IMAGE" ] && [ -z "$LENT" ] && grep -q 'no hostkeys available' "$T/err" &&
  ssh-keygen -q -t ed25519 -N '' -f "$T/key" </dev/null >/dev/null 2>&1 && LENT="-h $T/key"; };
ask() { "$@" $LENT >"$T/out" 2>"$T/err" </dev/null; RC=$?;
  while [ $RC -ne 0 ] && { give || lend; }; do "$@" $LENT >"$T/out" 2>"$T/err" </dev/null; RC=$?; done; };
told() { say "$1" "$RC" "$2";
  if [ -n "$LENT" ]; then grep -v "^hostkey $T/key\$" "$T/out"; else cat "$T/out"; fi;
  [ ! -s "$T/err" ] || sed 's/^/@err /' "$T/err" | tr -d '\r'; };

# The wanted lines alone, to be judged and spelled.
canon() { printf '%s\n' "$@" >"$T/want";
  case $* in *[Hh][Oo][Ss][Tt][Kk][Ee][Yy]\ *) set -- ;; *) set -- $HK ;; esac;
  ask "$SSHD" -T -f "$T/want" "$@"; told canon; };
