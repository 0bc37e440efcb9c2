import {
  to = sshkeepalive_host.web1
  id = "web1.example.com"
}

resource "sshkeepalive_host" "web1" {
  host         = "web1.example.com"
  tcp_retries2 = 8
}
