# Which files the files of a tree include. Go puts files.sh in front. It is sent as
# gather.sh is, so every line ends where a blank may follow.

# includes FILE...: the words after the Include lines of files, one a line, as ssh reads
# them, and where SERVER is set sshd. delim is strdelim of misc.c. argv is argv_split,
# which came with 8.7: two kinds of quotes, escapes of them, and an end at a # where a
# word would begin. sshd before 8.7 (where OLD is set) reads no further than to the
# first #.
SERVER=;
if ! command -v awk >/dev/null; then say noawk; exit 0; fi;
includes() { bound awk -v old="$OLD" -v server="$SERVER" '
  function at(k) { return substr(s, k, 1); }
  function blank(c) { return c == " " || c == "\t" || c == "\r"; }
  function skip() { while (i <= n && blank(at(i))) i++; }
  function delim( from, c) {
    w = "";
    for (from = i; i <= n; i++) {
      c = at(i);
      if (c != "\"" && c != "=" && !blank(c)) continue;
      w = substr(s, from, i - from);
      i++;
      if (c == "\"") {
        for (from = i; i <= n && at(i) != "\""; i++);
        if (i > n) { w = ""; return 0; }
        w = w substr(s, from, i - from);
        i++;
      }
      skip();
      if (blank(c) && at(i) == "=" && i <= n) { i++; skip(); }
      return 1;
    }
    w = substr(s, from, i - from);
    return 1;
  }
  function argv( from, c, d) {
    w = q = "";
    while (i <= n && (at(i) == " " || at(i) == "\t")) i++;
    if (i > n || at(i) == "#") return 0;
    for (from = i; i <= n; i++) {
      c = at(i);
      if (c == "\\") {
        d = i < n ? at(i + 1) : "";
        if (d != "\"" && d != "\047" && d != "\\" && (d != " " || q != "")) continue;
        w = w substr(s, from, i - from);
        from = ++i;
      } else if (q == "" && (c == " " || c == "\t")) break;
      else if (c == q || q == "" && (c == "\"" || c == "\047")) {
        w = w substr(s, from, i - from);
        q = q == "" ? c : "";
        from = i + 1;
      }
    }
    w = w substr(s, from, i - from);
    return q == "";
  }
  {
    s = t = $0;
    gsub(/"/, "", t);
    if (t !~ /^[ \t\r=]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee]/) next;
    n = length(s);
    if (old && server && index(s, "#")) n = index(s, "#") - 1;
    while (n > 0 && (blank(at(n)) || at(n) == "\f")) n--;
    i = 1;
    skip();
    if (!delim()) next;
    if (w == "" && !delim()) next;
    if (tolower(w) != "include") next;
    all = q = "";
    if (old) { while (delim() && w != "") all = all w "\n"; } else while (argv()) if (w != "") all = all w "\n";
    if (q == "") printf "%s", all;
  }' "$@"; };
