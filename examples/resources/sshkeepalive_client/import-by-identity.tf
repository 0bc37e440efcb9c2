import {
  to = sshkeepalive_client.everybody
  identity = {
    host  = "runner.example.org"
    file  = "/etc/ssh/ssh_config.d/10-keepalive.conf"
    block = "Host *"
  }
}

resource "sshkeepalive_client" "everybody" {
  host                  = "runner.example.org"
  config_file           = "/etc/ssh/ssh_config.d/10-keepalive.conf"
  patterns              = ["*"]
  server_alive_interval = "1m"
}
