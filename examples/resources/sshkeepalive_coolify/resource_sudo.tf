# A Coolify in another directory, and a user of its own who may run sudo.
provider "sshkeepalive" {
  hosts = {
    coolify = { host = "coolify.example.org", user = "admin", sudo = true }
  }
}

resource "sshkeepalive_coolify" "elsewhere" {
  host = "coolify"
  file = "/srv/coolify/source/.env"

  mux_health_check_timeout = "15s"
  mux_lock_ttl             = "1m"
  mux_lock_timeout         = "20s"
  retry_base_delay         = "5s"
  retry_max_delay          = "1m"
  retry_multiplier         = 2

  release = "4.3.9"

  settings = {
    SSH_A_KEY_OF_A_NEWER_RELEASE = "1"
  }
}
