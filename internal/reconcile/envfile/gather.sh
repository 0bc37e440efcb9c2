# Tells of an environment file everything but its secrets. Go puts in front: KEYS, the
# keys whose values may be seen, with a blank on either side of each, TIMED, which is set
# where it matters when the file was changed, files.sh, and open.sh, which sets F.
# It is sent as gather.sh is, so every line ends where a blank may follow.

# What dotenv.Mask does: every byte that may be a secret becomes an x. A quote that
# is not closed goes on in the next lines.
masked() { awk -v keys="$KEYS" '
  function hide(s) { gsub(/[^"\047\\ \t\r#]/, "x", s); return s; }
  function closed(s, i, q, c) { for (; i <= length(s); i++) { c = substr(s, i, 1); if (c == "\\") i++; else if (c == q) return 1; } return 0; }
  function assignment(s, lead, rest, key, at, c, open) {
    if (!match(s, /^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_.]*[ \t]*=[ \t]*/)) return hide(s);
    lead = substr(s, 1, RLENGTH);
    rest = substr(s, RLENGTH + 1);
    key = lead;
    sub(/[ \t]*=[ \t]*$/, "", key);
    at = length(key);
    sub(/^[ \t]*(export[ \t]+)?/, "", key);
    at = at - length(key);
    open = index(keys, " " key " ");
    c = substr(rest, 1, 1);
    if ((c == "\"" || c == "\047") && !closed(rest, 2, c)) { open = 0; quote = c; }
    if (!open) rest = hide(rest);
    if (open || key ~ /^(SSH|MUX)_/) return lead rest;
    c = key;
    gsub(/./, "x", c);
    return substr(lead, 1, at) c substr(lead, at + length(key) + 1) rest;
  }
  {
    if (quote != "") { if (closed($0, 1, quote)) quote = ""; print hide($0); next; }
    if (match($0, /^# sshkeepalive resource [0-9a-z]+\r?$/)) { print; next; }
    if (match($0, /^# sshkeepalive added (SSH|MUX)_[A-Za-z0-9_.]*\r?$/)) { print; next; }
    if (match($0, /^# sshkeepalive (took|hid) (SSH|MUX)_[A-Za-z0-9_.]* [0-9]+: /)) {
      note = substr($0, 1, RLENGTH);
      print note assignment(substr($0, RLENGTH + 1));
      quote = "";
      next;
    }
    print assignment($0);
  }' "$F"; };

identify;
SIZE=$(wc -c <"$F");
if [ "$SIZE" -gt 1000000 ]; then say toobig "$SIZE"; exit 0; fi;
if [ "$(tr -d '\000' <"$F" | wc -c)" -ne "$SIZE" ]; then say binary; exit 0; fi;
mounts "$WAY";
if [ -n "$TIMED" ]; then say changed "$(stat -L -c %Y "$F" 2>/dev/null)"; fi;
say before "$(sum <"$F")";
say text $SIZE;
masked;
echo;
say after "$(sum <"$F")";
say end;
