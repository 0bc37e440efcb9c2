import {
  to = sshkeepalive_coolify.this
  id = "coolify.example.org"
}

resource "sshkeepalive_coolify" "this" {
  host        = "coolify.example.org"
  max_retries = 1
}
