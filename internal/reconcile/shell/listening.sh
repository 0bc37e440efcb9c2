# Which processes listen at sockets. Standard input is lines "@socket PATH", a line @unix
# and /proc/net/unix, a line @held and what ls -ln prints of the /proc/PID/fd of the
# processes. ssh binds a name that has a dot and 16 letters more, and gives the socket its
# own name afterwards: the kernel keeps the first. It is sent as gather.sh is, so every
# line ends where a blank may follow.
listening() { LC_ALL=C awk '
    function first(f, l) { l = ""; getline l < f; close(f); return l; }
    /^@unix$/ && !part { part = 1; next; }
    /^@held$/ && part == 1 { part = 2; next; }
    !part { path[substr($0, 9)] = ++n; next; }
    part == 1 { if ($4 != "00010000") next;
      p = $0;
      for (i = 0; i < 7; i++) sub(/^ *[^ ]+ +/, "", p);
      if (!(p in path) && match(p, /\.[A-Za-z0-9]+$/) && RLENGTH == 17) p = substr(p, 1, RSTART - 1);
      if (p in path) at[$7] = path[p];
      next; }
    /^\/proc\/[0-9]+\/fd:$/ { d = substr($0, 1, length($0) - 4); next; }
    / -> socket:\[[0-9]+\]$/ { k = $NF;
      gsub(/[^0-9]/, "", k);
      if (!(k in at)) next;
      s = first(d "/stat");
      if (s == "") next;
      c = s;
      sub(/^[0-9]+ \(/, "", c);
      sub(/\) [^)]*$/, "", c);
      sub(/^.*\) /, "", s);
      split(s, w, " ");
      u = "-";
      f = d "/status";
      while ((getline l < f) > 0) if (l ~ /^Uid:/) { split(l, v, /[ \t]+/); u = v[2]; }
      close(f);
      print "@listener " at[k] " " substr(d, 7) " " u " " w[20] " " c;
  }'; };
