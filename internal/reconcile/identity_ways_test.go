package reconcile_test

import "github.com/sshkeepalive/terraform-provider-sshkeepalive/internal/hosttest"

// startup is a way in which the sshd of a host came to run, and what must become of
// an apply over a connection to it.
type startup struct {
	name string
	// setup is a script that starts everything, in the background.
	setup string
	// dial is the port of the daemon that is dialled; 22 when zero. By whom: root
	// when empty.
	dial int
	user string
	// meanwhile is a script that runs between two looks over one connection.
	meanwhile string
	// configFile is what the user names.
	configFile string
	// refused is a part of what the user is told where the daemon cannot be
	// identified. absent says that no sshd reads the user's file, which is told too.
	refused string
	absent  bool
	// witness is the port of the daemon that must use what was applied, where that is
	// not the one that is dialled.
	witness int
}

const (
	// background ends a command that becomes a daemon, or stays.
	background = " </dev/null >/var/log/started 2>&1 & "
	// other is the configuration of a daemon that does not have the usual one.
	other = "mkdir -p /srv/conf; printf 'Port 2222\nPidFile /run/other.pid\nPermitRootLogin prohibit-password\n' >/srv/conf/sshd_config; "
	// first is a daemon with the usual configuration at port 22.
	first = "/usr/sbin/sshd; "
	// elsewhere22 is the configuration of a daemon at port 22 that does not have the
	// usual file.
	elsewhere22 = "mkdir -p /srv/conf; printf 'PidFile /run/other.pid\n' >/srv/conf/sshd_config; "
	// moved is an sshd that was compiled with another path, of the same length. Its
	// file reads none of the usual ones.
	moved = "mkdir -p /opt/ssh /opt/sbin; sed 's|/etc/ssh/sshd_config|/opt/ssh/sshd_config|g' /usr/sbin/sshd >/opt/sbin/sshd; chmod 755 /opt/sbin/sshd; " +
		"sed '/^Include/d' /etc/ssh/sshd_config >/opt/ssh/sshd_config; "
)

