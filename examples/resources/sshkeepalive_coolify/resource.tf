# Deployments that may take two hours, over shared connections that outlive them,
# and no command that runs twice.
resource "sshkeepalive_coolify" "this" {
  host = "coolify.example.org"

  command_timeout  = "2h"
  mux_persist_time = "3h"
  max_retries      = 1

  release = "4.3.9" # which one runs, where the file does not say it
}
