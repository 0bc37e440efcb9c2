# Up to Coolify 4.3.8: no deployment shares its connection, so that nobody ends it.
resource "sshkeepalive_coolify" "unshared" {
  host = "root@coolify.example.org"

  mux_enabled = false
}
