# Usage: cloudinit.sh RELEASE MIRROR DEST BASE. Copies BASE, the root file system of the
# release, to DEST/root and installs cloud-init there, as its package does.
set -eu
release=$1 mirror=$2 dest=$3 base=$4
root=$dest/root

mkdir -p "$dest"
cp -a --reflink=auto "$base" "$root"
# The packages come by the way that this machine's apt knows.
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || :
mkdir "$dest/conf"
cp -a /etc/apt/apt.conf.d/*proxy* "$dest/conf" 2>/dev/null || :
cp -a "$dest/conf/." "$root/etc/apt/apt.conf.d/"
echo "deb $mirror $release main" >"$root/etc/apt/sources.list"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"
# shellcheck disable=SC2016 # the inner shell expands these
unshare --mount -- sh -euc '
	mount --bind /dev "$1/dev"
	mount -t proc proc "$1/proc"
	export DEBIAN_FRONTEND=noninteractive
	chroot "$1" apt-get -qq update
	chroot "$1" apt-get -qq install --no-install-recommends -y cloud-init >/dev/null
' sh "$root"
for f in "$dest"/conf/*; do rm -f "$root/etc/apt/apt.conf.d/${f##*/}"; done
rm -rf "$dest/conf" "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf" "$root"/etc/ssh/ssh_host_* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* \
	"$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*
: >"$root/etc/machine-id"
