# Which files the files of a tree include. Go puts files.sh in front. It is sent as
# gather.sh is, so every line ends where a blank may follow.

# old VERSION sets OLD for an OpenSSH before 8.7, which takes lines apart otherwise.
old() { set -- "${1#*OpenSSH_}";
  set -- "${1%%.*}" "${1#*.}";
  case $1 in ''|*[!0-9]*) return ;; esac;
  if [ "$1" -lt 8 ]; then OLD=1; elif [ "$1" = 8 ]; then case $2 in [0-6]|[0-6][!0-9]*) OLD=1 ;; esac; fi; };

# includes FILE...: the words after the Include lines of files, one a line, as ssh reads
# them, and where SERVER is set sshd. delim is strdelim of misc.c. argv is argv_split,
# which came with 8.7: two kinds of quotes, escapes of them, and an end at a # where a
# word would begin. sshd before 8.7 reads no further than to the first #.
SERVER=;
if ! command -v awk >/dev/null; then say noawk; exit 0; fi;
includes() { bound awk -v old="$OLD" -v server="$SERVER" '
  function blank(c) { return c == " " || c == "\t" || c == "\r"; }
  function skip() { while (i <= n && blank(substr(s, i, 1))) i++; }
  function delim( from, c) {
    w = "";
    for (from = i; i <= n; i++) {
      c = substr(s, i, 1);
      if (c != "\"" && c != "=" && !blank(c)) continue;
      w = substr(s, from, i - from);
      i++;
      if (c == "\"") {
        for (from = i; i <= n && substr(s, i, 1) != "\""; i++);
        if (i > n) { w = ""; return 0; }
        w = w substr(s, from, i - from);
        i++;
      }
      skip();
      if (blank(c) && substr(s, i, 1) == "=" && i <= n) { i++; skip(); }
      return 1;
    }
    w = substr(s, from, i - from);
    return 1;
  }
  function argv( from, c, d) {
    w = q = "";
    while (i <= n && (substr(s, i, 1) == " " || substr(s, i, 1) == "\t")) i++;
    if (i > n || substr(s, i, 1) == "#") return 0;
    for (from = i; i <= n; i++) {
      c = substr(s, i, 1);
      if (c == "\\") {
        d = i < n ? substr(s, i + 1, 1) : "";
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
    while (n > 0 && (blank(substr(s, n, 1)) || substr(s, n, 1) == "\f")) n--;
    i = 1;
    skip();
    if (!delim()) next;
    if (w == "" && !delim()) next;
    if (tolower(w) != "include") next;
    all = q = "";
    if (old) { while (delim() && w != "") all = all w "\n"; } else while (argv()) if (w != "") all = all w "\n";
    if (q == "") printf "%s", all;
  }' "$@"; };
