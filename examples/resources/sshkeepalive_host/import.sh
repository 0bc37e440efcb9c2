# [user@]host[:port]
terraform import sshkeepalive_host.web1 web1.example.com
