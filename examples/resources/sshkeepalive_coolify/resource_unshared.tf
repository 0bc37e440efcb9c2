# For Coolify 4.3.8 and older: no deployment shares its connection with a health check
# or another deployment that would end it.
resource "sshkeepalive_coolify" "unshared" {
  host = "coolify.example.org"

  mux_enabled = false
  release     = "4.3.8"
}
