# Tells what a host does with dead connections and with the processes of ended logins: the
# values in use, and the files that set them at boot. Go puts in front: IMAGE (not empty
# where nothing runs), OURS (our drop-ins), and files.sh. It is sent as the other gather.sh
# are, so every line ends where a blank may follow.

identify;
has() { for f do if [ -e "$f" ]; then return; fi; done; return 1; };

# A network namespace has values of its own, and what is read at boot is for that of
# process 1. Not every shell can read a value: the kernel tells a reader of single bytes,
# as mksh is one, only the first.
P=/proc/sys/net/ipv4;
kernel() { for k in tcp_retries2 tcp_keepalive_time tcp_keepalive_intvl tcp_keepalive_probes; do
    if [ ! -r "$P/$k" ]; then say lacks "net.ipv4.$k" "this kernel, or this container, has no $P/$k"; continue; fi;
    say value "net.ipv4.$k" "$(cat "$P/$k")";
    if [ ! -w "$P/$k" ]; then say lacks "net.ipv4.$k" "$P/$k cannot be written: in a container it belongs to the machine around it";
    elif [ "$A" != "$B" ]; then say lacks "net.ipv4.$k" "sshd runs in a network namespace of its own, and the values of the host are those of process 1"; fi;
  done; };
bus() { bound busctl --auto-start=no get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses KillExcludeUsers KillOnlyUsers 2>&1 | head -c 100000 | while read -r l; do say bus "$l"; done; };
if [ -n "$IMAGE" ]; then
  has /lib/systemd/systemd-logind /usr/lib/systemd/systemd-logind || say lacks logind "the image has no systemd-logind";
  if has /lib/systemd/systemd /usr/lib/systemd/systemd; then say init systemd; fi;
else
  A=$(readlink /proc/1/ns/net 2>/dev/null);
  B=$(readlink /proc/self/ns/net 2>/dev/null);
  A=${A:-$B};
  kernel;
  if [ -d /run/systemd/system ]; then say init systemd; bus;
  else say lacks logind "systemd does not run on this host, so no logind ends processes";
    if has /etc/init.d/procps /etc/init.d/sysctl; then say init other; fi;
  fi;
fi;

# Of several files with one name, that of the first directory is read.
under() { W=$1; shift; for d do for f in "$d"/*.conf; do conf "$f"; done; done; };
conf() { if [ ! -f "$1" ]; then return; fi;
  case $1 in *"$NL"*) say oddname "${1%%"$NL"*}"; exit 0 ;; esac;
  say "$W" "$1";
  LIST=$LIST$1$NL; };
LIST=;
under sysctl /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d /usr/lib/sysctl.d /lib/sysctl.d;
conf /etc/sysctl.conf;
W=logind;
for f in /etc/systemd/logind.conf /run/systemd/logind.conf /usr/local/lib/systemd/logind.conf /usr/lib/systemd/logind.conf /lib/systemd/logind.conf; do conf "$f"; done;
under logind /etc/systemd/logind.conf.d /run/systemd/logind.conf.d /usr/local/lib/systemd/logind.conf.d /usr/lib/systemd/logind.conf.d /lib/systemd/logind.conf.d;
for d in /etc/sysctl.d /etc/systemd/logind.conf.d; do if [ -d "$d" ]; then say there "$d"; fi; done;

set -f;
BLANKS=$IFS;
IFS=$NL;
# shellcheck disable=SC2086 # lines are wanted
set -- $LIST;
# shellcheck disable=SC2046 # lines are wanted
set -- $(grep -ls -e 'tcp_retries2' -e 'tcp_keepalive_' -e 'KillUserProcesses' -e 'KillExcludeUsers' -e 'KillOnlyUsers' -- "$@" /dev/null);
IFS=$BLANKS;
set +f;
send "$@";
# shellcheck disable=SC2086 # words are wanted
mounts $OURS;
say end;
