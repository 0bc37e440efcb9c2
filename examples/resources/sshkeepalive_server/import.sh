# [user@]host[:port], optionally followed by the path of the main configuration file
terraform import sshkeepalive_server.web1 web1.example.com
terraform import sshkeepalive_server.alt web1.example.com:2222/opt/ssh/etc/sshd_config
