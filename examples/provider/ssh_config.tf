# ~/.ssh/config knows where web1 is, which bastion leads there, which user logs in, and
# with which keys: the provider does what ssh web1 does.
provider "sshkeepalive" {
  connection {
    ssh_config_file = "~/.ssh/config"
    host_key_policy = "strict" # whatever the file says
    sudo            = true     # the user of the file may run sudo without a password
  }
}

resource "sshkeepalive_server" "web1" {
  host = "web1"

  client_alive_interval  = "2m"
  client_alive_count_max = 3
}
