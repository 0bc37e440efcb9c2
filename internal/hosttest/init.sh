# Process 1 of a test machine. It runs in mount, pid, network, uts and ipc
# namespaces of its own and gets: $1 the unpacked Debian root, $2 the host name.
# Standard input is a pipe that the test process holds open. When that process
# is gone, however it ended, the pipe closes, process 1 ends, and the kernel
# takes down with it every process, mount and network interface of the machine.
set -eu
root=$1 name=$2
mount --make-rprivate /
# The tmpfs goes over a directory that every Linux has and that nothing here needs.
mount -t tmpfs -o mode=0755 tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
cd /mnt/root
mount -t proc proc proc
mount -t tmpfs -o mode=0755 tmpfs dev
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mkdir dev/pts dev/shm run/sshd run/lock
# As on every Debian host; no package ships the link.
rm -rf var/run
ln -s /run var/run
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
pivot_root . mnt
cd /
umount -l /mnt
hostname "$name"
echo "$name" >/etc/hostname
printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$name" >/etc/hosts
exec 3<&0 4>&1 </dev/null >/dev/null 2>&1
# From here on process 1 is the machine's own shell. It waits for a child, and
# does not read, since waiting is what makes a shell collect the orphans that
# sshd and its sessions leave.
exec /bin/sh -c 'cat <&3 4>&- & echo ready >&4; exec 3<&- 4>&-; wait $!' init
