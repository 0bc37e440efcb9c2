import {
  to = sshkeepalive_coolify.this
  id = "root@coolify.example.org"
}

resource "sshkeepalive_coolify" "this" {
  host        = "root@coolify.example.org"
  max_retries = 1
}
