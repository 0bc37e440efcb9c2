# Process 1 around a lab host. It runs in mount, pid, network, uts and ipc
# namespaces of its own and gets: $1 the root file system, $2 the host name. The
# host's systemd runs below it, and comes and goes with every boot; the files and
# the network stay.
#
# Standard input is a pipe that the test process holds open. When that process is
# gone, however it ended, the pipe closes and process 1 ends everything.
set -eu
root=$1
mount --make-rprivate /
mount -t proc proc /proc
# systemd-nspawn keeps its locks below /run.
mount -t tmpfs -o mode=0755 tmpfs /run
umount -R -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cgroup=$(mktemp -d /sys/fs/cgroup/sshkeepalive-lab-XXXXXX)
echo "$cgroup" >/run/cgroup
mount -t tmpfs -o mode=0755 tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
echo "$2" >/mnt/root/etc/hostname
printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$2" >/mnt/root/etc/hosts
exec 3<&0 4>&1 </dev/null >/dev/null 2>&1
cat <&3 4>&- &
echo ready >&4
exec 3<&- 4>&-
wait $! || :
kill -KILL -1 || :
# Control groups are the only thing here that the kernel does not take down.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	find "$cgroup" -depth -type d -exec rmdir {} + && break
	sleep 0.1
done
