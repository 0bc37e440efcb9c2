# What every script that asks an sshd needs: SSHD is the program, HK what makes it
# load the keys of the host.
LENT=;
GIVEN=;
T=;
trap '[ -z "$T" ] || rm -rf "$T"; [ -z "$GIVEN" ] || rmdir "$GIVEN"' EXIT;
room() { [ -n "$T" ] || T=$(mktemp -d) || { say notemp; exit 0; }; };

# sshd -T wants its privilege separation directory, which is missing while
# ssh.socket has not started a daemon yet. It is given one, which stays: a daemon
# that starts at this moment would lose it again, and refuse every login.
make_privsep_dir() { d=${ERR#*Missing privilege separation directory: };
  d=${d%%[[:cntrl:]]*};
  case $ERR in *'Missing privilege separation directory: '*) ;; *) return 1 ;; esac;
  mkdir -m 755 "$d" 2>/dev/null && if [ -n "$IMAGE" ]; then GIVEN=$d; fi; };

# An image gets its host keys at its first boot, and sshd says nothing without one.
lend_host_key() { case $ERR in *'no hostkeys available'*) ;; *) return 1 ;; esac;
  [ -n "$IMAGE" ] && [ -z "$LENT" ] && room &&
  ssh-keygen -q -t ed25519 -N '' -f "$T/key" </dev/null >/dev/null 2>&1 && LENT="-h $T/key"; };

# OUT is what a program prints, RC its status, and ERR what it says if it fails: it
# is run again for that, because a file to keep it apart in costs two programs more
# each time that all is well. LOUD sshd says beside that what it does, in lines that
# end in a carriage return.
LOUD=;
ask() { for n in 1 2 3 4; do
    ERR=;
    if [ -n "$LOUD" ]; then OUT=$("$@" $LENT -ddd 2>&1 </dev/null); else OUT=$("$@" $LENT 2>/dev/null </dev/null); fi;
    RC=$?;
    [ $RC -ne 0 ] || return 0;
    ERR=$("$@" $LENT 2>&1 >/dev/null </dev/null) || make_privsep_dir || lend_host_key || return 0;
  done; };
reported() { say "$1" "$RC" "$2";
  if [ -n "$LENT" ]; then printf '%s\n' "$OUT" | grep -v "^hostkey $T/key\$"; else printf '%s\n' "$OUT"; fi;
  [ -z "$ERR" ] || printf '%s\n' "$ERR" | sed 's/^/@err /' | tr -d '\r'; };

# The wanted lines alone, to be judged and spelled. An image may have no /proc, on
# which /dev/stdin rests. Match lines among them stand at the end, where it does not
# matter what they match; but without a connection sshd refuses what it cannot look up.
# PEER is such a connection where there are any.
alone() { if [ -z "$PIPED" ]; then printf '%s' "$WANTED" >"$T/want"; "$SSHD" -T -f "$T/want" $PEER "$@";
  else printf '%s' "$WANTED" | "$SSHD" -T -f /dev/stdin $PEER "$@"; fi; };
canonical() { WANTED=; for l in "$@"; do WANTED=$WANTED$l$NL; done;
  case $* in *[Hh][Oo][Ss][Tt][Kk][Ee][Yy]\ *) set -- ;; *) set -- $HK ;; esac;
  PIPED=; if [ -e /dev/stdin ]; then PIPED=1; else room; fi;
  ask alone "$@"; reported canon; };
