import {
  to = sshkeepalive_server.web1
  id = "web1.example.com"
}

resource "sshkeepalive_server" "web1" {
  host                   = "web1.example.com"
  client_alive_interval  = "2m"
  client_alive_count_max = 3
}
