# old VERSION sets OLD for an OpenSSH before 8.7, which takes lines apart otherwise. It is
# sent as gather.sh is, so every line ends where a blank may follow.
old() { set -- "${1#*OpenSSH_}";
  set -- "${1%%.*}" "${1#*.}";
  case $1 in ''|*[!0-9]*) return ;; esac;
  if [ "$1" -lt 8 ]; then OLD=1; elif [ "$1" = 8 ]; then case $2 in [0-6]|[0-6][!0-9]*) OLD=1 ;; esac; fi; };
