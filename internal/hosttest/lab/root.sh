#!/bin/sh
# Usage: root.sh RELEASE MIRROR DEST. Installs a small Debian with systemd and a
# stock OpenSSH server in DEST/root. It runs the packages' own scripts there, as
# an installer does; this machine stays as it was.
set -eu
release=$1 mirror=$2 dest=$3
root=$dest/root

mkdir -p "$dest"
DEBIAN_FRONTEND=noninteractive debootstrap --variant=minbase \
	--include=systemd,systemd-sysv,dbus,libpam-systemd,sudo,openssh-server,openssh-client,iproute2,procps,e2fsprogs \
	"$release" "$root" "$mirror"

# What only costs time on a host that lives for seconds. Waiting for the network
# has no use where the test makes it.
for unit in console-getty.service getty.target systemd-resolved.service systemd-networkd.service systemd-networkd.socket \
	systemd-networkd-wait-online.service systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer \
	dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer \
	systemd-update-utmp.service systemd-firstboot.service ldconfig.service systemd-hwdb-update.service \
	systemd-journal-catalog-update.service systemd-update-done.service; do
	ln -sfn /dev/null "$root/etc/systemd/system/$unit"
done
rm -rf "$root"/etc/ssh/ssh_host_* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* \
	"$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*
