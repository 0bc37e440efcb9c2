import {
  to = sshkeepalive_coolify.elsewhere
  identity = {
    host = "coolify.example.org"
    file = "/srv/coolify/source/.env"
  }
}

resource "sshkeepalive_coolify" "elsewhere" {
  host        = "coolify.example.org"
  file        = "/srv/coolify/source/.env"
  max_retries = 1
}
