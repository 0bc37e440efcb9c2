# [user@]host[:port], and the environment file where it is not Coolify's own
terraform import sshkeepalive_coolify.this coolify.example.org
terraform import sshkeepalive_coolify.elsewhere coolify/srv/coolify/source/.env
