# The CIS benchmark, except where this host has to differ.
resource "sshkeepalive_server" "bastion" {
  host    = "bastion.example.com"
  profile = "cis"

  client_alive_interval = "30s"
  settings = {
    DisableForwarding = "no" # others jump through this host
  }
}