// startups are the ways that a host without an init system can show.
var startups = []startup{
	{name: "sshd, which makes itself a daemon", setup: "/usr/sbin/sshd"},
	{name: "sshd -D -e", setup: "/usr/sbin/sshd -D -e" + background},
	{name: "setsid nohup sshd -D", setup: "setsid nohup /usr/sbin/sshd -D" + background},
	{name: "sshd, reloaded by hand", setup: first + "sleep 0.5; kill -HUP $(cat /run/sshd.pid); sleep 0.5"},
	{name: "sshd, and /bin/sh is busybox", setup: "ln -sf busybox /usr/bin/sh; /usr/sbin/sshd"},
	{name: "sshd, and /bin/sh is bash", setup: "ln -sf bash /usr/bin/sh; /usr/sbin/sshd", user: "admin"},
	{name: "sshd, by sudo", setup: "/usr/sbin/sshd", user: "admin"},
	{name: "sshd, by doas", setup: "rm /usr/bin/sudo; echo 'permit nopass admin' >/etc/doas.conf; /usr/sbin/sshd", user: "admin"},

	{name: "process 1", setup: "unshare -pf --mount-proc /usr/sbin/sshd -D -e" + background},
	{name: "process 1, -f FILE", setup: elsewhere22 + "unshare -pf --mount-proc /usr/sbin/sshd -D -e -f /srv/conf/sshd_config" + background},
	{name: "process 1, -f FILE, by sudo", setup: elsewhere22 + "unshare -pf --mount-proc /usr/sbin/sshd -D -e -f /srv/conf/sshd_config" + background, user: "admin"},

	{name: "compiled for another path", setup: moved + "/opt/sbin/sshd"},
	{name: "compiled for another path, nothing in /etc/ssh", setup: moved + "rm -r /etc/ssh/sshd_config*; /opt/sbin/sshd"},
	{name: "compiled for another path, its file is gone", setup: moved + "/opt/sbin/sshd; sleep 0.5; rm /opt/ssh/sshd_config", refused: "/opt/ssh/sshd_config: No such file"},

	{name: "the second, sshd -f FILE", setup: first + other + "/usr/sbin/sshd -f /srv/conf/sshd_config", dial: 2222},
	{name: "the second, sshd -Df FILE", setup: first + other + "/usr/sbin/sshd -Df /srv/conf/sshd_config" + background, dial: 2222},
	{name: "the second, sshd -fFILE", setup: first + other + "/usr/sbin/sshd -f/srv/conf/sshd_config", dial: 2222},
	{name: "the second, called sftpd", setup: first + other + "ln -s sshd /usr/sbin/sftpd; /usr/sbin/sftpd -D -f /srv/conf/sshd_config" + background, dial: 2222},
	{name: "the second, a copy with a long name", setup: first + other + "mkdir -p /usr/local/sbin; cp /usr/sbin/sshd /usr/local/sbin/sshd-for-file-transfers; /usr/local/sbin/sshd-for-file-transfers -D -f /srv/conf/sshd_config" + background, dial: 2222},
	{name: "the second, from a session of the first", setup: first + other +
		"ssh-keygen -q -t ed25519 -N '' -f /root/key; cat /root/key.pub >>/root/.ssh/authorized_keys; " +
		"ssh -o StrictHostKeyChecking=no -i /root/key 127.0.0.1 /usr/sbin/sshd -D -f /srv/conf/sshd_config" + background, dial: 2222},
	{name: "the second, with the pid file of the first", setup: first + "sleep 0.5; " + other + "sed -i '/PidFile/d' /srv/conf/sshd_config; /usr/sbin/sshd -f /srv/conf/sshd_config", dial: 2222},
	{name: "the first, whose pid file the second has", setup: first + "sleep 0.5; " + other + "sed -i '/PidFile/d' /srv/conf/sshd_config; /usr/sbin/sshd -f /srv/conf/sshd_config"},
	{name: "the first of two", setup: first + other + "/usr/sbin/sshd -f /srv/conf/sshd_config"},

	{name: "the second, env -i sshd -D -f FILE", setup: first + other + "env -i /usr/sbin/sshd -D -f /srv/conf/sshd_config" + background, dial: 2222, refused: "the command line of the running sshd is not known"},
	{name: "the second, env -i sshd -D -f FILE, config_file", setup: first + other + "env -i /usr/sbin/sshd -D -f /srv/conf/sshd_config" + background, dial: 2222, configFile: "/srv/conf/sshd_config"},
	{name: "the second, env -i sshd -Df FILE, config_file", setup: first + other + "env -i /usr/sbin/sshd -Df /srv/conf/sshd_config" + background, dial: 2222, configFile: "/srv/conf/sshd_config"},
	{name: "the second, env -i sshd -D -f FILE, config_file of the first", setup: first + other + "env -i /usr/sbin/sshd -D -f /srv/conf/sshd_config" + background, dial: 2222, configFile: "/etc/ssh/sshd_config", refused: "the command line of the running sshd is not known"},
	{name: "the second, env A=b sshd -D -f FILE", setup: first + other + "env -i A=a-variable-of-some-length /usr/sbin/sshd -D -f /srv/conf/sshd_config" + background, dial: 2222},
	{name: "env -i sshd", setup: "env -i /usr/sbin/sshd"},
	{name: "env -i sshd -D", setup: "env -i /usr/sbin/sshd -D" + background},

	{name: "options of EC2 Instance Connect", setup: `/usr/sbin/sshd -D -o "AuthorizedKeysCommand /usr/bin/false %u  %f" -o "AuthorizedKeysCommandUser nobody"` + background},
	{name: "-f with a blank", setup: `mkdir "/srv/my  conf"; cp /etc/ssh/sshd_config "/srv/my  conf/sshd config"; /usr/sbin/sshd -D -f "/srv/my  conf/sshd config"` + background},
	{name: "-f with a quote, a backslash and an umlaut", setup: `cp /etc/ssh/sshd_config "/srv/it's 100%\\né"; /usr/sbin/sshd -D -f "/srv/it's 100%\\né"` + background},
	{name: "-f with a relative name", setup: "cp /etc/ssh/sshd_config /srv/; cd /srv; /usr/sbin/sshd -D -f sshd_config" + background, refused: "-f sshd_config"},
	{name: "-o with a value that begins like an option", setup: `/usr/sbin/sshd -D -o "MACs -hmac-sha1*" -o "KexAlgorithms -ecdh-sha2-nistp256"` + background},
	{name: "a command line of 2 KB", setup: elsewhere22 + `set --; i=0; while [ $i -lt 100 ]; do set -- "$@" -o "AcceptEnv NAME_OF_VARIABLE_$i"; i=$((i+1)); done; /usr/sbin/sshd -D "$@" -f /srv/conf/sshd_config` + background},
	{name: "a command line that can be read in two ways", setup: elsewhere22 + `/usr/sbin/sshd -D -o "ForceCommand /bin/sh -c \"\$SSH_ORIGINAL_COMMAND\" -f /etc/ssh/sshd_config" -f /srv/conf/sshd_config` + background, refused: "more than one way"},
	{name: "-f /proc/self/fd/0", setup: "/usr/sbin/sshd -D -f /proc/self/fd/0 </etc/ssh/sshd_config >/dev/null 2>&1 &", refused: "-f /proc/self/fd/0"},
	{name: "-f none", setup: "/usr/sbin/sshd -D -f none" + background, refused: "-f none"},

	{name: "a supervisor", setup: "printf '#!/bin/sh\nwhile :; do /usr/sbin/sshd -D; done\n' >/srv/run; sh /srv/run" + background},
	{name: "a supervisor, PidFile none", setup: "sed -i '1iPidFile none' /etc/ssh/sshd_config; printf '#!/bin/sh\nwhile :; do /usr/sbin/sshd -D; done\n' >/srv/run; sh /srv/run" + background},
	{name: "a pid file that names a shell", setup: "sed -i '1iPidFile /run/mine.pid' /etc/ssh/sshd_config; /usr/sbin/sshd; sh -c 'sleep 600; : sshd -f /srv/no' & echo $! >/run/sshd.pid"},
	{name: "a pid file that names nothing", setup: "sed -i '1iPidFile /run/mine.pid' /etc/ssh/sshd_config; /usr/sbin/sshd; echo 99999 >/run/sshd.pid"},
	{name: "upgraded since", setup: "cp /usr/sbin/sshd /usr/sbin/sshd.new; /usr/sbin/sshd; sleep 0.5; mv /usr/sbin/sshd.new /usr/sbin/sshd"},
	{name: "upgraded since, under another name", setup: moved + "cp /opt/sbin/sshd /opt/sbin/new; /opt/sbin/sshd; sleep 0.5; mv /opt/sbin/new /opt/sbin/sshd"},
	{name: "its program is gone", setup: "cp /usr/sbin/sshd /opt/sshd; /opt/sshd; sleep 0.5; rm /opt/sshd", refused: "is gone"},
	{name: "its program is gone, config_file", setup: "cp /usr/sbin/sshd /opt/sshd; /opt/sshd; sleep 0.5; rm /opt/sshd", configFile: "/etc/ssh/sshd_config", refused: "is gone"},
	{name: "restarted between two looks", setup: first, meanwhile: "kill $(cat /run/sshd.pid); sleep 0.5; /usr/sbin/sshd; sleep 0.5"},

	{name: "in a chroot", setup: "mkdir /mnt/jail; mount --rbind / /mnt/jail; mount -t tmpfs none /mnt/jail/etc/ssh; cp -a /etc/ssh/. /mnt/jail/etc/ssh/; chroot /mnt/jail /usr/sbin/sshd -D" + background},
	{name: "in a mount namespace", setup: "mkdir /srv/etc; cp -a /etc/ssh/. /srv/etc/; unshare -m sh -c 'mount --bind /srv/etc /etc/ssh; exec /usr/sbin/sshd -D'" + background},
	{name: "the session is in another mount namespace", setup: "mkdir /srv/etc; cp -a /etc/ssh/. /srv/etc/; " +
		"printf '#!/bin/sh\nexec unshare -m sh -c \"mount --bind /srv/etc /etc/ssh; exec /bin/bash \\\\\"\\$@\\\\\"\" sh \"$@\"\n' >/srv/shell; chmod 755 /srv/shell; usermod -s /srv/shell root 2>/dev/null || sed -i 's|^\\(root:.*:\\)/bin/bash|\\1/srv/shell|' /etc/passwd; /usr/sbin/sshd",
		refused: "another file"},

	{name: "inetd", setup: "busybox nc -ll -p 22 -e /usr/sbin/sshd -i" + background, refused: "was not started by a listening sshd"},
	{name: "inetd, config_file", setup: "busybox nc -ll -p 22 -e /usr/sbin/sshd -i" + background, configFile: "/etc/ssh/sshd_config"},
	{name: "dropbear", setup: dropbear, refused: "dropbear"},
	{name: "dropbear, config_file of an sshd", setup: dropbear + other + "/usr/sbin/sshd -f /srv/conf/sshd_config", configFile: "/srv/conf/sshd_config", witness: 2222},
	{name: "config_file of the other", setup: first + other + "/usr/sbin/sshd -f /srv/conf/sshd_config", configFile: "/srv/conf/sshd_config", witness: 2222},
	{name: "config_file of the first", setup: first + other + "/usr/sbin/sshd -f /srv/conf/sshd_config", dial: 2222, configFile: "/etc/ssh/sshd_config", witness: 22},
	{name: "config_file, which an impostor seems to read", setup: first + "cp /etc/ssh/sshd_config /srv/; cp /bin/dash /home/admin/sshd; chown admin /home/admin/sshd; " +
		"su admin -s /bin/bash -c \"exec -a 'sshd: /home/admin/sshd -f /srv/sshd_config [listener] 0 of 10-100 startups' /home/admin/sshd -c 'sleep 600; :'\"" + background + "sleep 0.5",
		configFile: "/srv/sshd_config", absent: true},
	{name: "config_file that no daemon reads", setup: first + "cp /etc/ssh/sshd_config /srv/", configFile: "/srv/sshd_config", absent: true},
}

const dropbear = "printf '/bin/sh\n/bin/bash\n' >/etc/shells; dropbearconvert openssh dropbear /etc/ssh/ssh_host_ed25519_key /run/dropbear.key 2>/dev/null; dropbear -r /run/dropbear.key -P /run/dropbear.pid; "

func (s startup) options(release string) hosttest.Options {
	return hosttest.Options{Release: release, NoDaemon: true, Users: []hosttest.User{{Name: "admin", Sudo: "nopasswd"}}}
}
