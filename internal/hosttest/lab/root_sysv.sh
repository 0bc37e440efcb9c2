#!/bin/sh
# Usage: root_sysv.sh RELEASE MIRROR DEST. Installs a small Debian with sysvinit, at,
# cron and a stock OpenSSH server in DEST/root, as root.sh does with systemd. The
# packages that make an OpenRC host of it are in DEST/root/opt.
set -eu
release=$1 mirror=$2 dest=$3
root=$dest/root

mkdir -p "$root/opt"
export DEBIAN_FRONTEND=noninteractive
debootstrap --foreign --variant=minbase --exclude=systemd,systemd-sysv,libpam-systemd \
	--include=sysvinit-core,initscripts,openrc,at,cron,sudo,openssh-server,openssh-client,iproute2,procps,e2fsprogs \
	"$release" "$root" "$mirror"
# openrc and sysv-rc conflict.
mv "$root"/var/cache/apt/archives/openrc_* "$root"/var/cache/apt/archives/librc1_* "$root"/var/cache/apt/archives/libeinfo1_* "$root/opt"
sed -i -E 's/\b(openrc|librc1|libeinfo1)\b//g' "$root/debootstrap/base"
sed -i -E '/^(openrc|librc1|libeinfo1) /d' "$root/debootstrap/debpaths"
chroot "$root" /debootstrap/debootstrap --second-stage

# What has no use in namespaces that others made, or does harm there: the file
# system of a host that is rebooted must not be left read-only.
for script in brightness checkfs.sh checkroot-bootclean.sh checkroot.sh hwclock.sh mount-configfs mountall-bootclean.sh mountall.sh \
	mountdevsubfs.sh mountkernfs.sh mountnfs-bootclean.sh mountnfs.sh procps umountfs umountnfs.sh umountroot urandom; do
	sed -i '/^### END INIT INFO/a exit 0' "$root/etc/init.d/$script"
done
# No terminals; and a word when everything has started.
sed -i -e '/getty/d' -e '/^l6:/a up:2345:wait:/usr/bin/touch /run/started' "$root/etc/inittab"
rm -rf "$root"/etc/ssh/ssh_host_* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* \
	"$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*
