# [user@]host[:port], the file (~/... of who logs in, ~user/... or absolute),
# and the line that opens the block
terraform import sshkeepalive_client.mine 'here/~/.ssh/config#Host *.example.org !legacy.example.org'
terraform import sshkeepalive_client.deploy 'runner.example.org/~deploy/.ssh/config#Host web* db*'
terraform import sshkeepalive_client.everybody 'runner.example.org/etc/ssh/ssh_config.d/10-keepalive.conf#Host *'
