#!/bin/sh
# Usage: root.sh RELEASE MIRROR DEST [PACKAGE...]. Unpacks the packages of one
# Debian release that an OpenSSH host needs, and more if told to, below DEST/root.
# Nothing is installed: no maintainer script runs, apt uses a state directory of
# its own, this machine stays as it was.
set -eu
release=$1 mirror=$2 dest=$3
shift 3
apt=$dest/apt root=$dest/root

mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$root"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$apt/sources.list"
: >"$apt/status"

# With an empty status file apt believes that nothing is installed, and so
# downloads the whole closure of dependencies.
apt_get() {
	apt-get -qq -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 \
		-o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::State::lists="$apt/lists" \
		-o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives" \
		-o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- "$@"
}
# Without the error mode an update that reached no mirror is a success.
apt_get -o APT::Update::Error-Mode=any update
case $release in
bullseye) doas=doas ;;
*) doas=opendoas ;;
esac
apt_get -y --no-install-recommends --download-only install \
	openssh-server openssh-client openssh-sftp-server sudo dropbear-bin tinysshd "$doas" \
	base-files base-passwd bash busybox coreutils dash debianutils diffutils findutils grep gzip hostname \
	iproute2 libc-bin libpam-modules libpam-modules-bin libpam-runtime login mawk mount passwd perl-base procps sed tar util-linux "$@"

# The symbolic links of a merged /usr exist before anything is unpacked through
# them; releases before trixie ship files below /bin and /lib.
mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64"
for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$root/$dir"; done
for deb in "$apt"/archives/*.deb; do
	case ${deb##*/} in
	perl_* | perl-modules* | libperl5* | usrmerge* | usr-is-merged* | dpkg_*) continue ;;
	esac
	# Not dpkg-deb -x, which would replace the link /bin by a directory.
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$root" -x --keep-directory-symlink \
		--exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*'
done

# What the maintainer scripts would have done.
cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
sed -i 's/^root:[^:]*:/root:x:/' "$root/etc/passwd"
[ -e "$root/etc/nsswitch.conf" ] || cp "$root/usr/share/libc-bin/nsswitch.conf" "$root/etc/nsswitch.conf"
[ -e "$root/etc/profile" ] || cp "$root/usr/share/base-files/profile" "$root/etc/profile"
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
[ -e "$root/usr/bin/awk" ] || ln -s mawk "$root/usr/bin/awk"
[ -e "$root/usr/bin/which" ] || ln -s which.debianutils "$root/usr/bin/which"
cat >>"$root/etc/passwd" <<-'END'
	sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
END
awk -F: '{ print $1 ":*:19700:0:99999:7:::" }' "$root/etc/passwd" >"$root/etc/shadow"
awk -F: '{ print $1 ":*::" }' "$root/etc/group" >"$root/etc/gshadow"
chmod 0640 "$root/etc/shadow" "$root/etc/gshadow"
echo 'auth requisite pam_unix.so nullok' >"$root/etc/pam.d/common-auth"
echo 'account required pam_unix.so' >"$root/etc/pam.d/common-account"
echo 'password required pam_unix.so obscure yescrypt' >"$root/etc/pam.d/common-password"
echo 'session required pam_unix.so' >"$root/etc/pam.d/common-session"
cp "$root/etc/pam.d/common-session" "$root/etc/pam.d/common-session-noninteractive"
mkdir -p "$root/mnt" "$root/opt" "$root/srv" "$root/usr/local/bin" "$root/etc/ssh/sshd_config.d" "$root/etc/sudoers.d"
[ -e "$root/etc/ssh/sshd_config" ] || cp "$root/usr/share/openssh/sshd_config" "$root/etc/ssh/sshd_config"
echo 'LANG=C.UTF-8' >"$root/etc/default/locale"
: >"$root/etc/fstab"
# Else every machine compiles Python's library again when Python is first used.
[ ! -x "$root/usr/bin/python3" ] || chroot "$root" python3 -m compileall -q /usr/lib/python3* >/dev/null

rm -rf "$apt"
chroot "$root" /bin/sh -c 'tar --version && test -x /usr/sbin/sshd' >/dev/null
