# ~/.ssh/config knows where web1 is, which bastion leads there, and with which
# keys: whatever ssh web1 does, the provider does, too.
provider "sshkeepalive" {
  connection {
    ssh_config_file = "~/.ssh/config"
    host_key_policy = "strict" # whatever the file says
  }
}

resource "sshkeepalive_server" "web1" {
  host = "web1"

  client_alive_interval  = "2m"
  client_alive_count_max = 3
}
