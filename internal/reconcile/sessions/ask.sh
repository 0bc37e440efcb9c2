# Asks the sshd that listener.sh found, in the contexts of SPECS, how it probes. It makes
# nothing that sshd misses.
V=$("$SSHD" -V 2>&1);
case $V in *OpenSSH_*) V=OpenSSH_${V#*OpenSSH_} ;; esac;
say release "${V%%"$NL"*}";
IFS=$NL;
for SPEC in $SPECS; do
  IFS=' ';
  OUT=$(eval "bound \"\$SSHD\" -T ${FILE:+-f \"\$FILE\"} $OPTS -C \"\$SPEC\"" 2>&1 </dev/null);
  say context "$?" "$SPEC";
  printf '%s\n' "$OUT" | sed -n 's/^clientalive\(interval\|countmax\) /@\1 /p; s/^\(.*not in connection test.*\|.*[Mm]issing privilege.*\|.*[Bb]ad configuration.*\|.*fatal.*\)$/@refused \1/p';
done;
