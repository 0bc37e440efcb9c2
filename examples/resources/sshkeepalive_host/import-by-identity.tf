import {
  to = sshkeepalive_host.web2
  identity = {
    host = "web2.example.com"
  }
}

resource "sshkeepalive_host" "web2" {
  host         = "web2.example.com"
  tcp_retries2 = 8
}
